"""Which column of a bank's table is which: titles in French, English, Spanish and Portuguese."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.money import EXPONENTS

_TITLES = {
    "date": """date|date operation|date de l operation|date d operation|date comptable|
        date de comptabilisation|dateop|date transaction|date de transaction|date de la transaction|
        date et heure|date heure|date et heure de la transaction|date and time|date time|datetime|
        completion time|transaction time|fecha y hora|data e hora|posted date|posting date|date posted|
        transaction date|booking date|trans date|fecha|fecha operacion|
        fecha de operacion|fecha contable|fecha movimiento|data|
        data mov|data movimento|data do movimento|data lancamento|data operacao""",
    "value date": "date valeur|date de valeur|dateval|value date|fecha valor|data valor",
    "amount": """montant|montant operation|montant de l operation|montant transaction|somme|amount|
        transaction amount|net amount|importe|monto|valor|montante|importancia""",
    "debit": """debit|debits|montant debit|retrait|retraits|sortie|sorties|depense|depenses|debit amount|
        withdrawal|withdrawals|withdrawn|money out|paid out|out|cargo|cargos|debe|debito|debitos|saida|
        saidas""",
    "credit": """credit|credits|montant credit|depot|depots|entree|entrees|recette|recettes|versement|
        credit amount|deposit|deposits|money in|paid in|in|abono|abonos|haber|credito|creditos|entrada|
        entradas|ingreso|ingresos""",
    "side": "sens|d c|c d|dr cr|cr dr|debit credit|debit ou credit|debito credito|tipo d c",
    "type": "type|type operation|type d operation|type de transaction|transaction type|tipo|tipo operacion",
    "balance": """solde|solde apres operation|solde comptable|balance|running balance|account balance|saldo|
        saldo contabilistico|saldo disponible""",
    "fee": """frais|frais operation|frais de transaction|frais de l operation|frais ttc|commission|
        commissions|fee|fees|fee amount|transaction fee|transaction fees|service fee|charge|charges|
        comision|comisiones|tarifa|comissao|taxa|taxas""",
    "reference": """reference|references|ref|reference operation|numero de reference|no de reference|
        reference number|payment reference|customer reference|numero de cheque|no de cheque|no cheque|cheque|
        cheque number|check number|check|referencia|num documento|numero de documento|documento""",
    "name": """nom|tiers|nom du tiers|contrepartie|nom contrepartie|payeur|beneficiaire|emetteur|
        donneur d ordre|name|payee|payer|counterparty|counterparty name|beneficiary|beneficiario|ordenante|
        contraparte|nombre|nome|other party info""",
    "memo": """libelle|libelle operation|libelle simplifie|libelle complet|text|texte|intitule|designation|
        description|detail|details|memo|
        narration|narrative|particulars|communication|motif|objet|commentaire|note|notes|remarque|
        informations complementaires|concepto|concepto ampliado|descripcion|detalle|observaciones|descricao|
        historico|descritivo""",
    "id": """id|identifiant|id transaction|transaction id|identifiant transaction|numero de transaction|
        no de transaction|recu|numero de recu|no de recu|receipt|receipt no|receipt number|
        fitid|unique id|id operacion|id transaccion|id transacao""",
    "status": """statut|etat|status|transaction status|state|estado|situacao|etat de la transaction|
        statut de la transaction""",
    "currency": "devise|monnaie|currency|ccy|moneda|divisa|moeda",
    "account": """compte|numero de compte|no de compte|iban|account|account number|account no|cuenta|
        numero de cuenta|conta|numero da conta""",
    "counterparty": """compte contrepartie|compte de la contrepartie|compte du tiers|compte beneficiaire|
        compte du beneficiaire|compte donneur d ordre|iban contrepartie|iban de la contrepartie|iban du tiers|
        iban beneficiaire|numero du tiers|numero du client|telephone|numero de telephone|counterparty account|
        counterparty account number|counterparty iban|iban counterparty|payer account|payee account|
        account of counterparty|phone|phone number|mobile number|msisdn|cuenta contraparte|iban contraparte|
        cuenta beneficiario|iban beneficiario|telefono|conta contraparte|telefone|telemovel""",
}
_ROLES = {" ".join(title.split()): role for role, titles in _TITLES.items() for title in titles.split("|")}
_CURRENCY_WORDS = {
    **{code.lower(): code for code in EXPONENTS},
    "euro": "EUR", "euros": "EUR", "fcfa": "XOF", "dollars canadiens": "CAD",
}  # fmt: skip
_TRAILING_NUMBER = re.compile(r" ?[0-9]+$")
_TRAILING_WORDS = re.compile(r"(?:^| )(?:en|in|em) ?$")


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the columns, from 0. An amount's column may name its currency in its title."""

    width: int
    dates: tuple[int, ...]
    amounts: tuple[tuple[int, str | None], ...] = ()
    debits: tuple[tuple[int, str | None], ...] = ()
    credits: tuple[tuple[int, str | None], ...] = ()
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def known(self) -> int:
        """How many columns have a meaning: the better guess of two knows more."""
        money = len(self.amounts) + len(self.debits) + len(self.credits)
        return len(self.dates) + money + sum(map(len, self.places.values()))

    def roles(self) -> tuple[str, ...]:
        """The role of each column; empty for one that is not read."""
        named = {place: role for role, places in self.places.items() for place in places}
        named |= dict.fromkeys(self.dates, "date")
        for role, columns in (("amount", self.amounts), ("debit", self.debits), ("credit", self.credits)):
            named |= {place: role for place, _currency in columns}
        return tuple(named.get(place, "") for place in range(self.width))

    def money(self) -> list[tuple[int, str | None]]:
        """Every column that holds a movement's amount."""
        return [*self.amounts, *self.debits, *self.credits]

    def text(self, role: str, cells: Sequence[str]) -> str:
        """What the columns of `role` say in this row, in one string; empty if there are none."""
        places = self.places.get(role)
        if not places:
            return ""
        return cells[places[0]] if len(places) == 1 else " ".join(filter(None, (cells[p] for p in places)))


