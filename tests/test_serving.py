"""The whole server as a process: it answers, delivers, takes payments, and leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from serving import free_port

ROOT = Path(__file__).resolve().parent.parent


TERANGA = [sys.executable, "-m", "app"]


def environment(folder: Path) -> dict[str, str]:
    """That of a demonstration in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TERANGA_", "STRIPE_"))}
    kept.pop("DATABASE_URL", None)
    return {**kept, "TERANGA_DEMO": "1", "TERANGA_INSTANCE": str(folder)}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a Teranga that has its first administrator; not to be served, but copied."""
    folder = tmp_path_factory.mktemp("begun")
    first = ["init", "--email", "ada@example.org", "--name", "Ada", "--password", "une longue phrase"]
    subprocess.run([*TERANGA, *first], cwd=ROOT, env=environment(folder), check=True, capture_output=True)
    return folder


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """What is in `folder`, served on a free port."""
    port = free_port()
    process = subprocess.Popen(
        [*TERANGA, "serve", "--port", str(port)], cwd=ROOT, env=environment(folder), start_new_session=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(150):
            try:
                requests.get(f"{url}/demo", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.2)
        yield url, process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def descendants(pid: int) -> set[int]:
    """The processes below `pid`."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found |= {int(entry.name)} | descendants(int(entry.name))
    return found


def wait_until_gone(pids: set[int], seconds: float = 20) -> set[int]:
    """Those of `pids` that still run after `seconds` at the most."""
    deadline = time.monotonic() + seconds
    while pids and time.monotonic() < deadline:
        pids = {pid for pid in pids if Path(f"/proc/{pid}").exists()}
        time.sleep(0.1)
    return pids


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda s: s.name)
def test_one_command_serves_everything_and_leaves_nothing(
    begun: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    with served(tmp_path) as (url, process), requests.Session() as browser:
        page = browser.get(f"{url}/sign-in", timeout=10)
        paying = re.search(
            r"form-action 'self' (http://127\.0\.0\.1:\d+)", page.headers["Content-Security-Policy"]
        )
        assert paying
        assert requests.get(f"{paying[1]}/_control/state", timeout=10).status_code == 200
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token
        asked = {"csrf_token": token[1], "email": "ada@example.org"}
        assert browser.post(f"{url}/sign-in/link", data=asked, timeout=10).status_code == 200
        deadline = time.monotonic() + 15
        while 'class="tag good"' not in browser.get(f"{url}/outbox", timeout=10).text:
            assert time.monotonic() < deadline, "the worker did not deliver"
            time.sleep(0.2)
        family = {process.pid, *descendants(process.pid)}
        assert len(family) >= 4, "the server, one web process, the worker, the loopback Stripe"
        process.send_signal(stop)
        process.wait(20)
        assert wait_until_gone(family - {process.pid}) == set()
