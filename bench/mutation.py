"""How many small mistakes the tests notice: `python -m bench.mutation --mutmut FOLDER [--sample N --seed S]`.

FOLDER is made by `pip install --target FOLDER mutmut`; it is no part of the tests' own packages. mutmut names
the mistakes (a sign turned, a comparison widened, an argument left out); this file tries them fast. The tests
run once, noting which of them enter which function. Then the warm process forks for each mistake: the child
puts it into the living function and runs the tests that enter it, the quickest first, until one fails. A
mistake that none notices is printed, with its line before and after.
"""

import argparse
import importlib
import os
import random
import signal
import sys
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

SUITES = {
    "shared/money.py": ["tests/shared/test_money.py", "tests/shared/test_money_sums.py"],
    "treasury/ledger.py": [
        "tests/treasury/test_trail.py",
        "tests/treasury/test_ledger.py",
        "tests/treasury/test_guards.py",
        "tests/treasury/test_fund_guards.py",
        "tests/treasury/test_funds.py",
        "tests/treasury/test_periods.py",
        "tests/treasury/test_payments.py",
        "tests/treasury/test_exchange.py",
    ],
    "treasury/payments.py": [
        "tests/treasury/test_trail.py",
        "tests/treasury/test_payments.py",
        "tests/treasury/test_payment_story.py",
        "tests/treasury/test_attention.py",
        "tests/treasury/test_desk_money.py",
        "tests/treasury/test_webhooks.py",
    ],
    "treasury/reconciliation/links.py": [
        "tests/treasury/test_trail.py",
        "tests/treasury/test_reconciliation.py",
        "tests/treasury/test_workbench_pages.py",
        "tests/treasury/test_reconciled.py",
        "tests/treasury/test_statement_import.py",
        "tests/treasury/test_matching.py",
    ],
}
"""The files whose quick tests speak of each module."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One small change of a function: where, the line as it is and as it would be, and its new source."""

    file: str
    function: str
    line: str
    instead: str
    source: str

    def make(self) -> None:
        """Put it into the function, for everybody who holds that function already."""
        function, name = living(self), self.function.rpartition(".")[2]
        within = dict(function.__globals__)
        exec(compile(self.source, self.file, "exec"), within)
        changed = within[name]
        function.__code__ = changed.__code__
        function.__defaults__, function.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__


def living(mistake: Mistake) -> FunctionType:
    """The function as the application runs it."""
    found: Any = importlib.import_module(mistake.file.removesuffix(".py").replace("/", "."))
    for name in mistake.function.split("."):
        found = vars(found)[name]
    found = getattr(found, "__func__", found)
    assert isinstance(found, FunctionType)
    return found


def mistakes(file: str) -> Iterator[Mistake]:
    """What mutmut would try in the functions of a file."""
    libcst: Any = importlib.import_module("libcst")
    mutate: Any = importlib.import_module("mutmut.mutation.file_mutation")
    text = Path(file).read_text()
    module, mutations, *_ignored = mutate.create_mutations(file, text)
    names = dict(_functions(libcst, module.body, ""))
    for one in mutations:
        function = one.contained_by_top_level_function
        if not isinstance(function, libcst.FunctionDef):
            continue
        changed = function.deep_replace(one.original_node, one.mutated_node)
        plain = changed.with_changes(decorators=[], leading_lines=[])
        before, after = (module.code_for_node(node).splitlines() for node in (function, changed))
        differ = next((n for n, pair in enumerate(zip(before, after, strict=False)) if len({*pair}) > 1), -1)
        yield Mistake(file, names[function], before[differ].strip(), after[differ].strip(),
                      textwrap.dedent(module.code_for_node(plain)))  # fmt: skip


def _functions(libcst: Any, body: Any, within: str) -> Iterator[tuple[Any, str]]:
    for node in body:
        if isinstance(node, libcst.FunctionDef):
            yield node, within + node.name.value
        elif isinstance(node, libcst.ClassDef):
            yield from _functions(libcst, node.body.body, f"{node.name.value}.")


