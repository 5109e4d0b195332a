"""Probes as several models see them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from fpverify.matching import Matcher, Matchers, Probes
from fpverify.models import Bundle, load_bundle, write_bundle
from fpverify.scans import read_scan
from fpverify.store.template_format import encode_template
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import Scan


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    folder = tmp_path_factory.mktemp("prints")
    write_ridges(folder, fingers=1, impressions=1, seed=52)
    return read_scan(next(folder.glob("*.bmp")))


def copied(shipped: Bundle, folder: Path, other_files: dict[str, bytes]) -> Bundle:
    """The model under another id."""
    contents = {name: shipped.content(name) for name in shipped.card.files}
    card = replace(shipped.card, id=folder.name, operating_points=(), search_files={})
    return write_bundle(folder, card, contents | other_files)


@pytest.mark.parametrize("another_network", [False, True])
def test_models_with_the_same_networks_share_what_they_see(
    release_model: str, scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, another_network: bool
) -> None:
    shipped = load_bundle(release_model)
    changed = {"seam_map.tflite": shipped.content("minutia_map.tflite")} if another_network else {}
    copied(shipped, tmp_path / "models" / "twin-1", changed)
    made, template = Counter[str](), Matcher.template

    def counting(matcher: Matcher, one: Scan) -> object:
        made[matcher.model_id] += 1
        return replace(template(Matcher.of(shipped), one), model_id=matcher.model_id)

    monkeypatch.setattr(Matcher, "template", counting)
    probes = Probes(Matchers(Matcher.of(shipped), tmp_path / "models"), [scan])
    mine, twins = (probes.of(one).templates[0] for one in (shipped.model_id, "twin-1"))
    assert twins.model_id == "twin-1"
    assert encode_template(replace(twins, model_id=mine.model_id)) == encode_template(mine)
    assert made == Counter([shipped.model_id, "twin-1"] if another_network else [shipped.model_id])
