"""A model's files on the workers of a Dask cluster; imported where Dask is there."""

from __future__ import annotations

from pathlib import Path

from distributed import Worker
from distributed.diagnostics.plugin import WorkerPlugin


class ModelFiles(WorkerPlugin):  # type: ignore[misc]  # untyped
    """Sends a model to each worker once, those that come later as well.

    Attributes:
        name: under which the cluster knows it, so that it is sent once.
    """

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
