"""Synthetic fingers that a calibration rests on."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.synthesis.sensor import SENSORS  # noqa: E402
from fpverify.training.evidence import write_ridge_sets  # noqa: E402

FEW = {"fingers": 1, "impressions": 2}


def bytes_of(sets: list[Path]) -> list[bytes]:
    return [scan.read_bytes() for one in sets for scan in sorted(one.glob("*.bmp"))]


def test_there_is_a_set_for_every_sensor_and_one_that_lies_there_is_kept(tmp_path: Path) -> None:
    sets = write_ridge_sets(tmp_path, 5, **FEW, workers=0, progress=False)
    assert [one.name for one in sets] == list(SENSORS)
    assert len(set(bytes_of(sets))) == 2 * len(SENSORS)
    first = sorted(sets[0].glob("*.bmp"))[0]
    first.write_bytes(b"kept")
    assert write_ridge_sets(tmp_path, 5, **FEW, workers=0, progress=False) == sets
    assert first.read_bytes() == b"kept"


def test_another_seed_has_other_fingers(tmp_path: Path) -> None:
    one, other = (write_ridge_sets(tmp_path, seed, **FEW, workers=0, progress=False) for seed in (5, 6))
    assert not set(bytes_of(one)) & set(bytes_of(other))


def test_a_set_that_was_begun_is_drawn_anew(tmp_path: Path) -> None:
    begun = tmp_path / "1x2-5" / f"part-{next(iter(SENSORS))}"
    begun.mkdir(parents=True)
    (begun / "1_1.bmp").write_bytes(b"half")
    assert b"half" not in bytes_of(write_ridge_sets(tmp_path, 5, **FEW, workers=0, progress=False))
