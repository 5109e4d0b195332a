"""What the workers of a Dask cluster keep, those that come later as well; imported where Dask is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin

from fpverify.executors.lending import forget


class ModelFiles(WorkerPlugin):  # type: ignore[misc]  # untyped
    """A model's files, which are sent to each worker once.

    Attributes:
        name: under which the cluster knows it.
    """

    idempotent = True  # a cluster that has it is not sent it again

    def __init__(self, digest: str, files: dict[str, bytes]) -> None:
        self.name = f"fpverify-{digest}"
        self._digest = digest
        self._files = files

    def setup(self, worker: Worker) -> None:
        """Writes the files into the worker's own folder; a model is loaded only if they fit their hashes."""
        folder = Path(worker.local_directory) / self._digest
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, content in self._files.items():
            (folder / name).write_bytes(content)


class LentThing(WorkerPlugin):  # type: ignore[misc]  # untyped
    """Something that many jobs need; in memory alone, until it is taken back.

    Attributes:
        token: which thing this is.
        thing: itself.
        name: under which the cluster knows it.
    """

    def __init__(self, token: str, thing: Any) -> None:
        self.token = token
        self.thing = thing
        self.name = self.name_of(token)

    def teardown(self, worker: Worker) -> None:
        """Takes it back."""
        forget(self.token)

    @staticmethod
    def name_of(token: str) -> str:
        """The name of the thing with a token."""
        return f"fpverify-lent-{token}"
