"""Batches made ahead of their use, in other processes, in order."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import TypeVar

import cv2

T = TypeVar("T")

AHEAD = 2  # batches in the making or waiting for each worker


def prefetched(make: Callable[[int], T], numbers: Iterable[int], *, workers: int) -> Iterator[T]:
    """`make(number)` for every number, in order.

    Args:
        make: picklable; a pure function, so that the result does not depend on the number of workers.
        numbers: of the batches.
        workers: processes; 0 makes batches in this one.
    """
    if workers == 0:
        yield from map(make, numbers)
        return
    remaining = iter(numbers)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
        waiting: deque[Future[T]] = deque(pool.submit(make, number) for number in islice(remaining, AHEAD * workers))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(make, number) for number in islice(remaining, 1))
            yield result


def _begin_worker() -> None:
    """Workers share the cores already; and one whose parent was killed has nothing to wait for."""
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
