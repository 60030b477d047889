"""Statement lines per second by format, as a ratio to a floor: `csv.reader` and `Decimal` over the same rows.

Run with `python -m bench.statements [LINES]`; prints JSON.
"""

import csv
import io
import json
import random
import sys
import time
from collections.abc import Callable
from decimal import Decimal

import xlsxwriter

from treasury.statements.reading import inspect
from treasury.statements.values import Assumptions

_PAYERS = ("Réseau fictif du Grand-Héron", "Carrefour fictif du Cap", "Coopérative fictive des Trois-Ponts")


def rows_of(count: int) -> list[tuple[str, str, str, str]]:
    """`count` invented movements: date, reference, name, amount."""
    draw = random.Random(2005)
    return [
        (
            f"2005-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
            f"R{number:06}",
            draw.choice(_PAYERS),
            f"{draw.choice(['', '-'])}{draw.randrange(1, 5000)}.{draw.randrange(100):02}",
        )
        for number in range(count)
    ]


def csv_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["Date", "Reference", "Name", "Amount (CAD)"])
    sheet.writerows(rows)
    return out.getvalue().encode()


def ofx_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    body = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{dated.replace('-', '')}<TRNAMT>{amount}"
        f"<FITID>{reference}<NAME>{name}</STMTTRN>\n"
        for dated, reference, name, amount in rows
    )
    return f"OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>CAD<ACCTID>1{body}</STMTRS></OFX>".encode()


def qif_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    body = "".join(
        f"D{dated}\nT{amount}\nN{reference}\nP{name}\n^\n" for dated, reference, name, amount in rows
    )
    return f"!Type:Bank\n{body}".encode()


def mt940_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    body = "".join(
        f":61:{dated[2:].replace('-', '')}{'D' if amount[0] == '-' else 'C'}"
        f"{amount.lstrip('-').replace('.', ',')}NTRF{reference}//{reference}\n"
        f":86:166?00VIREMENT?20EREF+{reference}?21SVWZ+Depot?32{name}\n"
        for dated, reference, name, amount in rows
    )
    return f":20:X\n:25:1\n:28C:1\n:60F:C050101CAD0,00\n{body}-".encode()


def camt_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    body = "".join(
        f'<Ntry><Amt Ccy="CAD">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{'DBIT' if amount[0] == '-' else 'CRDT'}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{dated}</Dt></BookgDt><AcctSvcrRef>{reference}</AcctSvcrRef><NtryDtls><TxDtls>"
        f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>\n"
        for dated, reference, name, amount in rows
    )
    start = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>'
    return f"{start}<Acct><Ccy>CAD</Ccy></Acct>{body}</Stmt></BkToCstmrStmt></Document>".encode()


def xlsx_of(rows: list[tuple[str, str, str, str]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Date", "Reference", "Name", "Amount (CAD)"])
    for number, (dated, reference, name, amount) in enumerate(rows, 1):
        sheet.write_row(number, 0, [dated, reference, name, float(amount)])
    book.close()
    return out.getvalue()


WRITERS = {
    "csv": csv_of,
    "ofx": ofx_of,
    "qif": qif_of,
    "mt940": mt940_of,
    "camt053": camt_of,
    "xlsx": xlsx_of,
}
CAD = Assumptions(currency="CAD")


def floor(data: bytes) -> int:
    """The least that reading amounts from a table can cost."""
    lines = csv.reader(io.StringIO(data.decode()))
    next(lines)
    return len([Decimal(line[3]) for line in lines])


def per_second(count: int, work: Callable[[], object]) -> float:
    """Lines per second, best of three."""
    best = float("inf")
    for _again in range(3):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return count / best


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rows = rows_of(count)
    table = csv_of(rows)
    base = per_second(count, lambda: floor(table))
    answer: dict[str, object] = {"lines": count, "floor_lines_per_second": round(base)}
    for name, write in WRITERS.items():
        data = write(rows)
        found = inspect(data, assume=CAD)
        assert (found.format, len(found.accounts[0].lines)) == (name, count)
        speed = per_second(count, lambda data=data: inspect(data, assume=CAD))  # type: ignore[misc]
        answer[name] = {"lines_per_second": round(speed), "ratio": round(speed / base, 3)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
