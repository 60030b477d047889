"""The simulator as a Flask application: the API, the page to pay on, the controls."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from simulator import endpoints, more_endpoints  # noqa: F401 - they register themselves on the blueprint
from simulator.api import api, unknown_url
from simulator.control import Faults, control
from simulator.page import page
from simulator.store import Store
from simulator.webhooks import RETRIES, Courier


def create_simulator(
    database: Path,
    webhook_url: str | None,
    webhook_secret: str,
    public_url: str,
    *,
    clock: Callable[[], float] = time.time,
    retries: Sequence[float] = RETRIES,
) -> Flask:
    """A simulator that remembers in `database` and signs its webhooks to `webhook_url`.

    `public_url` is where browsers reach it; `clock` gives epoch seconds; `retries` are the seconds before
    each further attempt of a webhook. Its courier runs in a thread of this process: serve one process.
    """
    app = Flask(__name__)
    app.config.update(PUBLIC_URL=public_url.rstrip("/"), MAX_CONTENT_LENGTH=1024 * 1024)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    store = Store(database, clock)
    courier = Courier(store, webhook_url, webhook_secret, retries)
    app.extensions.update(simulator_store=store, simulator_courier=courier, simulator_faults=Faults())
    for blueprint in (api, page, control):
        app.register_blueprint(blueprint)
    app.register_error_handler(404, _not_here)
    app.register_error_handler(405, _not_here)
    courier.start()
    return app


def close_simulator(app: Flask) -> None:
    """Stop the courier and close the file."""
    app.extensions["simulator_courier"].stop()
    app.extensions["simulator_store"].close()


def _not_here(error: HTTPException) -> ResponseReturnValue:
    return unknown_url() if request.path.startswith("/v1/") else error.get_response()
