"""The same human being twice: accents, order, a married name, a slip of the finger, a shared address."""

import pytest

from network.same_person import KnownPeople, Likeness, Who, likeness, pairs

MARTHE = Who(1, "Marthe Doublon", "marthe.doublon@example.org")


@pytest.mark.parametrize(
    ("name", "email", "why"),
    [
        ("Marthe Doublon-Gabarit", "m.doublon@example.org", Likeness.ONE_NAME_MORE),
        ("DOUBLON, Marthe", "", Likeness.SAME_NAME),
        ("Márthe Doublön", "autre@example.org", Likeness.SAME_NAME),
        ("Marthe Gabarit", "Marthe.Doublon@example.org", Likeness.SAME_ADDRESS),
        ("Marthe Dublon", "", Likeness.NEARLY),
        ("Gaspard Brouillon", "marthe.doublon@example.org", None),  # an office's address
        ("Marthe Gabarit", "", None),
        ("Doublon", "", None),
        ("", "marthe.doublon@example.org", None),
    ],
)
def test_marthe_doublon_is_found(name: str, email: str, why: Likeness | None) -> None:
    other = Who(2, name, email)
    assert likeness(MARTHE, other) is why
    assert likeness(other, MARTHE) is why
    assert [found for _who, found in KnownPeople([MARTHE]).like(other)] == ([why] if why else [])


def test_numbered_people_are_different_people() -> None:
    people = [Who(number, f"Délégué·e fictif·ve {number:02}") for number in range(1, 27)]
    assert list(pairs(people)) == []


def test_the_surest_comes_first() -> None:
    known = KnownPeople([Who(1, "Noé Essaii"), Who(2, "Essai Noé"), Who(3, "Noé Essai-Fictif")])
    assert [who.key for who, _why in known.like(Who(9, "Noé Essai"))] == [2, 3, 1]
