"""Executors of `concurrent.futures`: where work on many scans is done.

Whatever works on many scans takes an executor, so that anybody's will do. Those that are made here are processes of
this machine, which end with the one that made them, however that ends.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread

KILLED = 137  # what a shell says of a process that was killed


@contextmanager
def local_executor(workers: int) -> Iterator[Executor]:
    """Processes of this machine, started as they are needed.

    Args:
        workers: at least 1. The calling script is started anew in each, which therefore needs its
            `if __name__ == "__main__":`.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """What a process does first: it leaves Ctrl-C to the one that made it, and works on one core."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(KILLED)
