"""Processes that are set up once and then answer jobs.

What a process needs for all of its jobs is sent to it once; a job carries only what is new. Which process answers which
job is left to chance, so an answer must not depend on the jobs before it.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Work = Callable[[Job], Answer]

AHEAD = 2  # jobs a process has been given at a time: it never waits for the next, and few are lost when it ends
FAREWELL_S = 1.0  # for a process to notice that its pipe was closed


def answers(begin: Callable[[], Work[Job, Answer]], jobs: Sequence[Job], workers: int) -> Iterator[tuple[int, Answer]]:
    """(number of the job, its answer), in the order in which the answers come.

    Args:
        begin: called once in every process; gives what answers the jobs. It is pickled, as jobs and answers are.
        jobs: any number.
        workers: processes; no more than there are jobs, and none but this one where one is enough.

    Raises:
        BrokenProcessPool: a process was ended from outside.
        Exception: what `begin` or a job raised.
    """
    count = min(workers, len(jobs))
    if count > 1:
        with _Processes(begin, count) as processes:
            yield from processes.answers(jobs)
    elif jobs:
        work = begin()
        for number, job in enumerate(jobs):
            yield number, work(job)


class _Processes:
    """Started all at once, each at the other end of a pipe. They end with the pipe, so also when this process dies."""

    def __init__(self, begin: Callable[[], Work[Any, Any]], count: int) -> None:
        context = get_context("spawn")
        pipes = [context.Pipe() for _ in range(count)]
        self._processes = [context.Process(target=_work, args=(there,), daemon=True) for _, there in pipes]
        self._pipes = [here for here, _ in pipes]
        for process, (_, there) in zip(self._processes, pipes, strict=True):
            process.start()
            there.close()
        for pipe in self._pipes:
            _send(pipe, begin)

    def __enter__(self) -> _Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(FAREWELL_S if error is None else 0.0)
            process.terminate()
            process.join()

    def answers(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """All answers, numbered."""
        waiting = iter(enumerate(jobs))
        for pipe in self._pipes * AHEAD:
            _send_next(pipe, waiting)
        left = len(jobs)
        while left:
            ready = set(wait(self._pipes))
            for pipe in self._pipes:
                if pipe not in ready:
                    continue
                number, answer, error = _received(pipe)
                if error is not None:
                    raise error
                _send_next(pipe, waiting)
                left -= 1
                yield number, answer


def _send_next(pipe: Connection, waiting: Iterator[tuple[int, Any]]) -> None:
    job = next(waiting, None)
    if job is not None:
        _send(pipe, job)


def _send(pipe: Connection, thing: object) -> None:
    try:
        pipe.send(thing)
    except OSError as error:
        raise _lost() from error


def _received(pipe: Connection) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError) as error:
        raise _lost() from error


def _lost() -> Exception:
    from concurrent.futures.process import BrokenProcessPool

    return BrokenProcessPool("a worker process was ended from outside")


def _work(pipe: Connection) -> None:
    """What a process does all its life: answer, until nobody asks any more."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the user interrupts the command, which then closes the pipe
    cv2.setNumThreads(1)
    with suppress(EOFError, OSError):
        _, work, error = _outcome(0, pipe.recv())
        if error is not None:
            pipe.send((0, None, error))
        while True:
            number, job = pipe.recv()
            pipe.send(_outcome(number, work, job))


def _outcome(number: int, work: Callable[..., Any], *given: Any) -> tuple[int, Any, Exception | None]:
    """(number, answer, None), or (number, None, what was raised)."""
    try:
        return number, work(*given), None
    except Exception as error:
        return number, None, error
