"""Processes that begin once and then answer jobs; threads stand for executors that anybody may give."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from threading import get_ident
from typing import Any

import pytest

from fpverify.errors import FailureToAcquire, ModelError
from fpverify.executors import Workforce, answers, jobs, lending, local_workforce


@dataclass(frozen=True)
class Adding:
    """Begins to add a number, and what is lent."""

    number: int

    def __call__(self, lent: int | None) -> Callable[[int], tuple[int, int]]:
        return lambda job: (job + self.number + (lent or 0), os.getpid())


@dataclass(frozen=True)
class Large:
    """Something that tells how often it travelled."""

    tally: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return arrived, (self.tally,)


def arrived(tally: Path) -> Large:
    with tally.open("a") as file:
        file.write(f"{os.getpid()}\n")
    return Large(tally)


@pytest.fixture
def children() -> Callable[[], set[Any]]:
    """The processes that the test has begun: those of a cluster were there before."""
    before = set(active_children())
    return lambda: set(active_children()) - before


def refusing(job: int) -> int:
    raise FailureToAcquire(f"job {job}")


def dying(job: int) -> int:
    os._exit(9)


def sleeping(job: int) -> int:
    time.sleep(60)
    return job


def named(job: int) -> tuple[int, int]:
    time.sleep(0.005)
    return job, os.getpid()


def beginning(work: Callable[[int], Any], _: object) -> Callable[[int], Any]:
    return work


def failing(_: object) -> Callable[[int], int]:
    raise ModelError("no model")


@pytest.mark.parametrize("lent", [None, 100])
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 25])
def test_every_job_is_answered_once(workers: int, count: int, lent: int | None) -> None:
    with local_workforce(workers) as force:
        found = dict(answers(force, Adding(5), iter(range(count)), lent))
    assert {number: one for number, (one, _) in found.items()} == {k: k + 5 + (lent or 0) for k in range(count)}
    others = {pid for _, pid in found.values()}
    assert (os.getpid() in others) == (min(workers, count) == 1)
    assert len(others) <= workers


def test_what_is_to_be_done_here_is_done_here(children: Callable[[], set[Any]]) -> None:
    with local_workforce(2) as force:
        assert {pid for _, (_, pid) in answers(force, Adding(5), range(25), here=True)} == {os.getpid()}
        assert children() == set()


def test_processes_go_on_with_the_next_jobs() -> None:
    with local_workforce(2) as force:
        before = {pid for _, (_, pid) in answers(force, partial(beginning, named), range(50))}
        after = {pid for _, (_, pid) in answers(force, Adding(1), range(50))}
        assert len(before | after) <= 2


def test_what_is_lent_travels_about_once_to_each_process(tmp_path: Path) -> None:
    tally = tmp_path / "tally"
    with local_workforce(2) as force:
        found = dict(answers(force, partial(beginning, named), range(400), Large(tally)))
    assert len(found) == 400
    assert 2 <= len(tally.read_text().split()) <= 2 * jobs.AHEAD * 2  # not 400


@pytest.mark.parametrize("made", [lambda: ProcessPoolExecutor(2, get_context("spawn")), lambda: ThreadPoolExecutor(2)])
def test_any_executor_will_do(made: Callable[[], Any]) -> None:
    with made() as executor:
        found = {number: one for number, (one, _) in answers(Workforce(executor, 2), Adding(5), range(25), 100)}
    assert found == {k: k + 105 for k in range(25)}


def test_a_thread_begins_for_itself_and_gives_up_what_was_lent() -> None:
    begun: list[int] = []

    def begin(lent: list[int]) -> Callable[[int], int]:
        begun.append(get_ident())
        return lambda job: (time.sleep(0.002), lent[0])[1]

    with ThreadPoolExecutor(2) as executor:
        assert {one for _, one in answers(Workforce(executor, 2), begin, range(50), [7])} == {7}
        assert len(begun) == len(set(begun)) <= 2
        assert not {key for key in lending._BEGUN if key[0] in begun}


@dataclass(frozen=True)
class Keeping:
    """Begins to tell how much a process keeps begun, and when it began."""

    number: int

    def __call__(self, _: object) -> Callable[[int], tuple[int, float]]:
        began = time.monotonic()
        return lambda job: (len(lending._BEGUN), began)


def test_a_process_keeps_few_works_and_begins_an_equal_one_once() -> None:
    with local_workforce(2) as force:
        once = {began for _ in range(9) for _, (_, began) in answers(force, Keeping(0), range(20))}
        assert len(once) <= 2
        for number in range(9):
            assert all(kept <= lending.KEPT_WORKS for _, (kept, _) in answers(force, Keeping(number), range(20)))


def test_jobs_are_asked_for_when_their_turn_comes() -> None:
    asked: list[int] = []

    def given() -> Iterator[int]:
        for number in range(400):
            asked.append(number)
            yield number

    with local_workforce(2) as force:
        for done, _ in enumerate(answers(force, Adding(1), given()), 1):
            assert len(asked) <= done + 2 * jobs.AHEAD


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_job_is_raised_here(workers: int) -> None:
    with pytest.raises(FailureToAcquire, match="job"), local_workforce(workers) as force:
        list(answers(force, partial(beginning, refusing), range(4)))
    with pytest.raises(ModelError, match="no model"), local_workforce(workers) as force:
        list(answers(force, failing, range(4)))


def test_a_process_that_was_ended_is_an_error_and_not_waited_for() -> None:
    with pytest.raises(BrokenProcessPool), local_workforce(2) as force:
        list(answers(force, partial(beginning, dying), range(4)))


def test_processes_end_with_their_workforce(children: Callable[[], set[Any]]) -> None:
    with local_workforce(2) as force:
        some = answers(force, Adding(1), range(100))
        next(some)
        some.close()  # type: ignore[attr-defined]  # it is a generator
        assert children() != set()
    assert children() == set()


def test_an_interrupt_does_not_wait_for_long_jobs(children: Callable[[], set[Any]]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    start = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 2.0)
        with pytest.raises(KeyboardInterrupt), local_workforce(2) as force:
            list(answers(force, partial(beginning, sleeping), range(20), b"." * 10_000_000))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 20
    assert children() == set()


KILLED = """
import sys, time
from fpverify.executors import answers, local_workforce
def begin(lent):
    def work(job):
        open(f"{sys.argv[1]}/{job}", "w").close()
        time.sleep(60)
    return work
if __name__ == "__main__":
    with local_workforce(2) as force:
        list(answers(force, begin, range(9)))
"""


def test_processes_end_when_the_one_that_made_them_is_killed(tmp_path: Path) -> None:
    (tmp_path / "killed.py").write_text(KILLED)
    (tmp_path / "begun").mkdir()
    command = [sys.executable, tmp_path / "killed.py", tmp_path / "begun"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        end = time.monotonic() + 60
        while len(list((tmp_path / "begun").iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        running.kill()
        assert running.stdout is not None
        assert running.stdout.read() == b""  # whoever holds it has ended
        assert time.monotonic() < end