def columns_of(titles: Sequence[str]) -> Columns | None:
    """The meaning of a row of titles, or None if it does not name at least a date and an amount."""
    cells = list(titles)
    while cells and not cells[-1].strip():
        cells.pop()
    return arranged([role_of(cell) for cell in cells])


def arranged(roles: Sequence[tuple[str | None, str | None]]) -> Columns | None:
    """Columns of which each role and currency is known, or None without a date and an amount."""
    found: dict[str, list[tuple[int, str | None]]] = {}
    for place, (role, currency) in enumerate(roles):
        if role:
            found.setdefault(role, []).append((place, currency))
    dates = found.pop("date", []) or found.get("value date", [])
    amounts, out, into = (tuple(found.pop(role, ())) for role in ("amount", "debit", "credit"))
    if not dates or not (amounts or out or into):
        return None
    places = {role: tuple(place for place, _currency in columns) for role, columns in found.items()}
    if amounts:
        out = into = ()  # a signed amount beside two columns of totals says the same thing
    return Columns(len(roles), tuple(place for place, _c in dates), amounts, out, into, places)


def role_of(title: str) -> tuple[str | None, str | None]:
    """Role and currency that a column's title names, e.g. ``Débit (EUR)`` → debit, EUR; or None."""
    words = _folded(title)
    if words in _ROLES:
        return _ROLES[words], None
    bare, currency = _without_currency(words)
    if currency and not bare:
        return "amount", currency
    return _ROLES.get(bare) or _ROLES.get(_TRAILING_NUMBER.sub("", bare)), currency


def _without_currency(words: str) -> tuple[str, str | None]:
    for word, code in _CURRENCY_WORDS.items():
        if words == word or words.endswith(" " + word):
            return _TRAILING_WORDS.sub("", words.removesuffix(word).strip()), code
    return words, None


def _folded(title: str) -> str:
    if len(title) > 60:
        return ""
    letters = unicodedata.normalize("NFKD", title.replace("º", "o").replace("°", "o").casefold())
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain).split())
