"""Badges per second, as a ratio to a floor: the same number of plain badges straight from WeasyPrint.

The floor is the least that could be called a badge (name, organisation, seat, an empty box where the code
would be), four on a sheet, in one process, written by WeasyPrint as it comes. Ours are complete: signed code,
woven band, role, languages, cut marks, set in separate processes and joined.

Run with `python -m bench.badges [COUNT ...]` (200 and 1,000 if nothing is said); prints JSON.
"""

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from weasyprint import HTML

from documents import pdf as documents
from events.badge_codes import BadgeClaim, new_key_pair, short_code, sign
from events.badge_sheets import ROLE_COLOURS, BadgeFace, render_badges

_NAMES = ("Ondine Exemple", "Aristide Fictif", "Zoé Témoin", "Awa N’Exemple-Échantillon", "Lison Substitut")
_BODIES = ("Réseau fictif du Grand-Héron", "Carrefour fictif du Cap", "Coopérative fictive des Trois-Ponts")
_TONGUES = (("FR",), ("FR", "EN"), ("FR", "WO"), ("ES", "EN"), ("PT",), ("AR", "FR", "EN"))
_ENDS = datetime(2005, 11, 27, tzinfo=UTC)
_FLOOR_STYLE = """
@page { size: A4; margin: 10mm }
div { float: left; width: 90mm; height: 134mm }
p { margin: 0 }
i { display: block; width: 35mm; height: 35mm }
"""


def faces_of(count: int) -> list[BadgeFace]:
    """`count` invented people with signed codes."""
    keys = new_key_pair()
    return [_face(number, keys.private) for number in range(count)]


def _face(number: int, key: bytes) -> BadgeFace:
    token = f"{number:016x}"
    letter = "DDDDDDTIBAOPG"[number % 13]
    return BadgeFace(
        name=f"{_NAMES[number % 5]} {number}",
        organisation=f"{_BODIES[number % 3]} {number % 400}",
        delegation=f"Délégation {number % 60}",
        role_letter=letter,
        role_label=f"Rôle {letter}",
        role_colour=ROLE_COLOURS[letter],
        languages=_TONGUES[number % 6],
        seat_code=f"DKR05-D{number % 60:02}-{number:04}",
        code=sign(BadgeClaim("DKR05", number, token, _ENDS), key),
        short_code=short_code("DKR05", token),
        edition_name="Dakar 2005",
        theme="Mondialiser la solidarité",
        dateline="22 – 26 novembre 2005 · Dakar, Sénégal",
    )


def floor(faces: Sequence[BadgeFace]) -> bytes:
    """The plain badges."""
    badges = "".join(
        f"<div><p>{escape(face.name)}<p>{escape(face.organisation)}<p>{face.seat_code}<i></i></div>"
        for face in faces
    )
    pdf: bytes = HTML(string=f"<style>{_FLOOR_STYLE}</style>{badges}").write_pdf()
    return pdf


def measure(count: int) -> dict[str, object]:
    """Seconds and badges per second for `count` badges, beside the floor's."""
    faces = faces_of(count)
    started = time.perf_counter()
    floor(faces)
    plain = time.perf_counter() - started
    started = time.perf_counter()
    pdf = render_badges(faces, title="Badges")
    complete = time.perf_counter() - started
    return {
        "badges": count,
        "seconds": round(complete, 2),
        "per_second": round(count / complete),
        "floor": "plain WeasyPrint sheets without codes, one process",
        "floor_per_second": round(count / plain),
        "ratio": round(plain / complete, 2),
        "kilobytes": len(pdf) // 1000,
        "largest_worker_mb": max(worker.peak for worker in documents._pool.all) >> 10,
    }


def main() -> None:
    """Warm both sides up, then measure each count given on the command line."""
    warm = faces_of(documents.PROCESSES * 64)
    floor(warm)
    render_badges(warm, title="Badges")
    print(json.dumps([measure(int(count)) for count in sys.argv[1:] or (200, 1000)], indent=2))


if __name__ == "__main__":
    main()
