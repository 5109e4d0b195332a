"""fpverify calibrate, and verifying with what it wrote."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from PIL import Image

from fpverify.cli.program import main
from fpverify.errors import FailureToAcquire, FailureToEnroll
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.synthesis.dataset import write_ridges
from fpverify.verifier import Verifier

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("own") / "prints"
    write_ridges(out, fingers=20, impressions=3, seed=31, sensor="thermal")
    Image.new("L", (384, 384), 200).save(out / "20_3.bmp", dpi=(500, 500))
    return out


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options: in this process, with templates kept for the tests that come after."""
    return ["--workers", "1", "--cache", str(tmp_path_factory.mktemp("cache"))]


def test_it_writes_a_calibration_that_verify_uses(
    prints: Path, at_once: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, plot = tmp_path / "own.yaml", tmp_path / "plot.png"
    arguments = [str(prints), "--out", str(out), "--plot", str(plot), "--json", *at_once]
    assert main(["calibrate", *arguments]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["mated"], answer["non_mated"]) == (58, 1653)  # one scan shows nothing
    assert answer["fta"] == pytest.approx(1 / 60)
    assert [row["nominal"] for row in answer["rates"]] == [0.1, 0.05, 0.02, 0.01, 0.005, 0.002]
    point = Matcher.load(calibration=out).operating_point(0.01)
    assert point.evidence == f"60 scans in {prints}"
    assert point.fmr == pytest.approx(answer["rates"][3]["own"]["realised"])
    with Image.open(plot) as picture:
        assert min(picture.size) > 400


def test_the_answer_in_words_compares_both(
    prints: Path, at_once: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "own.yaml"
    assert main(["calibrate", str(prints), "--out", str(out), *at_once]) == 0
    shown = capsys.readouterr().out
    assert "58 mated comparisons, 1,653 non-mated comparisons; failure to acquire 1.67 %" in shown
    assert "shipped calibration gave" in shown
    assert f"--calibration {out}" in shown
    assert yaml.safe_load(out.read_text())["model_id"] == Matcher.load().model_id


def test_the_prints_of_the_quick_start_are_enough(tmp_path: Path) -> None:
    write_ridges(tmp_path / "prints", fingers=10, impressions=4)
    assert main(["calibrate", str(tmp_path / "prints"), "--out", str(tmp_path / "own.yaml"), "--workers", "1"]) == 0


def test_few_fingers_write_nothing(
    prints: Path, at_once: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in [f"{finger}_{number}.bmp" for finger in range(1, 10) for number in (1, 2)]:
        (few / name).write_bytes((prints / name).read_bytes())
    assert main(["calibrate", str(few), "--out", str(tmp_path / "own.yaml"), *at_once]) == 3
    assert "9 fingers; a calibration of one's own needs at least 10" in capsys.readouterr().err
    assert not (tmp_path / "own.yaml").exists()


def test_the_enrolled_impressions_will_do(prints: Path, tmp_path: Path) -> None:
    db, out = tmp_path / "db", tmp_path / "own.yaml"
    with Verifier.open(db) as verifier:
        for path in sorted(prints.glob("1*.bmp")):  # eleven fingers
            with suppress(FailureToAcquire, FailureToEnroll):
                verifier.enroll(read_scan(path), path.stem.split("_")[0])
        enrolled = sum(len(verifier.references(one.subject)) for one in verifier.fingers())
    arguments = ["--store", "--db", str(db), "--out", str(out), "--workers", "1"]
    assert main(["calibrate", *arguments]) == 0
    assert yaml.safe_load(out.read_text())["evidence"] == f"{enrolled} scans in the store {db}"


def test_folders_or_the_store_but_not_both(prints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], [str(prints), "--store"]):
        assert main(["calibrate", *arguments, "--out", str(tmp_path / "own.yaml")]) == 2
        assert "give either" in capsys.readouterr().err
