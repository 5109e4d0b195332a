"""Who makes the false matches: often a few pairs of fingers, of which more comparisons would show nothing new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fpverify.vocabulary import Evaluation, IndexArray


def false_match_pairs(evaluation: Evaluation, threshold: float) -> dict[str, Any]:
    """How the false matches at a threshold are spread over pairs of fingers.

    Returns:
        `count` of them; `finger_pairs` that make them, of `compared_finger_pairs` with a comparison that was made; and
        the `worst` pair, None without a false match: its `fingers`, its `count` of so many `comparisons`, and its
        `share` in all false matches.
    """
    made = ~evaluation.mated & np.isfinite(evaluation.scores)
    names, pair = _finger_pairs(evaluation)
    trials = np.bincount(pair[made], minlength=1)
    wrong = np.bincount(pair[made & (evaluation.scores >= threshold)], minlength=len(trials))
    count, worst = int(wrong.sum()), int(wrong.argmax())
    return {
        "count": count,
        "finger_pairs": int((wrong > 0).sum()),
        "compared_finger_pairs": int((trials > 0).sum()),
        "worst": {
            "fingers": [names[worst // len(names)], names[worst % len(names)]],
            "count": int(wrong[worst]),
            "comparisons": int(trials[worst]),
            "share": float(wrong[worst] / count),
        }
        if count
        else None,
    }


def false_matches_said(found: Mapping[str, Any]) -> str:
    """In words what `false_match_pairs` found, if it found any."""
    count, worst = found["count"], found["worst"]
    one, other = worst["fingers"]
    come = f"{count:,} false match comes" if count == 1 else f"{count:,} false matches come"
    return (
        f"{come} from {found['finger_pairs']:,} of {found['compared_finger_pairs']:,} pairs of fingers; "
        f"{one} and {other} make {worst['count']:,} ({100 * worst['share']:.0f} %)"
    )


def _finger_pairs(evaluation: Evaluation) -> tuple[list[str], IndexArray]:
    """Names of the f fingers, and (n,) of each comparison f a + b for its fingers a <= b."""
    names, finger = np.unique(np.array(evaluation.fingers, object).astype(str), return_inverse=True)
    sides = np.sort(np.stack([finger[evaluation.probe], finger[evaluation.reference]]), axis=0)
    return names.tolist(), sides[0] * len(names) + sides[1]
