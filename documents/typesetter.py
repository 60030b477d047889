"""The process that sets pages: reads requests on standard input, answers with PDF on standard output.

Started by `documents.pdf` as ``python -m documents.typesetter``, with an environment that holds no secret,
under a memory limit, with an alarm for each request that ends the process whatever it is doing. It opens
no address and no file for a document: a page may use only what came with its request.
"""

import gc
import importlib
import logging
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from documents.framing import Pipe

SCHEME = "resource:"
IDLE_SECONDS = 300
_TYPES = {"css": "text/css", "svg": "image/svg+xml"}


class OnlyPassedIn(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Gives what was passed in, as ``resource:NAME``, and refuses every other address, ``data:`` too."""

    def __init__(self, resources: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=[], allow_redirects=False)
        self.resources = resources

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """The bytes of a resource. A forgotten one ends the document; anything foreign is left out of it."""
        if not url.startswith(SCHEME):
            raise PermissionError("a document uses only what is passed in")
        name = url.removeprefix(SCHEME)
        if name not in self.resources:
            raise FatalURLFetchingError(f"nothing was passed in as {name!r}")
        kind = _TYPES.get(name.rpartition(".")[2])
        return URLFetcherResponse(url, self.resources[name], {"Content-Type": kind} if kind else None)


def typeset(header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """The PDF of one HTML document. The same request gives the same bytes."""
    document = HTML(string=header["html"], url_fetcher=OnlyPassedIn(blobs)).render()
    document.metadata.attachments = []  # files inside a PDF surprise people, and carry the hour of the day
    for page in document.pages:
        page.links = [link for link in page.links if link[0] != "attachment"]
    finisher = None
    if header["finisher"]:
        module, _, name = header["finisher"].partition(":")
        finisher = partial(getattr(importlib.import_module(module), name), **header["data"])
    pdf: bytes = document.write_pdf(finisher=finisher, pdf_tags=header["tagged"], pdf_identifier=True)
    return pdf


def join(header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """The pages of several PDFs in one; title and language are those of the first."""
    target = BytesIO()
    first, *others = blobs.values()
    with pikepdf.open(BytesIO(first)) as whole:
        for other in others:
            with pikepdf.open(BytesIO(other)) as part:
                whole.pages.extend(part.pages)
        whole.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return target.getvalue()


WORK = {"typeset": typeset, "join": join}


def answer(header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> tuple[bytes, bytes]:
    """Do what was asked: ``P`` and the PDF, or ``F`` and why not."""
    signal.setitimer(signal.ITIMER_REAL, header["seconds"])
    gc.disable()  # the boxes of a page live until it is written: collecting meanwhile only costs time
    try:
        return b"P", WORK[header["work"]](header, blobs)
    except (Exception, FatalURLFetchingError) as reason:
        return b"F", f"{type(reason).__name__}: {reason}".encode()[:2000]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.enable()
        gc.collect()


def peak_memory() -> int:
    """The most memory that this process ever held, in kB (`getrusage` would count its parent's as well)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def serve(memory: int) -> None:
    """Answer requests until standard input ends or nobody has asked for a while. `memory` is in bytes."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
    pipe = Pipe(os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0))
    os.dup2(2, 1)  # a library that prints does not spoil an answer
    while select.select([pipe.source], [], [], IDLE_SECONDS)[0]:
        try:
            kind, data = answer(*pipe.asked())
            pipe.reply(kind, peak_memory(), data)
        except (EOFError, BrokenPipeError):
            return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides when this ends
    serve(int(sys.argv[1]))
