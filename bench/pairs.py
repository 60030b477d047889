"""A piece of work beside the floor, in turns: on a machine that others use, only such pairs compare.

Each turn measures the floor and then the work, many at once, by the clock and by the processor time of the
server's web process. The clock includes waiting for the disk, for each other and for the client, which runs
on the same machine; processor time is the server's alone.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.load import together
from bench.stage import processor_seconds

Work = Callable[[int], object]
"""Does one piece of the work, told its number."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a server does something, and what it costs it."""

    per_second: float
    processor_ms: float


def pace(process: int, at_once: int, times: int, work: Work) -> Pace:
    """The pace at which the server under `process` does `work`, asked for by `at_once` people."""
    spent, started = processor_seconds(process), time.perf_counter()
    together(at_once, times, work)
    seconds = time.perf_counter() - started
    return Pace(times / seconds, (processor_seconds(process) - spent) / times * 1000)


def beside_the_floor(
    floor: tuple[int, Work], ours: tuple[int, Callable[[int], Work]], at_once: int, turns: int, times: int
) -> dict[str, Any]:
    """`turns` pairs of `times` pieces each; medians, and the median of the pairs' ratios.

    `floor` and `ours` are a process and its work; ours is made ready, untimed, for each turn's `times`.
    """
    (floor_process, floor_work), (our_process, ready) = floor, ours
    pairs = []
    for turn in range(turns + 1):
        work = ready(times)
        pair = (pace(floor_process, at_once, times, floor_work), pace(our_process, at_once, times, work))
        if turn:  # the first warms both
            pairs.append(pair)
    return {
        "per_second": _median(ours.per_second for _floor, ours in pairs),
        "floor_per_second": _median(floor.per_second for floor, _ours in pairs),
        "ratio": round(_median(ours.per_second / floor.per_second for floor, ours in pairs), 2),
        "processor_ms": _median(ours.processor_ms for _floor, ours in pairs),
        "floor_processor_ms": _median(floor.processor_ms for floor, _ours in pairs),
        "processor_ratio": round(_median(floor.processor_ms / ours.processor_ms for floor, ours in pairs), 2),
    }


def _median(values: Any) -> float:
    return float(statistics.median(values))
