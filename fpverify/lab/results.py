"""Results of trials as small JSON files, each with all that it depends on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from fpverify.errors import ModelError
from fpverify.lab.examples import Split

LIBRARIES = ("fpverify", "numpy", "opencv-python-headless", "keras", "scikit-learn", "scikit-image")
SHIPPED = Path(__file__).parent / "measured"  # the results of all trials that come with the package
BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What is trained on what.

    Attributes:
        design: its name.
        data: name of the set, or a path.
        split: how training and test are kept apart.
        variant: of the design; "" is the design itself.
        seed: of split, weights, pairs and order.
    """

    design: str
    data: str
    split: Split = "identities"
    variant: str = ""
    seed: int = 0

    @property
    def name(self) -> str:
        """As the result's file has it."""
        words = (self.design, Path(self.data).stem, self.split, self.variant.replace(" ", "-"), f"seed{self.seed}")
        return "_".join(filter(None, words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A trial's figures.

    Attributes:
        trial: what was trained on what.
        declared: hash of the design's declaration.
        parameters: of the network.
        steps: of training.
        seconds: of the whole trial.
        curves: losses by epoch, thinned.
        figures: fractions, but for distances and `step_ms`; nested for further sets.
        data_sha256: of the set.
        versions: of what the figures were made with.
    """

    trial: Trial
    declared: str
    parameters: int
    steps: int
    seconds: float
    curves: dict[str, list[float]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    data_sha256: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Writes `<trial>.json`, whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.trial.name}.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        part.replace(path)
        return path


def read_result(path: Path) -> Result:
    """A result from its file.

    Raises:
        ModelError: it is no result.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Result(**{**content, "trial": Trial(**content["trial"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: no result of a trial; delete it, and lab table makes it anew") from error


def read_results(folder: Path) -> Iterator[Result]:
    """All results of a folder, by name."""
    return (read_result(path) for path in sorted(folder.glob("*.json")))


def versions() -> dict[str, str]:
    """Of Python, Keras' backend and those libraries that are installed."""
    import keras

    backend = str(keras.backend.backend())
    known = {name: _version(name) for name in (*LIBRARIES, BACKENDS.get(backend, backend))}
    return {"python": python_version(), "backend": backend, **{name: one for name, one in known.items() if one}}


def _version(distribution: str) -> str:
    """Empty if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
