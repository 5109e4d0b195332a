"""Processes that are set up once and answer jobs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial

import pytest

from fpverify.errors import FailureToAcquire, ModelError
from fpverify.evaluation.workers import answers


@dataclass(frozen=True)
class Adding:
    """Begins to add a number, which every process is told once."""

    number: int

    def __call__(self) -> Callable[[int], tuple[int, int]]:
        return lambda job: (job + self.number, os.getpid())


def refusing(job: int) -> int:
    raise FailureToAcquire(f"job {job}")


def dying(job: int) -> int:
    os._exit(9)


def sleeping(job: int) -> int:
    time.sleep(60)
    return job


def beginning(work: Callable[[int], int]) -> Callable[[int], int]:
    return work


def failing() -> Callable[[int], int]:
    raise ModelError("no model")


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("jobs", [0, 1, 25])
def test_every_job_is_answered_once(workers: int, jobs: int) -> None:
    found = dict(answers(Adding(5), range(jobs), workers))
    assert {number: answer for number, (answer, _) in found.items()} == {k: k + 5 for k in range(jobs)}
    others = {pid for _, pid in found.values()}
    assert (os.getpid() in others) == (min(workers, jobs) == 1)
    assert len(others) <= workers


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_job_is_raised_here(workers: int) -> None:
    with pytest.raises(FailureToAcquire, match="job"):
        list(answers(partial(beginning, refusing), range(4), workers))
    with pytest.raises(ModelError, match="no model"):
        list(answers(failing, range(4), workers))


def test_a_process_that_was_ended_is_an_error_and_not_waited_for() -> None:
    with pytest.raises(BrokenProcessPool):
        list(answers(partial(beginning, dying), range(4), 2))


def test_processes_end_when_the_answers_are_no_longer_wanted() -> None:
    from multiprocessing import active_children

    some = answers(Adding(1), range(100), 2)
    next(some)
    some.close()  # type: ignore[attr-defined]  # it is a generator
    assert active_children() == []


def test_an_interrupt_does_not_wait_for_long_jobs() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(KeyboardInterrupt):
            list(answers(partial(beginning, sleeping), range(2), 2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 20
