"""Many people doing one thing at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

Answer = TypeVar("Answer")


def at_once(app: Flask, act: Callable[[int], Answer], people: int) -> list[Answer]:
    """What each of them gets, each with a connection of their own; they start together."""
    start = threading.Barrier(people, timeout=20)

    def one(number: int) -> Answer:
        with app.app_context():
            start.wait()
            return act(number)

    with ThreadPoolExecutor(people) as crowd:
        return list(crowd.map(one, range(people)))
