"""What the program wrote in one language is shown in the reader's; a person's words stay."""

import pytest
from flask import Flask

from delegations.savings.plans import DEPOSIT
from treasury.respoken import respoken

FRENCH, ENGLISH = "Plan d’épargne P1, Outaouais", "Savings plan P1, Outaouais"


@pytest.mark.parametrize(("reader", "shown"), [("fr", FRENCH), ("en", ENGLISH)])
def test_a_sentence_of_the_program_is_shown_to_each_reader_in_their_language(
    app: Flask, reader: str, shown: str
) -> None:
    with app.test_request_context(headers={"Accept-Language": reader}):
        assert [respoken(one, [DEPOSIT]) for one in (FRENCH, ENGLISH)] == [shown, shown]
        for own in ("Versé à la réunion d’avril", "Plan d’épargne P1", "100 %", ""):
            assert respoken(own, [DEPOSIT]) == own
