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
from fpverify.evaluation.rates.paired import Difference, indicator_differences
from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.summary import failed_comparisons, indicators
from fpverify.evaluation.scores_file import read_scores
from fpverify.vocabulary import Evaluation

SEPARATOR = "__"  # of a file's name: `<matcher>__<set>.csv`
INDICATORS = ("eer", "fmr100", "fmr1000", "zerofmr")
COMPARED = ("eer", "fmr1000")  # of which differences are stated


@dataclass(frozen=True, slots=True, eq=False)
class MatcherRow:
    """One matcher on every set.

    Attributes:
        name: of the matcher.
        evaluations: by set.
        metrics: by set: FVC's indicators with intervals.
        whole: the only set, or all pooled: every comparison counts the same, at one threshold.
        pooled: metrics of `whole`.
        less_best: by indicator (eer, fmr1000) and set, less that of the best matcher, the same fingers drawn for both;
            None for the best.
        pooled_less_best: the same for `whole`, by indicator.
    """

    name: str
    evaluations: Mapping[str, Evaluation]
    metrics: Mapping[str, Mapping[str, Any]]
    whole: Evaluation
    pooled: Mapping[str, Any]
    less_best: Mapping[str, Mapping[str, Difference]] | None = None
    pooled_less_best: Mapping[str, Difference] | None = None

    @property
    def against_best(self) -> Mapping[str, Difference] | None:
        """By set, EER less that of the best matcher."""
        return None if self.less_best is None else self.less_best["eer"]

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

    @property
    def has_pooled(self) -> bool:
        """Whether there are several sets, and so something to pool."""
        return len(self.sets) > 1

    def curves(self) -> dict[str, list[Evaluation]]:
        """For each set the evaluations to draw, named after their matchers."""
        return {one: [_named(row.evaluations[one], row.name) for row in self.rows] for one in self.sets}

    def pooled_curves(self) -> list[Evaluation]:
        """All sets pooled, likewise."""
        return [_named(row.whole, row.name) for row in self.rows]

    def best_of(self, indicator: str) -> dict[str, float]:
        """The lowest of the matchers' values by set, of their `mean`, and of what is `pooled`."""
        return {
            **{f"of {name}": min(row.metrics[name][indicator] for row in self.rows) for name in self.sets},
            "mean": min(row.mean[indicator] for row in self.rows),
            "pooled": min(row.pooled[indicator] for row in self.rows),
        }

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
                    "pooled": dict(row.pooled),
                    "eer_less_best": _differences(row.less_best["eer"] if row.less_best else None),
                    "fmr1000_less_best": _differences(row.less_best["fmr1000"] if row.less_best else None),
                    "pooled_less_best": _differences(row.pooled_less_best),
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
    others = [_against(row, best) for row in rows[1:]]
    return MatchersContent(title, tuple(best.evaluations), (best, *others), dict(provenance or {}))


def _row(name: str, sets: Mapping[str, Evaluation]) -> MatcherRow:
    named = {one: replace(evaluation, name=one, model_id=name) for one, evaluation in sets.items()}
    metrics = {one: _metrics(evaluation) for one, evaluation in named.items()}
    if len(named) == 1:
        only = next(iter(named))
        return MatcherRow(name, named, metrics, named[only], metrics[only])
    whole = pooled(list(named.values()))
    return MatcherRow(name, named, metrics, whole, _metrics(whole))


def _against(row: MatcherRow, best: MatcherRow) -> MatcherRow:
    """A matcher with its differences to the best one."""
    by_set = {
        name: indicator_differences(_named(one, row.name), _named(best.evaluations[name], best.name))
        for name, one in row.evaluations.items()
    }
    less_best = {rate: {name: its[rate] for name, its in by_set.items()} for rate in COMPARED}
    of_all = indicator_differences(row.whole, best.whole) if len(by_set) > 1 else next(iter(by_set.values()))
    return replace(row, less_best=less_best, pooled_less_best=of_all)


def _named(evaluation: Evaluation, name: str) -> Evaluation:
    return replace(evaluation, name=name)


def _differences(found: Mapping[str, Difference] | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {name: {**asdict(one), "excludes_zero": one.excludes_zero} for name, one in found.items()}


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
