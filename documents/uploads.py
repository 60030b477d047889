"""What people upload, made harmless: images are drawn again, a PDF is kept as it is and never opened here.

Only three named decoders are ever tried; sizes are read from the header before anything is decoded. Whoever
serves a PDF sends it as an attachment from a sandboxed address.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import DomainError
from shared.i18n import _l

if TYPE_CHECKING:
    from PIL import Image

LARGEST = 10 * 1024 * 1024
_DECODERS = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS = {"JPEG": 100_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}  # a JPEG is decoded smaller
_LONGEST_SIDE = 2400


class TooLarge(DomainError):
    """A document has at most ten megabytes, an image a size that a camera makes."""

    code = "too_large"
    status = 413
    message = _l("This file is too large. A document has 10 MB at the most.")


class NotADocument(DomainError):
    """Neither an image that can be read nor a PDF."""

    code = "not_a_document"
    status = 422
    message = _l("Only a photograph (JPEG, PNG, WebP) or a PDF can be attached, and this is none.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A harmless document."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def harmless(content: bytes) -> Upload:
    """`content` as something that may be kept and sent to others. Raises `TooLarge`, `NotADocument`."""
    if len(content) > LARGEST:
        raise TooLarge(field="document")
    if content.startswith(b"%PDF-"):
        return Upload(content, "application/pdf")
    return _drawn_again(content)


def _drawn_again(content: bytes) -> Upload:
    """Pixels only: no metadata, no trailing bytes, upright, on white, no larger than a page needs."""
    from PIL import Image, ImageOps  # pages that take no photograph do without

    try:
        with Image.open(io.BytesIO(content), formats=_DECODERS) as image:
            kind = image.format or ""
            if image.width * image.height > _MOST_PIXELS.get(kind, 0):
                raise TooLarge(field="document")
            image.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            return _written(upright, "PNG" if kind == "PNG" else "JPEG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as unreadable:
        raise NotADocument(field="document") from unreadable


def _written(image: "Image.Image", kind: str) -> Upload:
    from PIL import Image

    through = image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(through, mask=through.getchannel("A"))
    out = io.BytesIO()
    page.save(out, kind, **({"quality": 85} if kind == "JPEG" else {}), optimize=True)
    return Upload(out.getvalue(), f"image/{kind.lower()}")
