"""What a report on one matcher says, before it is laid out."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from fpverify.evaluation.rates.pooling import pooled
from fpverify.evaluation.rates.reliability import ReliabilityPoint, reliability
from fpverify.evaluation.rates.summary import notes_of_sets
from fpverify.evaluation.report.gallery import Pair
from fpverify.evaluation.report.zoo import FingerRow, zoo
from fpverify.vocabulary import Evaluation, OperatingPoint

LIBRARIES = ("fpverify", "numpy", "opencv-python-headless", "ai-edge-litert")
MEANS = ("eer", "fmr100", "fmr1000", "fmr10000", "zerofmr", "fta", "fmr", "fnmr")  # of the sets, in the table


@dataclass(frozen=True, slots=True, eq=False)
class SetContent:
    """One set, or all of them pooled.

    Attributes:
        evaluation: the comparisons.
        metrics: of `fpverify.evaluation.rates.summary`.
        reliability: nominal against realised rates.
    """

    evaluation: Evaluation
    metrics: Mapping[str, Any]
    reliability: Sequence[ReliabilityPoint]


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """All that a report says.

    Attributes:
        title: of the page.
        point: the operating point that was applied.
        sets: one or more.
        whole: the only set, or all pooled.
        fingers: of `whole`, those that cause most errors first.
        pairs: for the gallery; empty without the scans.
        provenance: what it takes to repeat it, name to value.
    """

    title: str
    point: OperatingPoint
    sets: Sequence[SetContent]
    whole: SetContent
    fingers: Sequence[FingerRow]
    pairs: Sequence[Pair] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def mean(self) -> dict[str, float | None]:
        """Of the rates over the sets; None where a set was not measured."""
        values = {rate: [one.metrics[rate] for one in self.sets] for rate in MEANS}
        return {rate: None if None in its else float(np.mean(its)) for rate, its in values.items()}

    @property
    def notes(self) -> list[str]:
        """What is to be known of the sets, once each."""
        if len(self.sets) == 1:
            return list(self.whole.metrics["notes"])
        return notes_of_sets([{"name": one.evaluation.name, **one.metrics} for one in self.sets])

    def to_dict(self) -> dict[str, Any]:
        """All of it but the pictures as plain values, for JSON."""
        return {
            "title": self.title,
            "notes": self.notes,
            "operating_point": asdict(self.point),
            "sets": [_set_fields(one) for one in self.sets],
            "mean": self.mean,
            "pooled": _set_fields(self.whole),
            "fingers": [asdict(row) for row in self.fingers],
            "gallery": [{name: value for name, value in asdict(pair).items() if name != "png"} for pair in self.pairs],
            "provenance": dict(self.provenance),
        }


def report_content(
    title: str,
    evaluations: Sequence[Evaluation],
    figures: Sequence[Mapping[str, Any]],
    point: OperatingPoint,
    *,
    pooled_figures: Mapping[str, Any] | None = None,
    pairs: Sequence[Pair] = (),
    provenance: Mapping[str, str] | None = None,
) -> ReportContent:
    """The content for evaluations of one model.

    Args:
        title: of the page.
        evaluations: of one or more sets.
        figures: metrics of each.
        point: whose threshold was applied.
        pooled_figures: metrics of all pooled, if there are several sets.
        pairs: for the gallery.
        provenance: what it takes to repeat it.
    """
    sets = [SetContent(one, its, reliability(one)) for one, its in zip(evaluations, figures, strict=True)]
    whole = sets[0]
    if len(sets) > 1:
        together = pooled(evaluations)
        whole = SetContent(together, pooled_figures or {}, reliability(together))
    return ReportContent(
        title, point, sets, whole, zoo(whole.evaluation, point.threshold), pairs, dict(provenance or {})
    )


def provenance_of(
    command: str, evaluations: Sequence[Evaluation], files: Mapping[str, str], hashed: str
) -> dict[str, str]:
    """Command, time, versions, platform, hashes of data and model.

    Args:
        command: as it was typed.
        evaluations: whose data are named by hash.
        files: of the model, hash by name; empty where there is none.
        hashed: what the evaluations' hashes were taken of.
    """
    model = {"model": evaluations[0].model_id, **{f"SHA-256 of {name}": digest for name, digest in files.items()}}
    return {
        "command": command,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        **{f"version of {name}": version(name) for name in LIBRARIES},
        "Python": platform.python_version(),
        "platform": platform.platform(),
        **(model if files else {}),
        **{f"SHA-256 of {hashed} of {one.name}": one.data_hash for one in evaluations},
    }


def _set_fields(one: SetContent) -> dict[str, Any]:
    return {
        "name": one.evaluation.name,
        **one.metrics,
        "reliability": [{**asdict(point), "ratio": point.ratio} for point in one.reliability],
    }
