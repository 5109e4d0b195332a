"""How fast extraction, comparison and a whole command are here, beside what the README says of another machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from fpverify.checkup.parts import Finding, Part
from fpverify.errors import FpverifyError
from fpverify.matching import Matcher
from fpverify.models import Bundle
from fpverify.scans import read_scan
from fpverify.settings import VARIABLE_PREFIX, Settings

SAMPLES = Path(__file__).parent.parent / "samples"
FIRST, SECOND = SAMPLES / "A_1.bmp", SAMPLES / "A_2.bmp"
TIMED_S = 0.4  # of one thing that is done again and again: thirty extractions, and the median of them
MOST_TIMES = 500
COMMANDS = 3  # whole processes, a third of a second each
PATIENCE_S = 30.0  # with one of them
ROUND_FROM = 10  # from which on two digits are more than before the point
SLOW = 3.0  # times what the README says, from which on it is said: neighbours of a shared machine make it twice


class Stated(NamedTuple):
    """A figure of the README, of an AMD EPYC (Zen 4) and the release model: low and high."""

    low: float
    high: float


README = {
    "extraction_ms": Stated(17, 18),  # of CPU, a print of the development sets
    "comparison_ms": Stated(0.78, 0.79),  # of CPU
    "command_s": Stated(0.24, 0.26),  # the whole process, by the clock
}
NAMES = {"extraction_ms": "extraction", "comparison_ms": "comparison", "command_s": "whole command"}
OF = {"extraction_ms": "ms of CPU", "comparison_ms": "ms of CPU", "command_s": "s"}


def speed_part(settings: Settings, bundle: Bundle | None, *, quick: bool = False) -> Part:
    """What takes how long with the model that enrolls, on sample prints.

    The whole command is `fpverify compare` on two of them: it starts, reads, extracts and decides as `fpverify verify`
    does, extracts twice, and opens no store, since none is to be made.

    Args:
        settings: in force.
        bundle: of the model; None if it cannot be used.
        quick: time nothing.
    """
    nothing: dict[str, float | None] = dict.fromkeys(README)
    readme = {name: list(stated) for name, stated in README.items()}
    if quick or bundle is None:
        return Part("speed", {**nothing, "readme": readme}, ())
    try:
        timed = {**nothing, **_timed(Matcher.of(bundle, settings.calibration), bundle.folder)}
    except FpverifyError as error:  # a model of something else than prints
        words = f"nothing could be timed: {error}"
        return Part("speed", {**nothing, "readme": readme}, (), (Finding("speed", words, attention=False),))
    lines = tuple((NAMES[name], _words(name, value)) for name, value in timed.items() if value is not None)
    return Part("speed", {**timed, "readme": readme}, lines, tuple(_slow(timed)))


def _timed(matcher: Matcher, folder: Path) -> dict[str, float | None]:
    first, second = (read_scan(path) for path in (FIRST, SECOND))
    probe, reference = matcher.template(first), matcher.template(second)  # the first time takes longer
    return {
        "extraction_ms": 1000 * _cpu_s(lambda: matcher.template(first)),
        "comparison_ms": 1000 * _cpu_s(lambda: matcher.score(probe, reference)),
        "command_s": _command_s(folder),
    }


def _cpu_s(work: Callable[[], object]) -> float:
    """The median time of work in seconds of CPU, done for `TIMED_S`."""
    taken: list[float] = []
    end = time.perf_counter() + TIMED_S
    while not taken or (time.perf_counter() < end and len(taken) < MOST_TIMES):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return median(taken)


def _command_s(model: Path) -> float | None:
    """The median time of a whole command in seconds; None where none can be run."""
    if not sys.executable:
        return None
    # -P: nothing of the folder where we stand is run; -B: no compiled file is written
    command = [sys.executable, "-P", "-B", "-m", "fpverify", "compare", str(FIRST), str(SECOND), "--model", str(model)]
    taken = []
    for _ in range(COMMANDS):
        start = time.perf_counter()
        try:
            ended = subprocess.run(  # noqa: S603 - of this very Python
                command, capture_output=True, check=False, timeout=PATIENCE_S, env=_environment(), cwd=SAMPLES
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if ended.stdout.split(b"\n", 1)[0].strip() not in {b"match", b"non-match"}:
            return None
        taken.append(time.perf_counter() - start)
    return median(taken)


def _environment() -> dict[str, str]:
    """The variables of this process without settings, of which some may not be for these samples; colours neither."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLE_PREFIX)}
    return {**kept, "NO_COLOR": "1"}


def _words(name: str, value: float) -> str:
    low, high = README[name]
    shown = f"{value:.2g}" if value < ROUND_FROM else f"{value:.0f}"
    return f"{shown} {OF[name]}; README, Zen 4: {low:g} to {high:g}"


def _slow(timed: dict[str, float | None]) -> list[Finding]:
    times = {NAMES[one]: value / README[one].high for one, value in timed.items() if value is not None}
    slow = {name: ratio for name, ratio in times.items() if ratio > SLOW}
    if not slow:
        return []
    said = ", ".join(f"{name} takes {ratio:.0f} times as long" for name, ratio in slow.items())
    why = "the machine is busy, or its processor has no VNNI instructions: try again when it is idle"
    return [Finding("speed", f"{said} as on the README's machine; {why}", attention=False)]
