"""SIGKILL as a process enters a system call: strace counts and strikes, unknown to the application."""

import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.treasury.kills import Death

_STRACE = os.environ.get("TERANGA_STRACE", "strace")
_CALL = re.compile(r"^(\w+)\(", re.MULTILINE)


class Traced(Death):
    """A child under strace, which does `how`."""

    tracer: subprocess.Popen[bytes]

    def __init__(self, *how: str) -> None:
        self.how = how

    def arranged(self) -> None:
        """Wait for the tracer."""
        os.kill(os.getpid(), signal.SIGSTOP)

    def beside(self, child: int) -> None:
        """Attach to the child, which has stopped itself, and let it go."""
        os.waitpid(child, os.WUNTRACED)
        self.tracer = subprocess.Popen([_STRACE, "-qqq", *self.how, "-p", str(child)])
        status = Path(f"/proc/{child}/status")
        while "TracerPid:\t0\n" in status.read_text():
            if self.tracer.poll() is not None:
                os.kill(child, signal.SIGKILL)
                raise SystemExit("strace may not trace here")
            time.sleep(0.002)
        os.kill(child, signal.SIGCONT)

    def over(self) -> None:
        """The tracer ends by itself."""
        self.tracer.wait(30)


class AtCall(Traced):
    """Death as the `number`-th call of a name is entered; the call itself does not happen."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__("--output=/dev/null", f"--inject={name}:signal=SIGKILL:when={number}")


class Counted(Traced):
    """No death: the calls that a piece of work makes, by name."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "calls"
        super().__init__(f"--output={self.file}")

    def calls(self) -> Counter[str]:
        """How many of each name."""
        return Counter(_CALL.findall(self.file.read_text(errors="replace")))


def everywhere(calls: Counter[str], most: int, draw: Random) -> list[AtCall]:
    """A death at each call; `most` of them, drawn, when there are more."""
    deaths = [AtCall(name, number) for name in sorted(calls) for number in range(1, calls[name] + 1)]
    return draw.sample(deaths, min(most, len(deaths)))
