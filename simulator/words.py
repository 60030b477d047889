"""What the page to pay on says, in French and English. It is the outside world: it has its own words."""

from werkzeug.datastructures import LanguageAccept

WORDS = {
    "en": {
        "title": "Pay %(amount)s",
        "pretend": "Pretend payment: no money moves",
        "keep_title": "Keep a card for the instalments",
        "keep": "Keep this card",
        "keep_text": "Nothing is taken now. The card is charged on the days you agreed to.",
        "card_later": "A card that is declined later",
        "card_disputed": "A card that is disputed afterwards",
        "to_pay": "To pay",
        "reference": "Reference",
        "by_card": "Pay by card",
        "email": "E-mail for the receipt",
        "number": "Card number",
        "number_hint": "Only test cards are accepted here; no other number is kept.",
        "expiry": "Expiry",
        "cvc": "Security code",
        "name": "Name on the card",
        "pay": "Pay %(amount)s",
        "test_cards": "Or take a test card",
        "card_pays": "A card that pays",
        "card_declined": "A card that is declined",
        "card_poor": "A card without enough money",
        "back": "Go back without paying",
        "refused": "The payment did not go through",
        "again": "Nothing was taken. Try again, or use another card.",
        "done": "This payment is made",
        "done_text": "There is nothing more to pay here.",
        "continue": "Continue",
        "expired": "This page to pay has expired",
        "expired_text": "Go back to where you came from and start the payment again: nothing was taken.",
        "unknown": "There is no such payment",
    },
    "fr": {
        "title": "Payer %(amount)s",
        "pretend": "Paiement factice\u202f: aucun argent ne bouge",
        "keep_title": "Garder une carte pour les échéances",
        "keep": "Garder cette carte",
        "keep_text": "Rien n’est prélevé maintenant. La carte est débitée aux dates convenues.",
        "card_later": "Une carte refusée plus tard",
        "card_disputed": "Une carte contestée ensuite",
        "to_pay": "À payer",
        "reference": "Référence",
        "by_card": "Payer par carte",
        "email": "Courriel pour le reçu",
        "number": "Numéro de carte",
        "number_hint": "Seules les cartes d’essai sont acceptées ici\u202f; aucun autre numéro n’est gardé.",
        "expiry": "Expiration",
        "cvc": "Code de sécurité",
        "name": "Nom sur la carte",
        "pay": "Payer %(amount)s",
        "test_cards": "Ou prenez une carte d’essai",
        "card_pays": "Une carte qui paie",
        "card_declined": "Une carte refusée",
        "card_poor": "Une carte sans provision",
        "back": "Revenir sans payer",
        "refused": "Le paiement n’est pas passé",
        "again": "Rien n’a été prélevé. Réessayez, ou prenez une autre carte.",
        "done": "Ce paiement est fait",
        "done_text": "Il n’y a plus rien à payer ici.",
        "continue": "Continuer",
        "expired": "Cette page de paiement a expiré",
        "expired_text": "Revenez d’où vous venez et recommencez le paiement\u202f: rien n’a été prélevé.",
        "unknown": "Ce paiement n’existe pas",
    },
}

REASONS = {
    "en": {
        "insufficient_funds": "There is not enough money on this card.",
        "expired_card": "This card has expired.",
        "incorrect_cvc": "The security code is not right.",
        "incorrect_number": "This is not a card number.",
        "processing_error": "The bank could not answer.",
        "test_mode_live_card": "This is not a test card: never type a real one here.",
        "generic_decline": "The bank declined this card.",
    },
    "fr": {
        "insufficient_funds": "La provision de cette carte ne suffit pas.",
        "expired_card": "Cette carte a expiré.",
        "incorrect_cvc": "Le code de sécurité n’est pas le bon.",
        "incorrect_number": "Ce n’est pas un numéro de carte.",
        "processing_error": "La banque n’a pas pu répondre.",
        "test_mode_live_card": "Ce n’est pas une carte d’essai\u202f: n’en tapez jamais une vraie ici.",
        "generic_decline": "La banque a refusé cette carte.",
    },
}


def language(locale: str | None, accepted: LanguageAccept) -> str:
    """The page's language: the session's, or the browser's when the session leaves it open."""
    if locale is None or locale == "auto":
        return accepted.best_match(["fr", "en"]) or "fr"
    return "fr" if locale.startswith("fr") else "en"


def reason(code: str, decline_code: str | None, lang: str) -> str:
    """Why a card was refused, for the payer."""
    reasons = REASONS[lang]
    return reasons.get(decline_code or "") or reasons.get(code) or reasons["generic_decline"]
