"""How /api/v1 describes itself: what SpecTree knows of each route, completed into one OpenAPI document."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field
from spectree import SpecTree

BASE = "/api/v1"
_PROBLEM_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Its path in the request, such as `person.name`.")
    sentence: str


class Problem(BaseModel):
    """Why not (RFC 9457). `title` is a sentence for people, in French or English by `Accept-Language`."""

    type: str = Field(description="`urn:teranga:` and the code.")
    title: str
    status: int
    code: str = Field(description="What programs look at; it does not change with the language.")
    field: str | None = Field(None, description="The field it is about, where it is about one.")
    errors: list[FieldProblem] | None = None


class Amount(BaseModel):
    """Money: a decimal text with the currency's own number of decimals, never a float."""

    amount: str = Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["4500.00"])
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["CAD"])


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of an operation beyond its models."""

    name: str
    scope: str
    status: int
    writes: bool
    body: str
    example: dict[str, Any] | None

    @property
    def tag(self) -> str:
        return self.scope.partition(":")[0]


DESCRIBED: dict[str, Described] = {}
"""Every operation by its name."""


def described(
    name: str,
    *,
    scope: str,
    status: int,
    writes: bool,
    body: type[BaseModel] | None,
    example: dict[str, Any] | None,
) -> Described:
    """Enter an operation under its name."""
    DESCRIBED[name] = Described(name, scope, status, writes, body.__name__ if body else "", example)
    return DESCRIBED[name]


SPEC = SpecTree(
    "flask",
    mode="strict",
    annotations=True,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_model=Problem,
    title="Teranga",
    version="1",
    description=(
        "Editions, registrations, delegations with their coverage, savings plans and check-ins.\n\n"
        "A key (`teranga tokens add`) acts as one person, within its scopes: it sees what they see, and what "
        "they may not see does not exist (404). Amounts are decimal texts with a currency. Every write "
        "carries an `Idempotency-Key`; the same key with the same request gets the same answer, for good. "
        "Lists come in pages: follow `next`, or the header `Link`. Refusals are problems of RFC 9457."
    ),
)

_TEXT = {"type": "string"}
_PATH_SCHEMA = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$"}
_HEADERS = {
    401: {"WWW-Authenticate": ("How to ask.", _TEXT)},
    429: {"Retry-After": ("Seconds to wait.", {"type": "integer"})},
}
_SENTENCES = {
    200: "The answer.",
    201: "Created.",
    400: "The body is not readable JSON.",
    401: "No key, or one that opens nothing any more.",
    403: "The key lacks the scope, or its person may only look.",
    404: "No such object, or not one that the key's person may see.",
    409: "The state of things does not allow it.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    422: "A value is missing or wrong, or the Idempotency-Key was used for another request.",
    429: "Too often.",
}


def document() -> dict[str, Any]:
    """The OpenAPI document. Ask inside the application, once every room is wired."""
    found: dict[str, Any] = deepcopy(SPEC.spec)
    for path in found["paths"].values():
        for operation in path.values():
            _complete(operation, DESCRIBED[operation["operationId"]])
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A key made by `teranga tokens add`."}
    }
    del found["security"]
    return found


def _complete(operation: dict[str, Any], about: Described) -> None:
    operation["security"] = [{"token": [about.scope]}]
    operation["description"] = f"{operation['description']}\n\nScope: `{about.scope}`.".strip()
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["schema"] = dict(_PATH_SCHEMA)
        _without_null(parameter)
    for code, answer in operation["responses"].items():
        _complete_answer(int(code), answer, about)
    if about.writes and about.example:
        operation["requestBody"]["content"]["application/json"]["example"] = about.example


def _without_null(parameter: dict[str, Any]) -> None:
    """A parameter that may be left out is not one whose value may be null."""
    schema = parameter["schema"]
    if choices := schema.pop("anyOf", None):
        schema.update(next(one for one in choices if one.get("type") != "null"))
    if schema.get("default", "") is None:
        del schema["default"]


def _complete_answer(code: int, answer: dict[str, Any], about: Described) -> None:
    answer["description"] = _SENTENCES[code]
    headers = dict(_HEADERS.get(code, {}))
    if code >= 400:
        answer["content"] = {_PROBLEM_TYPE: answer["content"]["application/json"]}
    elif about.writes:
        headers["Idempotency-Replayed"] = ("`true` when this answer was given before.", _TEXT)
        if code == 201:
            headers["Location"] = ("Where it is.", _TEXT)
    elif about.name.startswith("list"):
        headers["Link"] = ('The next page, as `rel="next"`.', _TEXT)
    if headers:
        answer["headers"] = {
            name: {"description": told, "schema": schema} for name, (told, schema) in headers.items()
        }
