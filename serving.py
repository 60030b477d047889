"""One machine's server: gunicorn, the worker beside it and, in a demonstration, the loopback Stripe."""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from config.settings import DEMO_WEBHOOK_SECRET

HERE = Path(__file__).parent
THREADS = 8
PATIENCE = 10.0
"""Seconds that a child has to start, and to end by itself."""


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn on `make_app`; the children start when it listens and end with it."""

    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self.make_app = make_app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one web process; what it consists of is not searched for garbage later."""
        _share_memory()
        app = self.make_app()
        gc.collect()
        gc.freeze()
        return app


def _share_memory() -> None:
    """Let threads share two heaps: glibc gives each thread one of its own, and each keeps what it freed."""
    arena_max = -8  # M_ARENA_MAX of malloc.h
    with contextlib.suppress(OSError, AttributeError):  # another C library does as it does
        ctypes.CDLL(None).mallopt(arena_max, 2)


class Children:
    """The processes beside the server. They are told to end when it ends, whatever ends it."""

    def __init__(self) -> None:
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, announces: str = "") -> None:
        """Start ``python ARGUMENTS``; wait until it prints a line with `announces`, if that is given."""
        paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
        child = subprocess.Popen(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE if announces else None,
            text=True,
            start_new_session=True,  # a Ctrl-C is for the server, which then ends its children
            preexec_fn=_end_with_the_server,
        )
        self.running.append(child)
        if child.stdout and announces not in child.stdout.readline():
            raise click.ClickException(f"{' '.join(arguments[:2])} did not start.")

    def end(self) -> None:
        """Let each finish what it is doing, then end what is left."""
        for child in self.running:
            child.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        for child in self.running:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.running.clear()


def _end_with_the_server() -> None:
    """Run in a child: should the server be killed and tell nobody, the kernel tells the child (Linux)."""
    parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl.h
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGINT)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def serve(make_app: Callable[[], Flask], *, host: str, port: int, workers: int, demo: bool) -> None:
    """Serve until told to stop (SIGTERM, SIGINT). Never returns."""
    children = Children()
    url = os.environ.setdefault("TERANGA_URL", f"http://{host}:{port}") if demo else os.environ["TERANGA_URL"]

    def ready(server: Any) -> None:
        children.start("-m", "app", "worker")
        click.echo(f"Serving {url}/")

    try:
        if demo and not os.environ.get("STRIPE_API_BASE"):
            _start_simulator(children, url)
        Server(
            make_app,
            {
                "bind": f"{host}:{port}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": THREADS,
                "timeout": 60,
                "graceful_timeout": 10,
                "loglevel": "warning",
                "when_ready": ready,
                "on_exit": lambda server: children.end(),
            },
        ).run()
    finally:
        if os.getpid() == _PID:
            children.end()


_PID = os.getpid()


def _start_simulator(children: Children, url: str) -> None:
    """The loopback Stripe, whose signed events come to this server."""
    stripe = free_port()
    instance = Path(os.environ.get("TERANGA_INSTANCE", "instance")).absolute()
    instance.mkdir(parents=True, exist_ok=True)
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{stripe}"
    children.start(
        *("-m", "simulator", "--port", str(stripe), "--database", str(instance / "stripe.db")),
        *("--webhook-url", f"{url}/webhooks/stripe", "--webhook-secret"),
        os.environ.get("STRIPE_WEBHOOK_SECRET") or DEMO_WEBHOOK_SECRET,
        announces="Loopback Stripe",
    )
