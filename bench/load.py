"""A client that keeps its connection and its cookies, and many of them at once."""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection
from threading import local
from typing import TypeVar
from urllib.parse import urlencode

Told = TypeVar("Told")

_HIDDEN = re.compile(r"<input[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')


@dataclass(slots=True)
class Answer:
    """What came back. `wire` counts headers and body as they travelled."""

    status: int
    body: bytes
    wire: int
    headers: dict[str, str]


@dataclass
class Visitor:
    """One browser, without the browser."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    connection: HTTPConnection | None = None

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, values: Iterable[tuple[str, str]], **headers: str) -> Answer:
        """Send a form."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(list(values)).encode(), {**kind, **headers})

    def send(self, path: str, body: bytes, **headers: str) -> Answer:
        """Send JSON."""
        return self._ask("POST", path, body, {"Content-Type": "application/json", **headers})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Ask again on a new connection if the server closed an idle one, as browsers do."""
        kept = self.connection is not None
        try:
            return self._ask_once(method, path, body, headers)
        except ConnectionError:
            if not kept:
                raise
            self.connection = None
            return self._ask_once(method, path, body, headers)

    def _ask_once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connection.connect()
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, path, body, {**headers, **({"Cookie": cookies} if cookies else {})})
        response = self.connection.getresponse()
        content = response.read()
        found = response.getheaders()
        for name, value in found:
            if name == "Set-Cookie":
                key, _sign, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        if response.will_close:
            self.connection.close()
            self.connection = None
        size = len(content) + sum(len(name) + len(value) + 4 for name, value in found) + 19
        return Answer(response.status, content, size, dict(found))


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's last form of each name (the language buttons come first)."""
    inputs = (dict(_ATTRIBUTE.findall(one)) for one in _HIDDEN.findall(page))
    return {one["name"]: one.get("value", "") for one in inputs if one.get("type") == "hidden"}


def together(at_once: int, times: int, work: Callable[[int], Told]) -> list[Told]:
    """The answers of `times` pieces of work, done by `at_once` people."""
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(work, range(times)))


class Crowd:
    """A visitor for each thread that asks, with a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._own = local()

    def visitor(self) -> Visitor:
        """This thread's visitor, as somebody new: no cookies, the connection kept."""
        if not hasattr(self._own, "visitor"):
            self._own.visitor = Visitor(self.port)
        visitor: Visitor = self._own.visitor
        visitor.cookies = {}
        return visitor
