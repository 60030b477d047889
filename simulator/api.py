"""What surrounds every request under ``/v1``: who asks, idempotency, faults, Stripe's form of errors."""

import hashlib
import json
import time
from collections.abc import Callable

from flask import Blueprint, Response, current_app, request

from simulator.store import SavedAnswer, Store, render
from simulator.wire import API_VERSION, Object, StripeProblem, new_id, parse_form, rows_of

api = Blueprint("api", __name__, url_prefix="/v1")

Handler = Callable[..., Object]


def endpoint(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register a handler ``(store, values, **path) -> object`` with all that Stripe does around it."""

    def register(handler: Handler) -> Handler:
        def view(**parts: str) -> Response:
            return _answer(handler, parts)

        api.add_url_rule(path, f"{method} {path}", view, methods=[method])
        return handler

    return register


def memory() -> Store:
    """The store of the running simulator."""
    store = current_app.extensions["simulator_store"]
    assert isinstance(store, Store)
    return store


def _answer(handler: Handler, parts: dict[str, str]) -> Response:
    """Run a handler once per idempotency key, inside one unit of work, and answer in Stripe's format."""
    store, request_id = memory(), new_id("req_", 14)
    fault = current_app.extensions["simulator_faults"].next(request.path)
    if fault is not None and fault.kind == "error":
        return _problem(
            StripeProblem("The simulator was asked to fail.", status=503, kind="api_error"), request_id
        )
    try:
        _authenticate()
        values = parse_form((request.form if request.method == "POST" else request.args).items(multi=True))
        key = _idempotency_key()
        with store.writing():
            store.request = {"id": request_id, "idempotency_key": key}
            try:
                saved, replayed = _once(store, handler, values, parts, key, request_id)
            finally:
                store.request = {"id": None, "idempotency_key": None}
    except StripeProblem as problem:
        return _problem(problem, request_id)
    if fault is not None and fault.kind == "slow":
        time.sleep(fault.seconds)
    response = Response(saved.body, saved.status, content_type="application/json")
    response.headers["Request-Id"] = request_id
    if key:
        response.headers["Idempotency-Key"] = key
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
        response.headers["Original-Request"] = saved.request
    return response


def _once(
    store: Store, handler: Handler, values: Object, parts: dict[str, str], key: str | None, request_id: str
) -> tuple[SavedAnswer, bool]:
    """The answer to a request, and whether it is the one saved for its key."""
    place = f"{request.method} {request.path}"
    fingerprint = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    if key and (saved := store.recall(key)):
        _same_request(saved, place, fingerprint, key)
        return saved, True
    try:
        done = handler(store, values, **parts)
        status, body = 200, render(store, done, expansions(values)) if done["object"] != "list" else done
    except StripeProblem as problem:
        if not problem.saved:
            raise
        status, body = problem.status, {"error": problem.error}
    answer = SavedAnswer(place, fingerprint, status, json.dumps(body, indent=2), request_id)
    if key:
        store.remember(key, answer)
    return answer, False


def _same_request(saved: SavedAnswer, place: str, fingerprint: str, key: str) -> None:
    if saved.endpoint != place:
        raise StripeProblem(
            "Keys for idempotent requests can only be used for the same endpoint they were first used for"
            f" ('{saved.endpoint}' vs '{place}'). Try using a key other than '{key}'.",
            kind="idempotency_error",
        )  # fmt: skip
    if saved.fingerprint != fingerprint:
        raise StripeProblem(
            "Keys for idempotent requests can only be used with the same parameters they were first used"
            f" with. Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )


def _authenticate() -> None:
    """Only test keys: a live key must never be sent here, so it is refused."""
    given = request.authorization
    key = given.token or given.username if given else None
    if not key:
        raise StripeProblem("You did not provide an API key.", status=401)
    if not key.startswith(("sk_test_", "rk_test_")):
        raise StripeProblem(f"Invalid API Key provided: {key[:8]}…", status=401)


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    if key and len(key) > 255:
        raise StripeProblem("Idempotency keys hold at most 255 characters.")
    return key or None


def expansions(values: Object) -> list[str]:
    """The `expand` paths of a request, at most four levels deep."""
    paths = rows_of(values.get("expand", {}), "expand")
    if any(not isinstance(path, str) or path.count(".") > 3 for path in paths):
        raise StripeProblem("Invalid array", param="expand")
    return paths


def _problem(problem: StripeProblem, request_id: str) -> Response:
    response = Response(json.dumps({"error": problem.error}, indent=2), problem.status)
    response.content_type = "application/json"
    response.headers["Request-Id"] = request_id
    return response


@api.after_request
def _stamp(response: Response) -> Response:
    response.headers["Stripe-Version"] = request.headers.get("Stripe-Version") or API_VERSION
    return response


def unknown_url() -> Response:
    """The answer to an address or method that does not exist under ``/v1``."""
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    return _problem(StripeProblem(message, status=404), new_id("req_", 14))
