"""Each probe touch against fingers that were joined of touches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpverify.evaluation import touched_fingers
from fpverify.evaluation.rates.touch_rates import touch_rates
from fpverify.evaluation.sets.layout import Print
from fpverify.evaluation.sets.touches import touch_pairs
from fpverify.evaluation.touched_fingers import Joined, compared_with_fingers
from fpverify.executors import local_workforce
from fpverify.vocabulary import Evaluation

NAMES = ("1_p01", "1_p02", "1_r01", "1_r02", "2_p01", "2_r01")


def raw() -> Evaluation:
    probe, reference = (one.astype(np.int32) for one in touch_pairs(NAMES))
    fingers = tuple(name[0] for name in NAMES)
    mated = np.array([fingers[p] == fingers[r] for p, r in zip(probe, reference, strict=True)])
    nothing = np.full(len(probe), -np.inf)
    return Evaluation(NAMES, fingers, probe, reference, mated, nothing, "cuts", "touches", "hash", "model", {}, None)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> None:
    class Joining:
        def __init__(self, model: object) -> None: ...

        def __call__(self, _: None) -> object:
            return lambda files: Joined(b"%d" % len(files), (len(files),))

    class Comparing:
        def __init__(self, model: object) -> None: ...

        def __call__(self, records: list[bytes]) -> object:
            return lambda probe: np.array([float(record) for record in records])

    monkeypatch.setattr(touched_fingers, "_Joining", Joining)
    monkeypatch.setattr(touched_fingers, "_Comparing", Comparing)


@pytest.mark.usefixtures("joined")
def test_each_probe_meets_each_finger_once() -> None:
    prints = [Print(Path(name), name[0], k, name) for k, name in enumerate(NAMES)]
    with local_workforce(1) as workforce:
        found = compared_with_fingers(raw(), prints, ["failed"] * len(NAMES), Path("model"), workforce)
    assert found.scans == ("1_p01", "1_p02", "2_p01", "1_r00", "2_r00")
    assert found.scores.tolist() == [2.0, 1.0] * 3  # as many as each finger has touches
    assert found.mated.tolist() == [True, False, True, False, False, True]
    assert "on average 1.5 to one piece of skin" in found.notes[-1]
    assert {row["references"] for row in touch_rates(found)} == {None}
