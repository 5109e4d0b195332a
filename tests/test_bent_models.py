"""A model whose card says that skin bends compares so wherever prints are compared."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from fpverify.comparison import similarities
from fpverify.enrollment.comparing import Comparing
from fpverify.evaluation.runner import compare_folder
from fpverify.matching import Matcher, Matchers
from fpverify.models import load_bundle, write_bundle
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import AlignmentKind


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prints")
    write_ridges(folder, fingers=2, impressions=3, seed=51)
    return folder


@pytest.fixture(scope="module", params=get_args(AlignmentKind))
def matcher(request: pytest.FixtureRequest, release_model: str, tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    shipped = load_bundle(release_model)
    card = replace(shipped.card, alignment=request.param, search_files={})
    contents = {name: shipped.content(name) for name in card.files}
    return Matcher.of(write_bundle(tmp_path_factory.mktemp(request.param), card, contents))


def test_every_way_compares_as_the_card_says(matcher: Matcher, prints: Path) -> None:
    alignment = matcher.bundle.card.alignment
    files = sorted(prints.glob("*.bmp"))
    probe, *references = (matcher.template(one) for one in files)
    wanted = similarities(probe, references, alignment=alignment).tolist()
    for other in set(get_args(AlignmentKind)) - {alignment}:
        assert wanted != similarities(probe, references, alignment=other).tolist()
    assert matcher.raw_scores(probe, references).tolist() == wanted
    assert [matcher.laid(probe, one).similarity for one in references] == wanted

    with ThreadPoolExecutor(1) as executor:
        matchers = Matchers(matcher)
        job = Comparing.begun(executor, matchers, {matcher.model_id: probe}, references)
        assert job.result().tolist() == wanted

    evaluated = compare_folder(prints, model=matcher.bundle.folder, workers=1)
    of_probe = {
        evaluated.scans[r]: score
        for p, r, score in zip(evaluated.probe, evaluated.reference, evaluated.scores, strict=True)
        if evaluated.scans[p] == files[0].stem
    }
    compared = dict(zip([one.stem for one in files[1:]], wanted, strict=True))
    assert of_probe
    assert of_probe == {name: compared[name] for name in of_probe}
