"""What works without any extra, and what is said where one is missing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fpverify.cli import main
from fpverify.errors import MissingExtra
from fpverify.extras import install_line

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[1] / "fpverify" / "samples"
CORE = """
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = {"matplotlib", "jinja2", "sklearn", "skimage", "scipy", "pydantic", "fastapi", "tensorflow", "keras"}
sys.meta_path.insert(0, Absent())
from fpverify.cli import main

print(json.dumps([[main(words) for words in json.loads(sys.argv[1])], sorted(ABSENT & set(sys.modules))]))
"""
PLOTS = "matplotlib, which is not installed; `pip install '.[plots]'` in a copy of fpverify's repository\n"


def in_the_core(folder: Path, *calls: str) -> tuple[list[int], str]:
    """The exit codes of commands in a process that finds no library of an extra, and what they print."""
    words = json.dumps([call.split() for call in calls])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CORE, words]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=folder, env=environment, timeout=300
    )
    *said, last = ended.stdout.splitlines()
    codes, loaded = json.loads(last)
    assert loaded == []
    return codes, "\n".join(said) + ended.stderr


def test_the_core_does_all_but_draw(tmp_path: Path, release_model: str) -> None:
    one, two, other = (SAMPLES / name for name in ("A_1.bmp", "A_2.bmp", "B_1.bmp"))
    codes, said = in_the_core(
        tmp_path,
        f"enroll {one} --id A",
        f"verify {two} --id A",
        f"verify {other} --id A --json",
        f"identify {two}",
        f"explain {one} {two}",
        f"explain {one} {other} --json",
        "synth ridges --fingers 3 --impressions 2 --out prints --workers 1",
        "synth stripes --out stripes",
        "evaluate prints --workers 1 --json --scores scores.csv --metrics metrics.json --report report.json",
        "evaluate --store --workers 1",
        "report scores.csv --out matchers.json",
        "convert prints/1_1.bmp one.xyt",
        "list",
        "models",
        "lab list",
        "demo --workers 1",
    )
    assert codes == [0, 0, 1, *[0] * 6, 3, *[0] * 6], said  # nobody is enrolled twice, so the store has no rates
    assert "No ROC was drawn: that needs " + PLOTS.strip() in said
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 1 + 3 + 12
    gallery = json.loads((tmp_path / "report.json").read_text())["gallery"]
    assert len(gallery) > 3
    assert all(pair["why"] for pair in gallery)
    assert not (tmp_path / "demo_output").exists()


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.mark.parametrize(
    "words",
    [
        "explain a.bmp b.bmp --out pair.png",
        "evaluate prints --roc roc.png",
        "evaluate prints --report report.html",
        "evaluate prints --figures figures",
        "evaluate prints --cutoffs cutoffs.svg",
        "report scores.csv --out report.html",
        "calibrate prints --out door.yaml --plot door.png",
        "deduplicate --pictures doubles",
        "lab table --docs lab.md",
        "lab figure twin-194 a.bmp b.bmp --out six.png",
    ],
)
def test_a_command_that_draws_names_the_extra_before_it_begins(
    words: str, no_plots: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith("fpverify: ")
    assert said.err.endswith(f" needs {PLOTS}")
    assert list(tmp_path.iterdir()) == []


def test_a_service_that_cannot_be_had_ends_as_any_extra_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fpverify.service.server", None)
    assert main(["serve"]) == 3
    assert capsys.readouterr().err.endswith(f"; the service needs {install_line('service')}\n")


def calls_that_draw() -> list[Callable[[], Any]]:
    from fpverify.evaluation.rates.cutoffs import plot_cutoffs
    from fpverify.evaluation.report import figures, page
    from fpverify.evaluation.report.plots import plot_reliability, plot_roc
    from fpverify.explanation.pair_picture import pair_png, write_picture
    from fpverify.lab.document import draw_curves
    from fpverify.lab.six import draw_six
    from fpverify.training.plots import plot_training

    anything: Any = SimpleNamespace(curves=dict, rows=[SimpleNamespace(name="a")])
    return [
        lambda: plot_cutoffs(anything, [], "a.png"),
        lambda: figures.roc([], 0.0),
        lambda: page.matchers_page(anything),
        lambda: plot_roc(anything, 0.0, "a.png"),
        lambda: plot_reliability({}, "a.png"),
        lambda: pair_png(anything),
        lambda: write_picture(anything, "a.png"),
        lambda: draw_curves([], Path("a.png")),
        lambda: draw_six((np.zeros(1), np.zeros(1)), anything, "", Path("a.png")),
        lambda: plot_training(Path("log"), Path("a.png")),
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_call_that_draws_names_the_extra(number: int, no_plots: None) -> None:
    with pytest.raises(MissingExtra, match=r"pip install '\.\[plots\]'"):
        calls_that_draw()[number]()


@pytest.mark.parametrize("library", ["sklearn", "skimage"])
def test_the_lab_s_sets_name_their_extra(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fpverify.lab.examples import digits, photos

    monkeypatch.setitem(sys.modules, library, None)
    for load in (digits, photos):
        with pytest.raises(ImportError, match=rf"needs {library}, .* `pip install '\.\[lab\]'"):
            load()


def names_asked_of_an_index(text: str) -> list[str]:
    """Calls of pip that ask a package index for fpverify, where it is not."""
    return re.findall(r"pip3? install [^`\n]*\bfpverify(?:\[[\w,]+\])?['\"`\s]", text)


def test_nobody_is_told_to_ask_a_package_index_for_fpverify() -> None:
    assert names_asked_of_an_index("needs `pip install 'fpverify[wsq]'`; or pip install fpverify\n")
    assert not names_asked_of_an_index("`pip install '.[wsq]'` in a copy of fpverify's repository")
    root = SAMPLES.parents[1]
    said = [*(root / "fpverify").rglob("*.py"), *root.glob("*.md"), *(root / "docs").rglob("*.md")]
    told = {path.name: names_asked_of_an_index(path.read_text(encoding="utf-8")) for path in said}
    del told["CHANGELOG.md"]  # has what was said then
    assert {name: lines for name, lines in told.items() if lines} == {}


def test_every_extra_that_pip_is_asked_for_is_there() -> None:
    root = SAMPLES.parents[1]
    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    said = [*(root / "fpverify").rglob("*.py"), *root.glob("*.md"), *(root / "docs").rglob("*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in said)
    asked = re.findall(r"install_line\(['\"]([\w,]+)['\"]\)|pip install (?:-e )?'\.\[([\w,]+)\]'", text)
    assert len(asked) > 15
    assert {name for one in asked for name in "".join(one).split(",")} <= set(extras)