class Trial:
    """A pytest plugin: the tests once, then once more for each mistake, in a child of its own."""

    def __init__(self, tried: Sequence[Mistake]) -> None:
        self.tried = tried
        self.failed = False
        self.seen: dict[CodeType, list[pytest.Item]] = defaultdict(list)
        self.took: dict[pytest.Item, float] = {}
        self.score: dict[str, Counter[str]] = defaultdict(Counter)

    def pytest_configure(self) -> None:
        """Examples are the same for every mistake, and the first that fails is enough."""
        import hypothesis

        only = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile(
            "mutation", derandomize=True, database=None, deadline=None, phases=only
        )
        hypothesis.settings.load_profile("mutation")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Whether one failed."""
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop."""
        self._learn(session.items)
        for number, mistake in enumerate(self.tried, start=1):
            came = self._try(mistake, session.items)
            self.score[mistake.file][came] += 1
            if came in ("survived", "untested"):
                print(f"\n{number}: {came}: {mistake.file} {mistake.function}\n"
                      f"  - {mistake.line}\n  + {mistake.instead}", flush=True)  # fmt: skip
        return True

    def _learn(self, items: list[pytest.Item]) -> None:
        wanted = {living(one).__code__ for one in self.tried}
        entered: set[CodeType] = set()

        def note(frame: FrameType, event: str, _given: Any) -> None:
            if event == "call" and frame.f_code in wanted:
                entered.add(frame.f_code)

        for item, following in zip(items, [*items[1:], items[0]], strict=True):
            entered.clear()
            self.failed, started = False, time.perf_counter()
            sys.setprofile(note)
            runtestprotocol(item, nextitem=following, log=True)
            sys.setprofile(None)
            self.took[item] = time.perf_counter() - started
            if self.failed:
                raise SystemExit(f"{item.nodeid} fails without any mistake")
            for code in entered:
                self.seen[code].append(item)

    def _try(self, mistake: Mistake, items: list[pytest.Item]) -> str:
        files = {str(Path(name).resolve()) for name in SUITES[mistake.file]}
        known = [one for one in self.seen[living(mistake).__code__] if str(one.path) in files]
        tests = sorted(known, key=self.took.__getitem__)
        if not tests:
            return "untested"
        child = os.fork()
        if child == 0:
            self._run(mistake, tests, next(one for one in items if one is not tests[-1]))
        patience = 20 + 10 * sum(self.took[one] for one in tests)
        return {0: "survived", 1: "noticed", 2: "impossible"}.get(_wait(child, patience), "noticed")

    def _run(self, mistake: Mistake, tests: list[pytest.Item], other: pytest.Item) -> None:
        code = 1
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1), os.dup2(silent, 2)
            mistake.make()
            self.failed = False
            for item, following in zip(tests, [*tests[1:], other], strict=True):
                runtestprotocol(item, nextitem=following, log=True)
                if self.failed:
                    break
            code = int(self.failed)
        finally:
            os._exit(code)


def _wait(child: int, seconds: float) -> int:
    """How the child ended; a mistake that never ends is ended, and was noticed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def main() -> None:
    """Try them."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__)
    parser.add_argument("--mutmut", required=True, help="Where `pip install --target` put mutmut.")
    parser.add_argument("--modules", nargs="*", default=list(SUITES), choices=list(SUITES))
    parser.add_argument("--sample", type=int, default=0, help="So many of each module, drawn; all otherwise.")
    parser.add_argument("--seed", type=int, default=2005)
    asked = parser.parse_args()
    sys.path.append(asked.mutmut)
    draw, tried = random.Random(asked.seed), []
    for file in asked.modules:
        found = list(mistakes(file))
        tried += draw.sample(found, min(asked.sample, len(found))) if asked.sample else found
        print(f"{file}: {len(found)} mistakes", flush=True)
    trial = Trial(tried)
    files = sorted({test for file in asked.modules for test in SUITES[file]})
    pytest.main(["-n0", "-q", "-s", "-p", "no:cacheprovider", *files], plugins=[trial])
    for file, count in trial.score.items():
        noticed, total = count["noticed"], sum(count.values())
        print(f"{file}: {noticed} of {total} noticed, {noticed / total:.1%}; {dict(count)}")


if __name__ == "__main__":
    main()
