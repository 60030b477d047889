"""The one way from HTML to PDF: in processes of their own, within limits, from nothing but what is passed in.

A page may show ``resource:NAME`` for each NAME passed in; every other address (file, http, data, attachment)
is refused. The same input gives the same bytes. Workers start when first needed, serve any thread, are
replaced after a failure or when they have grown, leave by themselves when idle, and end with this process.
"""

import atexit
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGALRM
from threading import BoundedSemaphore, Lock
from typing import Any

from documents.framing import Pipe
from shared.errors import DomainError
from shared.i18n import _l

PROCESSES = min(2, os.cpu_count() or 1)
MEMORY = 768 << 20  # bytes of address space of one worker
GROWN = 160 << 10  # kB of peak memory after which a worker is replaced
REQUESTS = 200  # requests after which a worker is replaced
_ROOT = Path(__file__).resolve().parent.parent
_KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME")

log = logging.getLogger("teranga.documents")


class DocumentTooSlow(DomainError):
    """The pages were not ready within their time: they are too many, or the machine is too busy."""

    code = "document_too_slow"
    status = 503
    message = _l("This document takes too long to make. Try again in a moment, or with fewer pages.")


class DocumentFailed(DomainError):
    """The pages could not be set: the reason, or the limit that was reached, is in the log."""

    code = "document_failed"
    status = 500
    message = _l("This document could not be made. We have been told.")


@dataclass(frozen=True, slots=True)
class Document:
    """One HTML text to set, with everything it may use.

    `finisher` is a function of a module, called in the worker as ``finisher(document, pdf, **data)`` with
    WeasyPrint's document and the PDF being written; `data` is what JSON can carry. `tagged` writes the
    structure that screen readers follow.
    """

    html: str
    resources: Mapping[str, bytes] = field(default_factory=dict)
    finisher: Callable[..., None] | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    tagged: bool = True

    def header(self) -> dict[str, Any]:
        """This document as a request to a worker."""
        named = self.finisher and f"{self.finisher.__module__}:{self.finisher.__qualname__}"
        return {
            "work": "typeset",
            "html": self.html,
            "finisher": named,
            "data": self.data,
            "tagged": self.tagged,
        }


def render_pdf(
    html: str, *, resources: Mapping[str, bytes] | None = None, tagged: bool = True, seconds: float = 30
) -> bytes:
    """The PDF of `html`, which finds `resources` under ``resource:NAME``.

    Raises `DocumentTooSlow` when it takes more than `seconds`, `DocumentFailed` when it cannot be set.
    """
    document = Document(html, resources or {}, tagged=tagged)
    return _pool.ask(document.header(), document.resources, seconds)


def render_joined(documents: Sequence[Document], *, seconds: float = 60) -> bytes:
    """One PDF of `documents` (at least one) in their order, each within `seconds`. Raises as `render_pdf`."""
    with ThreadPoolExecutor(PROCESSES) as threads:
        jobs = [threads.submit(_pool.ask, each.header(), each.resources, seconds) for each in documents]
        parts = {str(n): job.result() for n, job in enumerate(jobs)}
    return parts["0"] if len(parts) == 1 else _pool.ask({"work": "join"}, parts, seconds)


class _Worker:
    """A running typesetter, asked by one thread at a time. Its environment holds no secret of ours."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "documents.typesetter", str(MEMORY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"PYTHONHASHSEED": "0"},
            start_new_session=True,  # a Ctrl-C in the terminal is for us; we then end the worker
        )
        assert self.process.stdin and self.process.stdout
        self.pipe = Pipe(self.process.stdout, self.process.stdin)
        self.asked = 0
        self.peak = 0

    def end(self) -> None:  # it keeps nothing
        self.process.kill()
        self.process.wait()
        self.pipe.close()


class _Pool:
    """Up to `PROCESSES` workers; the one that worked last is asked first, so that a spare one can leave."""

    def __init__(self) -> None:
        self.free = BoundedSemaphore(PROCESSES)
        self.lock = Lock()
        self.idle: list[_Worker] = []
        self.all: set[_Worker] = set()

    def ask(self, header: Mapping[str, Any], blobs: Mapping[str, bytes], seconds: float) -> bytes:
        """Have a worker do it within `seconds`, after waiting as long at most for one that is free."""
        if not self.free.acquire(timeout=seconds):
            raise DocumentTooSlow
        try:
            kind, data = self._ask({**header, "seconds": seconds}, blobs)
        finally:
            self.free.release()
        if kind != b"P":
            log.error("the typesetter refused: %s", data.decode())
            raise DocumentFailed
        return data

    def _ask(self, header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> tuple[bytes, bytes]:
        worker = self._take()
        worker.asked += 1
        try:
            kind, worker.peak, data = worker.pipe.ask(header, blobs)
        except (EOFError, OSError):
            status = worker.process.wait()
            self._drop(worker)
            if status == -SIGALRM:
                raise DocumentTooSlow from None
            if worker.asked > 1:  # it may have been leaving, or worn by earlier documents
                return self._ask(header, blobs)
            return b"F", f"ended with status {status}".encode()
        except BaseException:
            self._drop(worker)  # its answer would be taken for the next one's
            raise
        if kind != b"P" or worker.peak > GROWN or worker.asked >= REQUESTS:
            self._drop(worker)
        else:
            self.idle.append(worker)
        return kind, data

    def _take(self) -> _Worker:
        with self.lock:
            worker = self.idle.pop() if self.idle else _Worker()
            self.all.add(worker)
            return worker

    def _drop(self, worker: _Worker) -> None:
        with self.lock:
            self.all.discard(worker)
        worker.end()

    def close(self) -> None:
        """End every worker, at work or not."""
        with self.lock:
            workers, self.idle, self.all = self.all, [], set()
        for worker in workers:
            worker.end()


_pool = _Pool()
close_workers = _pool.close  # new ones start when needed


def _leave_to_parent() -> None:
    """After a fork the workers are the parent's: let go of our ends, so that they see the parent leave."""
    inherited = _pool.all
    _pool.__init__()  # type: ignore[misc]  # a fresh pool under the same name
    for worker in inherited:
        worker.pipe.close()
        worker.process.returncode = 0


atexit.register(close_workers)
os.register_at_fork(after_in_child=_leave_to_parent)
