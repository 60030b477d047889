"""The application served to a real Chromium; the network between them can be taken away."""

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext
from werkzeug.serving import BaseWSGIServer, make_server

from access.models import User
from tests.conftest import sign_in


@dataclass(slots=True)
class Site:
    """The application on a loopback port of its own; `down` and `up` are the network's failure and return."""

    app: Flask
    port: int = 0
    server: BaseWSGIServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Serve, on the same port as before."""
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.port = self.server.server_port
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def down(self) -> None:
        """Stop answering."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def sign_in(self, context: BrowserContext, user: User | None, locale: str = "en") -> None:
        """Let the browser be `user`'s (None: somebody not signed in), reading in `locale`."""
        client = self.app.test_client()
        if user is not None:
            sign_in(client, user)
        with client.session_transaction() as session:
            session["locale"] = locale
        cookie = client.get_cookie("session")
        assert cookie is not None
        context.add_cookies([{"name": "session", "value": cookie.value, "url": self.url}])


@pytest.fixture
def site(app: Flask) -> Iterator[Site]:
    """The application served while the test lasts."""
    served = Site(app)
    served.up()
    yield served
    served.down()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's own Chromium."""
    path = os.environ.get("TERANGA_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("there is no Chromium: ./test installs it")
    return {**browser_type_launch_args, "executable_path": path, "args": ["--no-sandbox"]}
