from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Call = Callable[..., Any]

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"


@pytest.fixture
def explain(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Explains two of the stripes by the model edges-1."""
    return lambda one, other, *words: call("explain", stripes / one, stripes / other, "--model", edges_model, *words)


@pytest.mark.parametrize(("other", "word"), [("A_03.bmp", "match"), ("B_00.bmp", "non-match")])
def test_the_first_word_is_the_decision_and_the_exit_code_is_0(explain: Call, other: str, word: str) -> None:
    ended = explain("A_00.bmp", other)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0].split(": ")[0] == word
    answer = explain("A_00.bmp", other, "--json")
    assert (answer.code, answer.answer["decision"]) == (0, word)
    assert answer.answer["overlap"] is None


def test_the_rate_chooses_the_threshold(explain: Call) -> None:
    assert explain("A_00.bmp", "B_00.bmp", "--fmr", "0.01", "--json").answer["threshold"] == pytest.approx(20.0)
    ended = explain("A_00.bmp", "B_00.bmp", "--fmr", "0.5")
    assert (ended.code, ended.out) == (3, "")


@pytest.mark.parametrize("bad", [0, 1])
def test_the_scan_without_a_print_is_named(call: Call, release_model: str, bad: int) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 300)).astype(np.uint8)
    Image.fromarray(noise).save("noise.png", dpi=(500, 500))
    scans: list[object] = [SAMPLES / "A_1.bmp", SAMPLES / "A_2.bmp"]
    scans[bad] = "noise.png"
    ended = call("explain", *scans, "--out", "pair.png")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("fpverify: noise.png: ")
    assert ended.err.count("\n") == 1
    assert not Path("pair.png").exists()


def test_a_missing_file_is_named(explain: Call) -> None:
    ended = explain("A_00.bmp", "missing.bmp")
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "missing.bmp" in ended.err


@pytest.mark.parametrize("words", [["--out", "pair.gif"], ["--out", "nowhere/pair.png"], ["--fmr", "2"], ["third.bmp"]])
def test_wrong_use_is_told_apart(explain: Call, words: list[str]) -> None:
    ended = explain("A_00.bmp", "A_01.bmp", *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_samples_are_explained_in_words_numbers_and_a_picture(call: Call, release_model: str) -> None:
    ended = call("explain", SAMPLES / "A_1.bmp", SAMPLES / "A_2.bmp", "--out", "pair.png")
    assert (ended.code, ended.err) == (0, "")
    for words in ("match: score", "have a partner", "probe", "reference", "pairs alike by descriptor", "pair.png"):
        assert words in ended.out
    with Image.open("pair.png") as picture:
        assert picture.size == (1430, 832)


def test_python_gives_the_same_explanation(call: Call, release_model: str) -> None:
    import fpverify

    scans = [fpverify.read_scan(SAMPLES / f"{name}.bmp") for name in ("A_1", "B_1")]
    told = fpverify.explain(*scans, fmr=0.01).to_dict()
    said = call("explain", SAMPLES / "A_1.bmp", SAMPLES / "B_1.bmp", "--fmr", "1%", "--json").answer
    assert said == told
    assert said["causes"][0]["cause"] == "few-partners"
