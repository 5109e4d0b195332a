"""Single templates, seen, kept and compared without a store."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify import compare, read_scan

Call = Callable[..., Any]

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"
A1, A2, B1 = (SAMPLES / name for name in ("A_1.bmp", "A_2.bmp", "B_1.bmp"))


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPVERIFY_PASSPHRASE", "correct horse battery")


@pytest.mark.usefixtures("release_model")
def test_a_scans_template_is_shown_and_nothing_is_kept(call: Call) -> None:
    ended = call("template", A1)
    assert (ended.code, ended.err) == (0, "")
    for words in ("44 minutiae on 173 mm²", "ridgeline-17", "2,098 bytes", "500 ppi, stated by the file"):
        assert words in ended.out
    assert list(Path().iterdir()) == []


def test_a_whole_print_has_no_minutiae_to_count(call: Call, stripes: Path, edges_model: Path) -> None:
    ended = call("template", stripes / "A_00.bmp", "--model", edges_model)
    assert ended.code == 0
    assert "A_00.bmp: a whole print\n" in ended.out
    assert "minutiae" not in ended.out
    assert call("template", stripes / "A_00.bmp", "--model", edges_model, "--json").answer["area_mm2"] is None


@pytest.mark.usefixtures("release_model")
def test_a_template_is_sealed_unless_it_is_said_to_be_plain(call: Call) -> None:
    refused = call("template", A1, "--out", "a.fpt")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--passphrase-file" in refused.err
    assert "--plain" in refused.err
    kept = call("template", A1, "--out", "a.fpt", "--plain", "--finger", "right-index")
    assert kept.code == 0
    assert "not protected" in " ".join(kept.out.split())
    if os.name == "posix":
        assert stat.S_IMODE(Path("a.fpt").stat().st_mode) == 0o600
    answer = call("template", "a.fpt", "--json").answer
    assert (answer["is_template"], answer["protected"], answer["finger"]) == (True, False, "right-index")
    assert (answer["minutiae"], answer["ppi"], answer["area_mm2"]) == (44, 500.0, 173.42)
    assert "right-index" in call("template", "a.fpt").out
    assert call("template", A1, "--out", "a.fpt", "--plain").code == 3  # there is one already


@pytest.mark.usefixtures("release_model", "sealed")
def test_a_sealed_template_opens_by_its_passphrase(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = call("template", A1, "--out", "a.fpt", "--json").answer
    assert kept["out"] == {"file": "a.fpt", "bytes": Path("a.fpt").stat().st_size, "protected": True}
    assert "sealed under a passphrase" in call("template", "a.fpt").out
    assert call("compare", "a.fpt", A2).code == 0
    monkeypatch.setenv("FPVERIFY_PASSPHRASE", "another one altogether")
    assert call("compare", "a.fpt", A2).code == 3
    monkeypatch.delenv("FPVERIFY_PASSPHRASE")
    assert call("template", "a.fpt").code == 2


@pytest.mark.usefixtures("release_model")
def test_a_template_scores_as_its_scan_does(call: Call) -> None:
    for scan, name in ((A1, "a.fpt"), (A2, "b.fpt")):
        assert call("template", scan, "--out", name, "--plain").code == 0
    expected = compare(read_scan(A1), read_scan(A2)).value
    for pair in ((A1, A2), ("a.fpt", A2), (A1, "b.fpt"), ("a.fpt", "b.fpt")):
        ended = call("compare", *pair, "--json")
        assert (ended.code, ended.answer["decision"], ended.answer["score"]) == (0, "match", expected)
    assert call("compare", "a.fpt", B1).code == 1
    assert call("compare", "a.fpt", B1).out.startswith("non-match\n")


@pytest.mark.usefixtures("release_model")
def test_a_scan_is_seen_by_the_model_of_the_template(
    call: Call, stripes: Path, edges_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("template", stripes / "A_00.bmp", "--model", edges_model, "--out", "a.fpt", "--plain").code == 0
    assert call("template", A1, "--out", "b.fpt", "--plain").code == 0
    missing = call("compare", "a.fpt", stripes / "A_01.bmp")
    assert (missing.code, "edges-1 is not installed" in missing.err) == (3, True)
    assert call("compare", "b.fpt", A2, "--model", edges_model, "--json").answer["model"] == "ridgeline-17"
    monkeypatch.setenv("FPVERIFY_MODELS", str(edges_model.parent))
    seen = call("compare", "a.fpt", stripes / "A_01.bmp", "--json")
    assert (seen.code, seen.answer["model"], seen.answer["reference"]["model"]) == (0, "edges-1", "edges-1")
    two = call("compare", "a.fpt", "b.fpt")
    assert (two.code, "two models" in two.err) == (3, True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["template", "none.bmp"], 3),
        (["template", A1, "--plain"], 2),
        (["template", A1, "--finger", "right-index"], 2),
        (["template", A1, "--out", "a.txt"], 2),
        (["template", A1, "--out", "none/a.fpt"], 2),
        (["template", A1, "--out", "a.fpt", "--plain", "--passphrase-file", "p"], 2),
        (["template", "a.fpt", "--out", "b.fpt", "--plain"], 2),
        (["template", "cut.fpt"], 3),
        (["compare", "cut.fpt", A1], 3),
        (["compare", A1, "none.bmp"], 3),
    ],
    ids=lambda given: " ".join(Path(str(one)).name for one in given) if isinstance(given, list) else "",
)
@pytest.mark.usefixtures("release_model")
def test_wrong_use_and_unusable_files_are_one_line(call: Call, words: list[object], code: int) -> None:
    if "a.fpt" in words[1:2]:
        assert call("template", A1, "--out", "a.fpt", "--plain").code == 0
    Path("cut.fpt").write_bytes(b"FPVA\1\0")
    ended = call(*words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (code, "", 1)
    assert "internal error" not in ended.err


@pytest.mark.usefixtures("release_model")
def test_import_says_what_a_single_template_is(call: Call) -> None:
    assert call("template", A1, "--out", "a.fpt", "--plain").code == 0
    ended = call("import", "a.fpt", "--plain")
    assert (ended.code, "fpverify template" in ended.err) == (3, True)
    assert not Path("enroll_db").exists()
