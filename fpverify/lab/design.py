"""What a design is made of: network and loss, pairs, changes, and when training ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from fpverify.errors import SettingsError
from fpverify.lab.changes import Change, Unchanged
from fpverify.lab.examples import Kind, Split, View
from fpverify.lab.learners import Learner
from fpverify.lab.pairs import Sampling

NO_CHANGES: Mapping[str, Mapping[str, Any]] = MappingProxyType({"": MappingProxyType({})})


@dataclass(frozen=True, slots=True)
class Stopping:
    """How a design is trained, and when it stops.

    Attributes:
        epochs: at most.
        batch: pairs of one step.
        optimizer: Keras' name.
        rate: learning rate; None takes Keras' own.
        patience: epochs without a better validation loss after which training stops; None never stops early.
    """

    epochs: int
    batch: int = 32
    optimizer: str = "rmsprop"
    rate: float | None = None
    patience: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A published design, declared.

    Attributes:
        name: as the command line has it.
        source: where it was published.
        reported: what its source says it reached.
        shows: what the reader is to see in our figures.
        data: names of the sets that `lab table` measures it on; the first is the default.
        learner: network, loss and comparison.
        pairs: which examples are paired.
        change: of the images, in training; and in measuring where `pairs` makes copies.
        stopping: how long and how fast it learns.
        view: how it sees images, by what they show; "" is the default.
        splits: the source's first.
        shares: of training and thresholds.
        seeds: of the trials of the table.
        cutoff: fixed threshold on the score, as the source has it; None where it has none.
        variants: name -> fields that differ; "" is the design itself.
        variant_seeds: of the variants' trials.
        probes: further sets it is measured on, untrained.
        scales: measured with right images at other resolutions, factors.
        start: trained first; layers of the same name start from its weights.
    """

    name: str
    source: str
    reported: str
    shows: str
    data: tuple[str, ...]
    learner: Learner
    pairs: Sampling
    stopping: Stopping
    change: Change = field(default_factory=Unchanged)
    view: Mapping[str, View] = field(default_factory=lambda: {"": View()})
    splits: tuple[Split, ...] = ("identities",)
    shares: tuple[float, float] = (0.6, 0.2)
    seeds: tuple[int, ...] = (0,)
    cutoff: float | None = None
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: NO_CHANGES)
    variant_seeds: tuple[int, ...] = (0,)
    probes: tuple[str, ...] = ()
    scales: tuple[float, ...] = ()
    start: Design | None = None

    def variant(self, name: str) -> Design:
        """The design with the changes of a variant; "" is the design itself.

        Raises:
            SettingsError: it has no such variant.
        """
        known = {**NO_CHANGES, **self.variants}
        if name not in known:
            raise SettingsError(f"{self.name} has no variant {name!r}; there are {', '.join(filter(None, known))}")
        return replace(self, **known[name])

    @property
    def fingerprint(self) -> str:
        """Hash of all that its network and training depend on: a result of another one is stale."""
        names = ("learner", "pairs", "change", "stopping", "view", "shares", "cutoff", "probes", "scales", "start")
        said = "|".join(repr(getattr(self, name)) for name in names)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def view_of(self, kind: Kind) -> View:
        """How it sees images of this kind."""
        return self.view.get(kind, self.view[""])
