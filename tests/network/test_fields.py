"""Countries and languages are offered in the reader's words."""

from flask import Flask
from flask_babel import force_locale

from network.fields import country_choices, language_choices


def test_choices_are_in_the_readers_language(app: Flask) -> None:
    with app.test_request_context():
        with force_locale("fr"):
            assert ("SN", "Sénégal") in country_choices()
            assert ("wo", "wolof") in language_choices()
            names = [name for _code, name in country_choices()]
            assert names.index("Émirats arabes unis") < names.index("Finlande")
        with force_locale("en"):
            assert ("DE", "Germany") in country_choices()
