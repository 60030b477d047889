"""What a printed paper says."""

from io import BytesIO

import pypdfium2


def words(pdf: bytes) -> str:
    """The words of every page in their order, one space between them."""
    with pypdfium2.PdfDocument(BytesIO(pdf)) as document:
        return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in document)
