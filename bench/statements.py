"""Statement lines per second, as a ratio to a floor: `csv.reader` and `Decimal` over the same rows.

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

from treasury.statements import inspect

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
    table, markup = csv_of(rows), ofx_of(rows)
    base = per_second(count, lambda: floor(table))
    answer: dict[str, object] = {"lines": count, "floor_lines_per_second": round(base)}
    for name, data in (("csv", table), ("ofx", markup)):
        assert len(inspect(data).accounts[0].lines) == count
        speed = per_second(count, lambda data=data: inspect(data))  # type: ignore[misc]
        answer[name] = {"lines_per_second": round(speed), "ratio": round(speed / base, 3)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
