"""Pages and style sheets travel compressed: on prepaid data every kilobyte is somebody's money."""

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request

_TEXT = {
    "application/javascript",
    "application/json",
    "image/svg+xml",
    "text/calendar",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
}
_SMALLEST = 600  # bytes; less does not fill one packet anyway
_LEVEL = 6


def install(app: Flask) -> None:
    """Compress on `app` what is text and whole; files of `static` are compressed once."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in _TEXT or response.status_code != 200:
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    if request.endpoint == "static" and response.direct_passthrough:
        return _file(response)
    if response.is_streamed or len(response.get_data()) < _SMALLEST:
        return response
    response.set_data(gzip.compress(response.get_data(), _LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _file(response: Response) -> Response:
    path = Path(current_app.static_folder or "") / (request.view_args or {})["filename"]
    response.direct_passthrough = False
    if close := getattr(response.response, "close", None):
        close()
    response.set_data(_read(path, path.stat().st_mtime_ns))
    response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = f"W/{response.headers.get('ETag', '').removeprefix('W/')}"
    return response


@lru_cache(maxsize=64)
def _read(path: Path, modified: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)
