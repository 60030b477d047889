"""How requests and answers look on the wire: nested form parameters, errors, object ids."""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

API_VERSION = "2026-10-28.endive"
LARGEST = 99_999_999
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

Object = dict[str, Any]
"""One API object as it stands in JSON. Keys that begin with ``_`` never leave the simulator."""


class StripeProblem(Exception):
    """An error in Stripe's format.

    `saved` says whether an idempotency key keeps it: a request refused before it began is not kept.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        saved: bool = False,
        **fields: Any,
    ) -> None:
        self.status = status
        self.saved = saved
        self.error: Object = {"type": kind, "message": message, **fields}
        super().__init__(message)


def no_such(kind: str, id_: str, param: str = "id") -> StripeProblem:
    """The answer to an id that means nothing here."""
    return StripeProblem(
        f"No such {kind}: '{id_}'", status=404, code="resource_missing", param=param, saved=True
    )


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id such as ``ch_3Q…``."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def parse_form(pairs: Iterable[tuple[str, str]]) -> Object:
    """Read ``a[b][0][c]=1`` into nested dictionaries; ``a[]`` means the next free index."""
    root: Object = {}
    for key, value in pairs:
        head, _, rest = key.partition("[")
        names = [head, *(rest.removesuffix("]").split("][") if rest else [])]
        place = root
        for name in names[:-1]:
            inner = place.setdefault(name or str(len(place)), {})
            if not isinstance(inner, dict):
                raise StripeProblem("Invalid object", param=key)
            place = inner
        place[names[-1] or str(len(place))] = value
    return root


def rows_of(value: Any, param: str) -> list[Any]:
    """The members of a list, which a form writes as a dictionary of positions."""
    if not isinstance(value, dict) or not all(name.isdecimal() for name in value):
        raise StripeProblem("Invalid array", param=param)
    return [value[name] for name in sorted(value, key=int)]


class Params:
    """The parameters of one request, checked as Stripe checks them."""

    def __init__(self, values: Mapping[str, Any], allowed: Iterable[str], prefix: str = "") -> None:
        self._values = dict(values)
        self._prefix = prefix
        for name in self._values:
            if name not in {*allowed, "expand"}:
                full = self._full(name)
                raise StripeProblem(
                    f"Received unknown parameter: {full}", code="parameter_unknown", param=full
                )

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def _full(self, name: str) -> str:
        return f"{self._prefix}[{name}]" if self._prefix else name

    def missing(self, name: str) -> StripeProblem:
        """The error for a parameter that is required and absent."""
        full = self._full(name)
        return StripeProblem(f"Missing required param: {full}.", code="parameter_missing", param=full)

    def text(self, name: str, *, longest: int = 5000) -> str | None:
        """A text, or `None` when absent or empty."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise StripeProblem("Invalid string", param=self._full(name))
        if value and len(value) > longest:
            message = f"Invalid string: must be at most {longest} characters"
            raise StripeProblem(message, code="parameter_invalid_string", param=self._full(name))
        return value or None

    def need_text(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            raise self.missing(name)
        return value

    def integer(self, name: str) -> int | None:
        """A whole number, or `None` when absent."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            message = f"Invalid integer: {value}"
            raise StripeProblem(message, code="parameter_invalid_integer", param=self._full(name))
        return int(value)

    def need_integer(self, name: str, *, least: int) -> int:
        """A whole number that must be there and be at least `least`."""
        value = self.integer(name)
        if value is None:
            raise self.missing(name)
        if value < least:
            message = f"This value must be greater than or equal to {least}."
            raise StripeProblem(message, code="parameter_invalid_integer", param=self._full(name))
        return value

    def choice(self, name: str, among: Iterable[str]) -> str | None:
        """One of a fixed set of words, or `None` when absent."""
        value, known = self.text(name), list(among)
        if value is not None and value not in known:
            message = f"Invalid {self._full(name)}: must be one of {', '.join(known)}"
            raise StripeProblem(message, param=self._full(name))
        return value

    def url(self, name: str) -> str | None:
        """An absolute web address, or `None` when absent."""
        value = self.text(name)
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.netloc:
                raise StripeProblem("Not a valid URL", code="url_invalid", param=self._full(name))
        return value

    def inner(self, name: str, allowed: Iterable[str]) -> "Params | None":
        """A nested object, or `None` when absent."""
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise StripeProblem("Invalid object", param=self._full(name))
        return Params(value, allowed, self._full(name))

    def need_inner(self, name: str, allowed: Iterable[str]) -> "Params":
        """A nested object that must be there."""
        value = self.inner(name, allowed)
        if value is None:
            raise self.missing(name)
        return value

    def rows(self, name: str, allowed: Iterable[str]) -> list["Params"]:
        """A list of nested objects."""
        full, known = self._full(name), list(allowed)
        found = rows_of(self._values.get(name, {}), full)
        if not all(isinstance(row, dict) for row in found):
            raise StripeProblem("Invalid array", param=full)
        return [Params(row, known, f"{full}[{k}]") for k, row in enumerate(found)]

    def metadata(self) -> dict[str, str]:
        """The caller's own notes: 50 keys of 40 characters, values of 500, as Stripe limits them."""
        found = self._values.get("metadata") or {}
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise StripeProblem("Invalid object", param=self._full("metadata"))
        if len(found) > 50 or any(len(key) > 40 or len(value) > 500 for key, value in found.items()):
            raise StripeProblem(
                "Metadata holds 50 keys of 40 characters, with values of 500.", param="metadata"
            )
        return {key: value for key, value in found.items() if value}
