"""synth, train and models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Call = Callable[..., Any]


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def test_stripes_are_the_two_finger_set(call: Call) -> None:
    ended = call("synth", "stripes", "--out", "stripes")
    assert (ended.code, ended.out, ended.err) == (0, "wrote 30 scans of 2 fingers to stripes\n", "")
    names = [f"{finger}_{number:02d}.bmp" for finger in "AB" for number in range(15)]
    assert list(contents("stripes")) == names
    assert len(set(contents("stripes").values())) == 2


def test_ranges_make_stripes_that_differ(call: Call) -> None:
    flags = ("--count", 4, "--width", "4:9", "--angle=-20:20", "--shift", "0:9", "--noise", "0.1")
    assert call("synth", "stripes", "--out", "one", *flags).code == 0
    assert len(set(contents("one").values())) == 8
    call("synth", "stripes", "--out", "two", *flags)
    call("synth", "stripes", "--out", "other", *flags, "--seed", 8)
    assert contents("one") == contents("two")
    assert contents("one") != contents("other")


def test_ridges_are_bitmaps_at_500_ppi_the_same_for_any_number_of_workers(call: Call) -> None:
    flags = ("--fingers", 2, "--impressions", 2, "--seed", 3)
    ended = call("synth", "ridges", "--out", "one", *flags, "--workers", 1)
    assert (ended.code, ended.out, ended.err) == (0, "wrote 4 scans of 2 fingers to one\n", "")
    assert list(contents("one")) == ["1_1.bmp", "1_2.bmp", "2_1.bmp", "2_2.bmp"]
    with Image.open("one/1_1.bmp") as image:
        assert image.info["dpi"] == pytest.approx((500, 500), abs=0.1)
    call("synth", "ridges", "--out", "two", *flags, "--workers", 2)
    assert contents("one") == contents("two")


def test_labels_lie_beside_the_prints(call: Call) -> None:
    call("synth", "ridges", "--out", "prints", "--fingers", 1, "--impressions", 1, "--labels", "--workers", 1)
    labels = json.loads(Path("prints/1_1.json").read_text())
    assert labels["ppi"] == 500
    assert len(labels["minutiae"]) > 5


def test_a_card_is_shown(call: Call, edges_model: Path) -> None:
    ended = call("models", edges_model)
    assert ended.code == 0
    assert ended.out.startswith("edges-1\n")
    for said in ("whole-print", "No liveness detection", "0.09 % (0.05 to 0.15 %)", "2 % (1 to 3 %)"):
        assert said in ended.out
    card = call("models", edges_model, "--json").answer["models"][0]
    assert card["id"] == "edges-1"
    assert [point["target_fmr"] for point in card["operating_points"]] == [0.01, 0.001, 0.0001]


def test_the_release_model_is_listed(call: Call, release_model: str) -> None:
    assert release_model in call("models").out
    assert release_model in [card["id"] for card in call("models", "--json").answer["models"]]


def test_listing_no_models_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.models.shipped_models", list)
    assert call("models").out == "no models come with this installation\n"


@pytest.mark.train
@pytest.mark.parametrize(("recipe", "said"), [("none.yaml", "none.yaml"), ("bad.yaml", "bad.yaml")])
def test_a_recipe_that_cannot_be_followed_is_one_line(call: Call, recipe: str, said: str) -> None:
    pytest.importorskip("tensorflow")
    Path("bad.yaml").write_text("kind: [unclosed")
    ended = call("train", recipe, "--out", "model")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert said in ended.err
    assert not Path("model").exists()


@pytest.mark.train
def test_the_tests_own_model_is_what_its_source_says(stripes: Path) -> None:
    pytest.importorskip("tensorflow")
    import runpy

    from fpverify.models import LiteRtNetwork

    source = runpy.run_path(str(Path(__file__).parents[1] / "data" / "edges.py"))
    batch = np.random.default_rng(1).normal(size=(1, 160, 160, 1)).astype(np.float32)
    kept = LiteRtNetwork(source["EDGES"].read_bytes())(batch)
    assert np.abs(source["edges_network"]()(batch) - kept).max() < 1e-6
