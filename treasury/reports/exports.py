"""Every format in which the journal leaves the house."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from shared.i18n import LazyString, _l
from treasury.reports.export_fec import fec, file_name
from treasury.reports.export_iati import iati
from treasury.reports.export_plaintext import beancount, hledger
from treasury.reports.export_rows import Span, booked

__all__ = ["FORMATS", "Format", "Span", "booked"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is called and for, the file it makes, and what writes it piece by piece."""

    title: LazyString
    tells: LazyString
    file_name: Callable[[Span], str]
    mime: str
    write: Callable[[Span], Iterator[str]]


FORMATS: Mapping[str, Format] = {
    "beancount": Format(
        _l("beancount"),
        _l("Plain-text accounting; it ends with an assertion of every balance."),
        lambda _span: "teranga.beancount",
        "text/plain; charset=utf-8",
        beancount,
    ),
    "hledger": Format(
        _l("hledger"),
        _l("Plain-text accounting; each fund is an account below each account."),
        lambda _span: "teranga.journal",
        "text/plain; charset=utf-8",
        hledger,
    ),
    "fec": Format(
        _l("FEC (France)"),
        _l("The file of entries of the French administration: a year in euros, by the associations’ chart."),
        file_name,
        "text/plain; charset=utf-8",
        fec,
    ),
    "iati": Format(
        _l("IATI 2.03"),
        _l("Transactions of each fund for the international aid register; nobody is named in it."),
        lambda _span: "iati-activities.xml",
        "application/xml",
        iati,
    ),
}
