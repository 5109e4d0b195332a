"""A model whose scores are a hundred times the similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fpverify.comparison import similarities
from fpverify.testing.made_up_prints import MODEL
from fpverify.vocabulary import AlignmentKind, Score, Scores, Template


@dataclass
class MadeUp:
    """Its files are those of a search."""

    files: dict[str, bytes]
    model_id: str = MODEL
    kind: str = "minutiae"
    folder: Path = Path("made-up")
    alignment: AlignmentKind = "rigid"

    @property
    def bundle(self) -> Any:
        return self

    @property
    def card(self) -> Any:
        return SimpleNamespace(search_files=dict.fromkeys(self.files, ""))

    @property
    def calibration(self) -> Any:
        return SimpleNamespace(evidence_score=50.0)

    def content(self, name: str) -> bytes:
        return self.files[name]

    def similarities(self, probe: Template, references: Sequence[Template]) -> Scores:
        return similarities(probe, references)

    def heeded(self, probe: Template, references: Sequence[Template], raw: Scores) -> Scores:
        return raw

    def calibrated(self, raw: Sequence[float]) -> list[Score]:
        return [Score(100 * float(value), extrapolated=False) for value in raw]


PLAIN = MadeUp({})
