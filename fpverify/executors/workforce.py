"""Who does the work on many scans: executors of `concurrent.futures` and how many processes they have.

Whatever works on many scans takes a `Workforce`, or an executor that anybody made. What is made here are processes of
this machine, which end with the one that made them, however that ends, and the workers of a Dask cluster.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from fpverify.errors import WorkersUnavailable
from fpverify.executors.lending import Lent, forget

if TYPE_CHECKING:
    from distributed import Client

KILLED = 137  # what a shell says of a process that was killed
ANSWER_S = 10.0  # in which a Dask scheduler answers


class Portable(Protocol):
    """A model that can be sent."""

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        ...

    def packed(self) -> Mapping[str, bytes]:
        """What a folder holds that the model is used from, name to bytes."""
        ...


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

    def model(self, model: Portable) -> Path | CarriedModel:
        """A model's folder as they find it; its files travel to each of them once."""
        return model.folder

    def spares(self, jobs: int) -> bool:
        """Whether so many jobs are done in this process rather than sent to them."""
        return False

    @contextmanager
    def lending(self, thing: Any) -> Iterator[Any]:
        """What stands for something that many jobs need, beside each of them; None is nothing."""
        lent = Lent(uuid4().hex, thing, thing is not None)
        try:
            yield lent
        finally:
            forget(lent.token)  # where the workers are threads


@dataclass(frozen=True, slots=True)
class LocalWorkforce(Workforce):
    """Processes of this machine."""

    def spares(self, jobs: int) -> bool:
        """Where one process is enough, this one does it."""
        return min(jobs, self.workers) < 2


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

    def model(self, model: Portable) -> CarriedModel:
        """The model as the workers keep it, those that come later as well."""
        from fpverify.executors.dask_plugins import ModelFiles

        files = dict(sorted(model.packed().items()))
        digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in files.values())).hexdigest()
        self.client.register_plugin(ModelFiles(digest, files))
        return CarriedModel(digest)

    @contextmanager
    def lending(self, thing: Any) -> Iterator[Any]:
        """It, as the workers keep it meanwhile, those that come later as well."""
        from fpverify.executors.dask_plugins import LentThing

        if thing is None:
            yield Lent(uuid4().hex)
            return
        plugin = LentThing(uuid4().hex, thing)
        self.client.register_plugin(plugin)
        try:
            yield CarriedThing(plugin.token)
        finally:
            with suppress(OSError, RuntimeError):  # the scheduler is gone, and all that it had with it
                self.client.unregister_worker_plugin(plugin.name)


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


@dataclass(frozen=True, slots=True)
class CarriedThing:
    """What many jobs need, as the workers of a cluster keep it.

    Attributes:
        token: which thing this is.
    """

    token: str

    @property
    def is_here(self) -> bool:
        """All of them have it."""
        return True

    @property
    def is_needed(self) -> bool:
        """Nothing else is carried."""
        return True

    def found(self) -> Any:
        """The thing; within one of the workers' jobs."""
        from distributed import get_worker

        from fpverify.executors.dask_plugins import LentThing

        plugin: LentThing = get_worker().plugins[LentThing.name_of(self.token)]
        return plugin.thing

    def mentioned(self) -> CarriedThing:
        """The same."""
        return self


@contextmanager
def local_workforce(workers: int) -> Iterator[LocalWorkforce]:
    """Processes of this machine, started as they are needed. They end when this one dies, and at once with an error.

    Args:
        workers: at least 1. The calling script is started anew in each, which therefore needs its
            `if __name__ == "__main__":`.
    """
    context = get_context("spawn")
    life, held = context.Pipe(duplex=False)  # closed by this process, or by its end
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(life,))
    try:
        yield LocalWorkforce(pool, workers)
    except BaseException:
        held.close()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held.close()
        life.close()


@contextmanager
def dask_workforce(scheduler: str) -> Iterator[DaskWorkforce]:
    """The workers of a cluster, which have fpverify installed.

    Args:
        scheduler: its address, such as tcp://127.0.0.1:8786.

    Raises:
        WorkersUnavailable: Dask is not installed, no scheduler answers, it has no workers, or one of them has not this
            release of fpverify.
    """
    try:
        from distributed import Client
    except ImportError as error:
        from fpverify.extras import install_line

        raise WorkersUnavailable(f"Dask is not installed; {install_line('dask')} brings it") from error
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
        _require_release(client)
        yield DaskWorkforce(client.get_executor(pure=False), workers, client)


def _require_release(client: Client) -> None:
    """Every worker has this release, else their templates may be others; and jobs that none can read never end."""

    def release() -> str:  # it travels whole, as what is defined within a function does, to where no fpverify may be
        from importlib import import_module

        return str(import_module("fpverify").__version__)

    for address, found in client.run(release, on_error="return").items():
        if found != release() and not isinstance(found, OSError):  # that of a worker which has gone meanwhile
            raise WorkersUnavailable(
                f"{address}: this worker {_has(found)}; here it is {release()}, which all workers have to have"
            )


def _has(release: str | Exception) -> str:
    """What a worker has, by what it said when it was asked for its release."""
    if isinstance(release, str):
        return f"has fpverify {release}"
    if isinstance(release, ImportError | AttributeError):
        return "has no fpverify"
    reason = " ".join(str(release).split())
    return f"cannot say which fpverify it has ({type(release).__name__}: {reason})"


def file_digest(path: Path) -> str:
    """The SHA-256 of a file in hex; empty if there is none that can be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _begin(life: Connection) -> None:
    """What a process does first: it leaves Ctrl-C to the one that made it, and works on one core."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    Thread(target=_end_with, args=(life,), daemon=True).start()


def _end_with(life: Connection) -> None:
    """Ends this process as soon as nobody holds the other end of the pipe, whatever it is at."""
    with suppress(OSError):
        life.poll(None)
    os._exit(KILLED)
