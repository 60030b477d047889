"""What every route of /api/v1 shares: a key's scopes, JSON in, problems out, keys of idempotency, cursors.

A route is a view under `operation(...)`. SpecTree checks what comes in against pydantic models and describes
the route; `access/api_description.py` completes that into /api/v1/openapi.json.
"""

import base64
import hashlib
import json
import re
import struct
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from pydantic import BaseModel, Field
from spectree import Response as Answers
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from access.api_description import SPEC, Amount, Problem, described, document
from access.asking import bearer
from access.models import ApiToken, IdempotencyRecord, User
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _, _l
from shared.limits import limiter
from shared.money import Money
from shared.web import csrf, public, requires

View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row")

PAGE = 50
"""Rows of a page that does not say how many."""

REQUESTS_LIMIT = "1200 per minute"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,47}")
_JSON = "application/json"

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


class NotJson(DomainError):
    """The body is sent as something else."""

    code = "not_json"
    status = 415
    message = _l("Send JSON, with the header “Content-Type: application/json”.")


class BadJson(DomainError):
    """The body says it is JSON and is not."""

    code = "bad_json"
    status = 400
    message = _l("This is not readable JSON.")


class BadCursor(DomainError):
    """The cursor is not one that we gave."""

    code = "bad_cursor"
    status = 422
    message = _l("This cursor did not come from here. Start again without it.")


class KeyReused(DomainError):
    """An idempotency key came again with another request."""

    code = "idempotency_key_reused"
    status = 422
    message = _l("This Idempotency-Key was used for another request. Draw a new one for each request.")


class Paging(BaseModel):
    """Where in a list to go on, and how many at once."""

    cursor: str = Field("", pattern=r"^[A-Za-z0-9_-]{0,24}$", description="From `next` of the page before.")
    limit: int = Field(PAGE, ge=1, le=200, description="How many at most.")


class OnceHeaders(BaseModel):
    """The key that makes a write happen once, however often it is sent."""

    idempotency_key: str = Field(
        alias="Idempotency-Key",
        min_length=1,
        max_length=160,
        pattern=r"^[!-~]+$",
        description="Drawn by the client for this one request, such as a UUID. Kept for good.",
    )


def protect(room: Blueprint) -> Blueprint:
    """Make a blueprint part of the API: no form tokens, one limit for everything a key asks."""
    csrf.exempt(room)
    limiter.shared_limit(REQUESTS_LIMIT, scope="api", key_func=_who)(room)
    return room


def _who() -> str:
    token = bearer()
    return f"token:{token.id}" if token else request.remote_addr or "nobody"


def operation(
    name: str,
    *,
    scope: str,
    answer: type[BaseModel],
    status: int = 200,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    refusals: Sequence[int] = (),
    example: dict[str, Any] | None = None,
) -> Callable[[View], View]:
    """A view of the API: who may, what comes in, what goes out. `refusals` beside those that any may give.

    The view receives what it asks for by the names `query` and `json`, already checked.
    """
    writes = body is not None
    codes = {401, 403, 422, 429, *refusals, *((400, 413, 415) if writes else ())}
    known = described(name, scope=scope, status=status, writes=writes, body=body, example=example)

    def mark(view: View) -> View:
        checked = SPEC.validate(
            query=query,
            json=body,
            headers=OnceHeaders if writes else None,
            resp=Answers(**{f"HTTP_{status}": answer}, **{f"HTTP_{code}": Problem for code in codes}),
            tags=(known.tag,),
            before=_refuse,
            operation_id=name,
        )(view)

        @wraps(checked)
        def at_the_door(**values: Any) -> Any:
            if not all(_CODE.fullmatch(value) for value in values.values()):
                raise NotFound
            if writes:
                _read_json()
            return checked(**values)

        return requires(scope)(at_the_door)  # type: ignore[return-value]

    return mark


def _read_json() -> None:
    """Raises `NotJson`, `BadJson`."""
    try:
        request.get_json()
    except UnsupportedMediaType as problem:
        raise NotJson from problem
    except RequestEntityTooLarge:
        raise
    except Exception as problem:  # too deep, not UTF-8, not JSON: all the same to the sender
        raise BadJson from problem


_REASONS = {
    "bool_type": _l("This is true or false."),
    "enum": _l("This is none of the values to choose from."),
    "extra_forbidden": _l("There is no such field."),
    "int_parsing": _l("This is not a whole number."),
    "literal_error": _l("This is none of the values to choose from."),
    "missing": _l("This is required."),
    "string_too_long": _l("This is too long."),
    "string_too_short": _l("This is too short."),
    "string_type": _l("This is not a text."),
    "too_long": _l("These are too many."),
}


