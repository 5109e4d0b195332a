"""Several matchers on the same pairs: which is better, and can the fingers at hand tell?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.errors import ScanError
from fpverify.evaluation.rates.doubts import doubts
from fpverify.evaluation.rates.error_rates import supported
from fpverify.evaluation.rates.paired import Difference, eer_difference
from fpverify.evaluation.rates.summary import failed_comparisons, indicators
from fpverify.evaluation.scores_file import read_scores
from fpverify.vocabulary import Evaluation

SEPARATOR = "__"  # of a file's name: `<matcher>__<set>.csv`
INDICATORS = ("eer", "fmr100", "fmr1000", "zerofmr")


@dataclass(frozen=True, slots=True, eq=False)
class MatcherRow:
    """One matcher on every set.

    Attributes:
        name: of the matcher.
        evaluations: by set.
        metrics: by set: FVC's indicators with intervals.
        against_best: by set, EER less that of the best matcher, the same fingers drawn for both; None for the best.
    """

    name: str
    evaluations: Mapping[str, Evaluation]
    metrics: Mapping[str, Mapping[str, Any]]
    against_best: Mapping[str, Difference] | None = None

    @property
    def mean(self) -> dict[str, float]:
        """Of each indicator over the sets."""
        return {name: float(np.mean([one[name] for one in self.metrics.values()])) for name in INDICATORS}

    @property
    def comparisons(self) -> int:
        """On all sets, made or failed."""
        return sum(one["comparisons"] for one in self.metrics.values())

    @property
    def failed(self) -> int:
        """Comparisons on all sets that could not be made."""
        return sum(one["failed"] for one in self.metrics.values())

    @property
    def notes(self) -> list[str]:
        """What is to be known of its scores, with the names of matcher and set."""
        return [
            f"{self.name}{f' on {name}' if name else ''}: {note}"
            for name, one in self.metrics.items()
            for note in one["notes"]
        ]


@dataclass(frozen=True, slots=True, eq=False)
class MatchersContent:
    """What a comparison of matchers says.

    Attributes:
        title: of the page.
        sets: names, in order.
        rows: matchers, the lowest mean EER first.
        provenance: what it takes to repeat it, name to value.
    """

    title: str
    sets: Sequence[str]
    rows: Sequence[MatcherRow]
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """Of all matchers."""
        return [note for row in self.rows for note in row.notes]

    def curves(self) -> dict[str, list[Evaluation]]:
        """For each set the evaluations to draw, named after their matchers."""
        return {one: [row.evaluations[one] for row in self.rows] for one in self.sets}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "title": self.title,
            "sets": list(self.sets),
            "notes": self.notes,
            "matchers": [
                {
                    "name": row.name,
                    "mean": row.mean,
                    "metrics": {name: dict(figures) for name, figures in row.metrics.items()},
                    "eer_less_best": None
                    if row.against_best is None
                    else {
                        name: {**asdict(one), "excludes_zero": one.excludes_zero}
                        for name, one in row.against_best.items()
                    },
                }
                for row in self.rows
            ],
            "provenance": dict(self.provenance),
        }


def read_matchers(files: Sequence[str | Path]) -> dict[str, dict[str, Evaluation]]:
    """Scores files by matcher and set.

    A file `<matcher>__<set>.csv` is one set of a matcher; without the two underscores the whole name is the matcher's,
    and its set has no name.

    Raises:
        ScanError: a file cannot be read, a matcher has two files for a set, or lacks a set that another one has.
    """
    found: dict[str, dict[str, Evaluation]] = {}
    for path in map(Path, files):
        matcher, _, name = path.stem.partition(SEPARATOR)
        sets = found.setdefault(matcher, {})
        if name in sets:
            raise ScanError(f"{path}: a second file of {matcher} for {name or 'its set'}; give each once")
        sets[name] = _measured(read_scores(path), path)
    every = list(dict.fromkeys(name for sets in found.values() for name in sets))
    for matcher, sets in found.items():
        for name in every:
            if name not in sets:
                raise ScanError(
                    f"{matcher} has no scores for {name or 'the set without a name'}, which other matchers have; "
                    f"files are named <matcher>{SEPARATOR}<set>.csv"
                )
    return found


def _measured(evaluation: Evaluation, path: Path) -> Evaluation:
    """The evaluation, if comparisons of both kinds were made."""
    for kind, side in (("", evaluation.mated | True), ("mated ", evaluation.mated), ("non-mated ", ~evaluation.mated)):
        failed = int(side.sum())
        if not np.isfinite(evaluation.scores[side]).any():
            raise ScanError(f"{path}: no {kind}comparison was made ({failed} failed), so there are no rates")
    return evaluation


def matchers_content(
    title: str, found: Mapping[str, Mapping[str, Evaluation]], provenance: Mapping[str, str] | None = None
) -> MatchersContent:
    """The content for matchers that compared the same pairs.

    Raises:
        ScanError: two matchers did not compare the same pairs of a set.
    """
    rows = sorted((_row(name, sets) for name, sets in found.items()), key=lambda row: row.mean["eer"])
    best = rows[0]
    others = [
        MatcherRow(
            row.name,
            row.evaluations,
            row.metrics,
            {name: eer_difference(one, best.evaluations[name]) for name, one in row.evaluations.items()},
        )
        for row in rows[1:]
    ]
    return MatchersContent(title, tuple(best.evaluations), (best, *others), dict(provenance or {}))


def _row(name: str, sets: Mapping[str, Evaluation]) -> MatcherRow:
    named = {one: replace(evaluation, name=name) for one, evaluation in sets.items()}
    return MatcherRow(name, named, {one: _metrics(evaluation) for one, evaluation in named.items()})


def _metrics(evaluation: Evaluation) -> dict[str, Any]:
    non_mated = int((~evaluation.mated).sum())
    return {
        "fmr1000_supported": supported(non_mated, 0.001),
        "mated": int(evaluation.mated.sum()),
        "non_mated": non_mated,
        "comparisons": len(evaluation.mated),
        "failed": failed_comparisons(evaluation),
        "fta": len(evaluation.failures) / len(evaluation.scans),
        "notes": [*evaluation.notes, *doubts(evaluation)],
        **indicators(evaluation),
    }
