"""Jobs that the processes of a workforce answer.

What a process needs for all of its jobs is sent to it once, or as good as once; a job carries only what is new. Which
process answers which job is left to chance, so an answer must not depend on the jobs before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import chain, islice
from typing import Any, TypeVar

from fpverify.executors.lending import Lacking, answered
from fpverify.executors.workforce import Workforce

Job = TypeVar("Job")
Answer = TypeVar("Answer")
Work = Callable[[Job], Answer]
Begin = Callable[[Any], Work[Job, Answer]]

AHEAD = 4  # jobs under way for each process, so that none waits for the next


def answers(
    workforce: Workforce,
    begin: Begin[Job, Answer],
    jobs: Iterable[Job],
    shared: Any = None,
    *,
    here: bool = False,
) -> Iterator[tuple[int, Answer]]:
    """(number of the job, its answer), in the order in which the answers come.

    Args:
        workforce: who does it.
        begin: called once in every process, with `shared`; gives what answers the jobs. It is small, as it is sent
            with each job, pickled like jobs and answers. Where nothing is shared, processes that have begun with an
            equal one before go on with that.
        jobs: any number; each is asked for when its turn comes.
        shared: what all jobs need, if that is large.
        here: do it in this process.

    Raises:
        BrokenExecutor: a process was ended from outside.
        Exception: what `begin` or a job raised.
    """
    waiting = enumerate(jobs)
    first = list(islice(waiting, 2))
    if here or workforce.spares(len(first)):
        if first:
            work = begin(shared)
            yield from ((number, work(job)) for number, job in chain(first, waiting))
        return
    with workforce.lending(shared) as lent:
        yield from _asked(workforce, begin, chain(first, waiting), lent)


def _asked(
    workforce: Workforce, begin: Begin[Any, Any], waiting: Iterator[tuple[int, Any]], lent: Any
) -> Iterator[tuple[int, Any]]:
    """Jobs are left to end, even if their answers are no longer wanted: few are under way."""
    under_way: dict[Future[Any], tuple[int, Any]] = {}

    def ask(number: int, job: Any, beside: Any) -> None:
        under_way[workforce.executor.submit(answered, begin, beside, job)] = (number, job)

    for number, job in islice(waiting, AHEAD * workforce.workers):
        ask(number, job, lent if number < workforce.workers else lent.mentioned())
    while under_way:
        for done in wait(under_way, return_when=FIRST_COMPLETED).done:
            number, job = under_way.pop(done)
            answer = done.result()
            if isinstance(answer, Lacking):
                ask(number, job, lent)
                continue
            for following in islice(waiting, 1):
                ask(*following, lent.mentioned())
            yield number, answer
