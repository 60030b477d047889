"""Uploads are made harmless: images are drawn again, other decoders are never tried, sizes are bounded."""

import io
import zlib

import pytest
from PIL import Image

from documents.uploads import LARGEST, NotADocument, TooLarge, harmless


def picture(kind: str, size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "becomes"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/jpeg")]
)
def test_an_image_is_drawn_again(kind: str, becomes: str) -> None:
    kept = harmless(picture(kind) + b"<script>alert(1)</script>")
    assert kept.media_type == becomes
    assert b"script" not in kept.content
    assert Image.open(io.BytesIO(kept.content)).size == (40, 30)


def test_a_photograph_loses_where_it_was_taken_and_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Fictif"  # turned a quarter; the maker's name
    kept = harmless(picture("JPEG", exif=exif))
    image = Image.open(io.BytesIO(kept.content))
    assert (image.size, b"Fictif" in kept.content) == ((30, 40), False)


def test_a_large_photograph_becomes_as_large_as_a_page_needs() -> None:
    kept = harmless(picture("JPEG", (4000, 3000)))
    assert max(Image.open(io.BytesIO(kept.content)).size) == 2400


def test_a_pdf_stays_as_it_is() -> None:
    assert harmless(b"%PDF-1.7 signed").content == b"%PDF-1.7 signed"


def bomb(side: int) -> bytes:
    """A PNG whose header says how large it is, in a few bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(name + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + name + body + crc

    header = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "content", [bomb(60000), bomb(6000), b"%PDF-" + bytes(LARGEST)], ids=["bomb", "poster", "ten megabytes"]
)
def test_what_is_too_large_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises((TooLarge, NotADocument)):
        harmless(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"GIF89a" + bytes(20),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture("JPEG", (400, 400))[:200],
    ],
    ids=["nothing", "html", "eps", "gif", "svg", "cut off"],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(NotADocument):
        harmless(content)
