"""The command line with the model that is shipped, on synthetic prints and on images that are none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Call = Callable[..., Any]

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


@pytest.fixture(autouse=True)
def shipped(release_model: str) -> None:
    """Skips where no model is shipped."""


@pytest.fixture
def enrolled_sample(call: Call) -> None:
    assert call("enroll", SAMPLES / "A_1.bmp", "--id", "A", "--finger", "right-index").code == 0


def test_enrolling_counts_minutiae(call: Call, release_model: str) -> None:
    answer = call("enroll", SAMPLES / "A_1.bmp", "--id", "A", "--json").answer
    assert answer["model"] == release_model
    assert 15 < answer["minutiae"] < 100
    assert 0.5 < answer["quality"] <= 1


@pytest.mark.parametrize("rate", ["0.01", "0.001", "0.0001"])
def test_a_second_impression_matches_and_another_finger_does_not(call: Call, enrolled_sample: None, rate: str) -> None:
    mated = call("verify", SAMPLES / "A_2.bmp", "--id", "A", "--fmr", rate)
    other = call("verify", SAMPLES / "B_1.bmp", "--id", "A", "--fmr", rate)
    assert (mated.code, other.code) == (0, 1)


def test_an_image_of_bright_ridges_is_inverted_and_said_so(call: Call, enrolled_sample: None) -> None:
    pixels = 255 - np.asarray(Image.open(SAMPLES / "A_2.bmp").convert("L"))
    Image.fromarray(pixels).save("negative.png", dpi=(500, 500))
    ended = call("verify", "negative.png", "--id", "A")
    assert ended.code == 0
    assert "bright ridges on dark, inverted" in ended.out
    assert call("verify", "negative.png", "--id", "A", "--json").answer["inverted"] is True


def test_a_missing_resolution_is_estimated_and_said_so(call: Call, enrolled_sample: None) -> None:
    Image.open(SAMPLES / "A_2.bmp").save("unstated.png")
    answer = call("verify", "unstated.png", "--id", "A", "--json").answer
    assert answer["ppi_estimated"] is True
    assert 350 < answer["ppi"] < 700
    said = call("verify", "unstated.png", "--id", "A").out
    assert "estimated from the ridges" in said
    stated = call("verify", "unstated.png", "--id", "A", "--ppi", "500", "--json").answer
    assert (stated["ppi"], stated["ppi_estimated"], stated["decision"]) == (500.0, False, "match")


@pytest.mark.parametrize("number", range(8))
def test_an_image_without_a_finger_is_refused(call: Call, enrolled_sample: None, number: int) -> None:
    from fpverify.synthesis.nonprints import draw_nonprint

    drawn = draw_nonprint(np.random.default_rng([77, number]), (192, 192))  # at 250 ppi, as all of the synthesis
    Image.fromarray(np.rint(255 * drawn).astype(np.uint8)).resize((384, 384)).save("scene.png", dpi=(500, 500))
    for command in ("enroll", "verify"):
        ended = call(command, "scene.png", "--id", "A")
        assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
        assert "scene.png" in ended.err


def test_what_the_release_has_enrolled_verifies_under_another_model(
    call: Call, enrolled_sample: None, edges_model: Path, release_model: str
) -> None:
    for scan, code in (("A_2.bmp", 0), ("B_1.bmp", 1)):
        before = call("verify", SAMPLES / scan, "--id", "A", "--json")
        after = call("verify", SAMPLES / scan, "--id", "A", "--json", "--model", edges_model)
        assert (after.code, after.answer) == (before.code, before.answer)
        assert after.code == code
        assert after.answer["model"] == release_model


def test_templates_of_a_model_that_is_not_installed_say_which(call: Call, edges_model: Path, stripes: Path) -> None:
    assert call("enroll", stripes / "A_00.bmp", "--id", "A", "--model", edges_model).code == 0
    ended = call("verify", stripes / "A_01.bmp", "--id", "A")
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "the model edges-1 is not installed" in ended.err
    shutil.copytree(edges_model, "former/edges-1")
    Path("fpverify.yaml").write_text("models: former\n")
    assert call("verify", stripes / "A_01.bmp", "--id", "A").code == 0


def test_three_impressions_of_a_finger_are_better_than_one_and_no_other_finger_matches(call: Call) -> None:
    call("synth", "ridges", "--fingers", 2, "--impressions", 4, "--seed", 21, "--out", "prints", "--workers", 1)
    for impression in (1, 2, 3):
        assert call("enroll", f"prints/1_{impression}.bmp", "--id", "A").code == 0
    assert call("verify", "prints/1_4.bmp", "--id", "A").code == 0
    assert call("verify", "prints/2_4.bmp", "--id", "A").code == 1


def test_a_picture_of_two_fingers_is_refused_in_one_line(call: Call, enrolled_sample: None, tmp_path: Path) -> None:
    two = np.hstack([np.asarray(Image.open(SAMPLES / f"{name}_1.bmp").convert("L")) for name in "AB"])
    Image.fromarray(two).save(tmp_path / "two.png", dpi=(500, 500))
    for ended in (call("enroll", tmp_path / "two.png", "--id", "C"), call("verify", tmp_path / "two.png", "--id", "A")):
        assert ended.code == 3
        assert ended.err.strip().endswith("two.png: shows 2 prints: give one finger")
        assert len(ended.err.strip().splitlines()) == 1
