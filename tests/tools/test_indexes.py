"""The tool that measures what indexes cost, and the templates that it draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import synthetic_prints
from modelled_prints import DescriptorModel
from tool_modules import tool

from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import Minutiae, Template


@pytest.fixture(scope="module")
def prints() -> list[Template]:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(20, 16))
    made = []
    for _ in range(100):
        rows = centres[rng.integers(0, 20, 40)] + 0.3 * rng.normal(size=(40, 16))
        columns = (rng.uniform(0, most, 40).astype(np.float32) for most in (190, 190, 3))
        descriptors = np.rint(15 * rows / np.abs(rows).max(axis=1, keepdims=True)).astype(np.int8)
        made.append(Template("m", 0.8, Minutiae(*columns, np.ones(40, np.float32)), descriptors))
    return made


def unit(templates: list[Template]) -> np.ndarray:
    rows = np.concatenate([one.descriptors for one in templates]).astype(float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_modelled_templates_are_like_those_that_they_are_modelled_on(prints: list[Template]) -> None:
    model = DescriptorModel.of(prints)
    drawn = [one for block in model.templates("m", 150, block=100) for one in block]
    assert len(drawn) == 150
    real, made = unit(prints), unit(drawn)
    nearest = [(one @ real.T).max(axis=1).mean() for one in (made[:500], np.random.default_rng(0).normal(size=(1, 16)))]
    assert nearest[0] > 0.9
    np.testing.assert_allclose(made.mean(axis=0), real.mean(axis=0), atol=0.05)
    again = next(model.templates("m", 150, block=100))
    assert all((one.descriptors == other.descriptors).all() for one, other in zip(drawn, again, strict=False))
    assert (decode_template(encode_template(drawn[0])).descriptors == drawn[0].descriptors).all()


def test_prints_are_kept_and_mirrored_ones_are_other_fingers(
    release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic_prints, "DRAWN", 1)
    wanted = synthetic_prints.Prints(7, 2, 2)
    made = list(synthetic_prints.synthetic_templates(wanted, tmp_path))
    monkeypatch.setattr(synthetic_prints, "master", None)  # whoever draws again fails
    again = list(synthetic_prints.synthetic_templates(wanted, tmp_path))
    assert [name for name, _ in again] == [name for name, _ in made] == ["0", "0", "0m", "0m"]
    from fpverify.matching import Matcher

    matcher = Matcher.load()
    same, other = (matcher.score(made[0][1], made[k][1]).value for k in (1, 2))
    assert same > 40 > other


def test_it_runs(
    release_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    indexes = tool("indexes")
    monkeypatch.setattr(synthetic_prints, "DRAWN", 10)
    monkeypatch.setattr(indexes, "SECONDS", 0.1)
    assert indexes.main([str(tmp_path), "--references", "50", "--fingers", "20", "--workers", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[1] for line in lines if line.startswith("| 50")] == ["exact", "ivf"]
