"""Who does the work on many scans: executors of `concurrent.futures` and how many processes they have.

Whatever works on many scans takes a `Workforce`, or an executor that anybody made. What is made here are processes of
this machine, which end with the one that made them, however that ends, and the workers of a Dask cluster.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from fpverify.errors import WorkersUnavailable

if TYPE_CHECKING:
    from distributed import Client

KILLED = 137  # what a shell says of a process that was killed
ANSWER_S = 10.0  # in which a Dask scheduler answers
INSTALL = "`pip install 'fpverify[dask]'`"


@dataclass(frozen=True, slots=True)
class Workforce:
    """Processes that work, of this machine, or of whoever made the executor.

    Attributes:
        executor: takes the work.
        workers: how many do it at a time.
    """

    executor: Executor
    workers: int

    def sees(self, path: Path) -> bool:
        """Whether all of them read the same file under this path; otherwise files have to be sent."""
        return path.exists()

    def model(self, folder: Path) -> Path | CarriedModel:
        """A model's folder as they find it; its files travel to each of them once."""
        return folder

    def shared(self, thing: Any) -> Any:
        """Something that many jobs need, as their argument; it travels to each of them once, where that can be."""
        return thing


@dataclass(frozen=True, slots=True)
class DaskWorkforce(Workforce):
    """The workers of a Dask cluster.

    Attributes:
        client: of its scheduler.
    """

    client: Client

    def sees(self, path: Path) -> bool:
        """Whether all read the same file under this path, by its SHA-256."""
        digest = file_digest(path)
        return digest != "" and all(one == digest for one in self.client.run(file_digest, path).values())

    def model(self, folder: Path) -> CarriedModel:
        """The model as the workers keep it, those that come later as well."""
        from fpverify.executors.dask_models import ModelFiles

        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in files.values())).hexdigest()
        self.client.register_plugin(ModelFiles(digest, files))
        return CarriedModel(digest)

    def shared(self, thing: Any) -> Any:
        """It, as each worker keeps it."""
        return self.client.scatter(thing, broadcast=True)


@dataclass(frozen=True, slots=True)
class CarriedModel:
    """A model that was sent to the workers of a cluster.

    Attributes:
        digest: of its files.
    """

    digest: str

    @property
    def folder(self) -> Path:
        """Where this worker keeps it; within one of its jobs."""
        from distributed import get_worker

        return Path(get_worker().local_directory) / self.digest


@contextmanager
def local_workforce(workers: int) -> Iterator[Workforce]:
    """Processes of this machine, started as they are needed.

    Args:
        workers: at least 1. The calling script is started anew in each, which therefore needs its
            `if __name__ == "__main__":`.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield Workforce(pool, workers)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def dask_workforce(scheduler: str) -> Iterator[DaskWorkforce]:
    """The workers of a cluster, which have fpverify installed.

    Args:
        scheduler: its address, such as tcp://127.0.0.1:8786.

    Raises:
        WorkersUnavailable: Dask is not installed, no scheduler answers, or it has no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkersUnavailable(f"Dask is not installed; {INSTALL} brings it") from error
    try:
        client = Client(scheduler, timeout=ANSWER_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkersUnavailable(f"{scheduler}: no Dask scheduler answers there") from error
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise WorkersUnavailable(
                f"{scheduler}: the scheduler has no workers; start some with `dask worker {scheduler}`"
            )
        yield DaskWorkforce(client.get_executor(pure=False), workers, client)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hex; empty if there is none that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


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