def _refuse(asked: Any, answer: Any, wrong: Any, *_more: Any) -> None:
    """Turn what pydantic found into one problem that names every field."""
    if wrong is None:
        return
    errors = [
        {
            "field": ".".join(str(step) for step in one["loc"]),
            "sentence": str(_REASONS.get(one["type"], _("This value is not accepted."))),
        }
        for one in wrong.errors(include_url=False, include_context=False, include_input=False)
    ]
    _abort(422, "invalid", _("Some of this is not right. See each field."), errors=errors)


def _abort(status: int, code: str, title: str, **more: Any) -> NoReturn:
    body = jsonify({"type": f"urn:teranga:{code}", "title": title, "status": status, "code": code, **more})
    body.content_type = "application/problem+json"
    body.status_code = status
    abort(body)


def asking() -> User:
    """The user whose key this is; the gate has let it in."""
    return _token().user


def _token() -> ApiToken:
    token = bearer()
    assert token is not None, "asked before the gate"
    return token


def answered(model: BaseModel, status: int = 200) -> Response:
    """`model` as the answer."""
    return make_response(model.model_dump_json(), status, {"Content-Type": _JSON})


def once(work: Callable[[], BaseModel], status: int = 200) -> Response:
    """Do `work` and keep its answer under the request's key, in one transaction. Again: the same answer.

    A refused request uses up no key. The key belongs to the token. Raises `KeyReused`.
    """
    owner, key = f"token:{_token().id}", request.headers["Idempotency-Key"]
    asked = hashlib.sha256(
        json.dumps([request.method, request.path, request.get_json()], sort_keys=True).encode()
    ).hexdigest()
    try:
        with transaction():
            if known := _kept(owner, key):
                return _again(known, asked)
            kept = IdempotencyRecord(owner=owner, key=key, request_hash=asked, status=status, body="")
            db.session.add(kept)
            _claim(owner, key)
            kept.body = work().model_dump_json()
            text = kept.body
    except _MeanwhileDone as done:
        return _again(done.record, asked)
    return _located(make_response(text, status, {"Content-Type": _JSON}))


class _MeanwhileDone(Exception):
    """The same key arrived twice at once, and the other was first."""

    def __init__(self, record: IdempotencyRecord) -> None:
        self.record = record
        super().__init__()


def _claim(owner: str, key: str) -> None:
    """Hold the key. On PostgreSQL this waits for whoever holds it already."""
    try:
        db.session.flush()
    except IntegrityError as problem:
        db.session.rollback()
        found = _kept(owner, key)
        if found is None:
            raise
        raise _MeanwhileDone(found) from problem


def _kept(owner: str, key: str) -> IdempotencyRecord | None:
    return db.session.scalar(
        select(IdempotencyRecord).where(IdempotencyRecord.owner == owner, IdempotencyRecord.key == key)
    )


def _again(known: IdempotencyRecord, asked: str) -> Response:
    if known.request_hash != asked:
        raise KeyReused
    answer = make_response(known.body, known.status, {"Content-Type": _JSON})
    answer.headers["Idempotency-Replayed"] = "true"
    return _located(answer)


def _located(answer: Response) -> Response:
    if answer.status_code == 201 and (url := json.loads(answer.get_data()).get("url")):
        answer.headers["Location"] = url
    return answer


def page_of(
    query: Select[Row], key: InstrumentedAttribute[int], asked: Paging
) -> tuple[Sequence[Row], str | None]:
    """One page of `query` in the order of `key` (an id), and the address of the next one, if there is one.

    Rows entered meanwhile neither repeat nor hide others. Raises `BadCursor`.
    """
    found = db.session.scalars(
        query.where(key > _position(asked.cursor)).order_by(key).limit(asked.limit + 1)
    ).all()
    if len(found) <= asked.limit:
        return found, None
    rows = found[: asked.limit]
    given = {**request.args.to_dict(), "cursor": _cursor(getattr(rows[-1], key.key)), "limit": asked.limit}
    return rows, f"{request.path}?{urlencode(given)}"


def money(amount: Money) -> Amount:
    """An amount on the wire."""
    return Amount(amount=amount.decimal(), currency=amount.currency)


def listed(model: BaseModel) -> Response:
    """A page as the answer, with its `next` in the header `Link` too."""
    answer = answered(model)
    if following := getattr(model, "next", None):
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(struct.pack(">q", position)).decode().rstrip("=")


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        position: int = struct.unpack(">q", base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    except (ValueError, struct.error) as problem:
        raise BadCursor(field="cursor") from problem
    return position


@blueprint.get("/openapi.json")
@public
def openapi() -> Any:
    """The description of the API for machines."""
    return jsonify(document())


@blueprint.get("/")
@public
def reference() -> Any:
    """The description of the API for people."""
    return render_template("access/api.html", paths=document()["paths"], most=PAGE)


protect(blueprint)
