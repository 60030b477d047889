"""HTML to PDF: nothing gets into a document but what was passed in, and no document can hold the house up."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from documents import pdf
from documents.pdf import DocumentFailed, DocumentTooSlow, render_pdf

SECRET = "canary-7f3a91"
SQUARE = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'


class Listener(HTTPServer):
    """Counts who calls; every answer leads on to another address of the same kind."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Canary)
        self.hits: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Canary(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        self.server.hits.append(self.path)
        self.send_response(302 if self.path.startswith("/from") else 200)
        self.send_header("Location", "/to")
        self.end_headers()
        self.wfile.write(SQUARE)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary.txt"
    path.write_text(SECRET)
    return path


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers with little memory, and the usual ones again afterwards."""
    monkeypatch.setattr(pdf, "MEMORY", 320 << 20)
    pdf.close_workers()
    yield
    pdf.close_workers()


def pictures(url: str) -> list[str]:
    """The ways in which a page asks for something."""
    return [
        f'<img src="{url}/image">',
        f'<img src="{url}/from">',
        f'<link rel="stylesheet" href="{url}/style.css">',
        f'<style>@import url("{url}/import.css");</style>',
        f'<style>@font-face {{ font-family: F; src: url("{url}/font.ttf") }}</style><p style="font: 9pt F">a',
        f'<div style="background: red url({url}/background)">x</div>',
        f'<style>li {{ list-style-image: url("{url}/bullet") }}</style><li>x',
        f'<style>p::after {{ content: url("{url}/content") }}</style><p>x',
        f'<table bgcolor="red;background:url({url}/colour)"><tr><td>x</table>',
        f'<svg width="9" height="9"><image href="{url}/in-svg" width="9" height="9"/></svg>',
        f'<svg width="9" height="9"><use href="{url}/use.svg#a"/></svg>',
        f'<svg width="9" height="9"><style>@import url("{url}/svg.css");</style></svg>',
        f'<object data="{url}/object"></object><embed src="{url}/embed"><iframe src="{url}/frame"></iframe>',
        f'<link rel="attachment" href="{url}/attachment">',
        f'<a rel="attachment" href="{url}/link">a</a>',
        f'<base href="{url}/"><img src="relative">',
    ]


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


@pytest.mark.parametrize("number", range(len(pictures(""))))
def test_nothing_is_fetched_from_the_network(number: int, listener: Listener) -> None:
    pdf = render_pdf(f"<p>Bonjour{pictures(listener.url)[number]}")
    assert "Bonjour" in text_of(pdf)
    assert listener.hits == []


def plain_renderer(html: str) -> bytes:
    """What WeasyPrint makes of it by itself."""
    from weasyprint import HTML  # a second of loading, for one process of those that test

    made: bytes = HTML(string=html).write_pdf()
    return made


def test_the_listener_would_have_heard_a_plain_renderer(listener: Listener) -> None:
    plain_renderer("".join(pictures(listener.url)[:6]))
    assert {"/image", "/from", "/to", "/style.css"} <= set(listener.hits)


@pytest.mark.parametrize("address", ["file", "path", "data"])
def test_no_file_is_read(address: str, canary: Path) -> None:
    href = {"file": canary.as_uri(), "path": str(canary), "data": f"data:text/plain,{SECRET}"}[address]
    pdf = render_pdf(f'<p>Reçu<link rel="attachment" href="{href}"><a rel="attachment" href="{href}">a</a>')
    assert SECRET not in _uncompressed(pdf)


def test_a_plain_renderer_would_have_attached_the_file(canary: Path) -> None:
    pdf = plain_renderer(f'<link rel="attachment" href="{canary.as_uri()}">')
    assert SECRET in _uncompressed(pdf)


def test_markup_in_a_resource_reaches_nothing(listener: Listener, canary: Path) -> None:
    logo = f"""<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
      <style>@import url("{listener.url}/svg.css");</style>
      <image href="{listener.url}/image" width="9" height="9"/><use href="{canary.as_uri()}#a"/></svg>"""
    pdf = render_pdf('<img src="resource:logo.svg">', resources={"logo.svg": logo.encode()})
    assert listener.hits == []
    assert SECRET not in _uncompressed(pdf)


def test_what_is_passed_in_is_used() -> None:
    resources = {"house.css": b"p::after { content: 'Teranga' }", "logo.svg": SQUARE}
    html = '<link rel="stylesheet" href="resource:house.css"><p><img src="resource:logo.svg">'
    assert "Teranga" in text_of(render_pdf(html, resources=resources))


def test_a_forgotten_resource_is_a_failure_not_a_hole() -> None:
    with pytest.raises(DocumentFailed):
        render_pdf('<img src="resource:logo.svg">')


def test_same_input_same_bytes_in_any_process() -> None:
    html = "<html lang=fr><title>Reçu 12</title><h1>Ŋmɛ́ɖɔ</h1><p>محمد</p><svg><circle r=4 /></svg>"
    first = render_pdf(html)
    pdf.close_workers()
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: render_pdf(html), range(8))) == {first}
    assert render_pdf(html + "!") != first


def test_joined_documents_keep_their_order_and_their_bytes() -> None:
    pages = [pdf.Document(f"<title>Carnets</title><p>carnet {number}") for number in range(5)]
    joined = pdf.render_joined(pages)
    assert text_of(joined).split() == [word for number in range(5) for word in ("carnet", str(number))]
    assert pdf.render_joined(pages) == joined


def test_too_slow_is_said_in_time_and_the_next_document_comes() -> None:
    render_pdf("<p>warm")
    started = time.monotonic()
    with pytest.raises(DocumentTooSlow):
        render_pdf("<p>x" * 100_000, seconds=0.5)
    assert time.monotonic() - started < 3
    assert "encore" in text_of(render_pdf("<p>encore"))


@pytest.mark.usefixtures("small")
def test_a_document_that_eats_memory_takes_only_its_worker_along() -> None:
    with pytest.raises(DocumentFailed):
        render_pdf("<p>x<b>y</b>" * 40_000, seconds=60)
    assert "encore" in text_of(render_pdf("<p>encore"))


def test_a_picture_that_unfolds_into_much_is_left_out_or_refused() -> None:
    bomb = subprocess.run([sys.executable, "-c", _BOMB], check=True, capture_output=True).stdout
    assert len(bomb) < 300_000
    with suppress(DocumentFailed):
        assert "Logo" in text_of(render_pdf('<p>Logo<img src="resource:a.png">', resources={"a.png": bomb}))
    assert all(worker.peak < 800 << 10 for worker in pdf._pool.all)


_BOMB = """
import sys, zlib, struct
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
side = 30000
rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
sys.stdout.buffer.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows))
sys.stdout.buffer.write(chunk(b"IEND", b""))
"""


def test_a_warm_worker_stays_small() -> None:
    pdf.close_workers()
    for number in range(5):
        render_pdf(f"<h1>Lettre</h1><p>{number}" + "<p>Ligne" * 50)
    (worker,) = pdf._pool.all
    assert worker.asked == 5
    assert worker.peak < 130 << 10


def test_the_worker_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", SECRET)
    pdf.close_workers()
    render_pdf("<p>x")
    (worker,) = pdf._pool.all
    assert SECRET not in Path(f"/proc/{worker.process.pid}/environ").read_text()


def test_no_process_is_left_behind() -> None:
    script = (
        "from documents.pdf import _pool, render_pdf; render_pdf('<p>x');"
        "print(*(w.process.pid for w in _pool.all))"
    )
    pids = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert pids.split()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids.split())


def test_a_killed_parent_takes_its_workers_along() -> None:
    script = (
        "import os, signal; from documents.pdf import _pool, render_pdf; render_pdf('<p>x');"
        "print(*(w.process.pid for w in _pool.all), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    pids = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True).stdout
    assert pids.split()
    assert _gone(pids.split())


def test_a_forked_process_has_workers_of_its_own() -> None:
    first = render_pdf("<p>x")
    pids = {worker.process.pid for worker in pdf._pool.all}
    child = os.fork()
    if child == 0:
        try:
            same = render_pdf("<p>x") == first
            fresh = not pids & {worker.process.pid for worker in pdf._pool.all}
            pdf.close_workers()
            os._exit(0 if same and fresh else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert render_pdf("<p>x") == first
    assert pids <= {worker.process.pid for worker in pdf._pool.all}


def _gone(pids: list[str]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(_running(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _running(pid: str) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _uncompressed(pdf: bytes) -> str:
    """Everything in the file as text, attachments decoded."""
    with pikepdf.open(BytesIO(pdf)) as document:
        files = [attached.get_file().read_bytes() for attached in document.attachments.values()]
    return (pdf + b"".join(files)).decode("latin-1")
