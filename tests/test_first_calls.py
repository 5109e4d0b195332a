"""The calls that come to mind first, each once, by the shipped model and on the bundled prints."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import fpverify
from fpverify import Matcher, Verifier, compare, errors, evaluate, explain, extract_minutiae, read_scan

SAMPLES = Path(fpverify.__file__).parent / "samples"
OWNER, AGAIN, OTHER = (SAMPLES / name for name in ("A_1.bmp", "A_2.bmp", "B_1.bmp"))


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory, release_model: str) -> Iterator[Verifier]:
    with Verifier.open(tmp_path_factory.mktemp("calls") / "db", key="none") as opened:
        opened.enroll(OWNER, "A", "right-index")
        yield opened


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from fpverify.synthesis.dataset import write_ridges

    folder = tmp_path_factory.mktemp("prints")
    write_ridges(folder, fingers=3, impressions=2)
    return folder


def printed(*words: object) -> dict[str, Any]:
    """What a command prints as JSON."""
    from fpverify.cli import main

    with contextlib.redirect_stdout(io.StringIO()) as said:
        main([*map(str, words), "--json"])
    return dict(json.loads(said.getvalue()))


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


# --- what a scan is read from -----------------------------------------------------------------------------------------


def test_1_a_path_as_text(verifier: Verifier) -> None:
    assert verifier.verify(str(AGAIN), "A")


def test_2_a_path(verifier: Verifier) -> None:
    assert not verifier.verify(OTHER, "A")


def test_3_bytes(verifier: Verifier) -> None:
    assert verifier.verify(AGAIN.read_bytes(), "A")


def test_4_an_open_file(verifier: Verifier) -> None:
    with AGAIN.open("rb") as file:
        assert verifier.verify(file, "A")


def test_5_a_buffer_that_was_just_written(verifier: Verifier) -> None:
    buffer = io.BytesIO()
    Image.open(AGAIN).save(buffer, "PNG", dpi=(500, 500))
    assert verifier.verify(buffer, "A")


def test_6_a_picture_of_pillow(verifier: Verifier) -> None:
    with Image.open(AGAIN) as picture:
        assert verifier.verify(picture, "A")


def test_7_an_array_with_its_resolution(verifier: Verifier) -> None:
    decision = verifier.verify(pixels(AGAIN), "A", ppi=500)
    assert decision.match
    assert decision.taken[0].ppi_source == "given"


def test_8_an_array_whose_resolution_is_estimated(verifier: Verifier) -> None:
    decision = verifier.verify(pixels(AGAIN), "A")
    assert decision.match
    assert decision.taken[0].ppi_source == "estimated"


def test_9_a_scan(verifier: Verifier) -> None:
    assert verifier.verify(read_scan(AGAIN), "A")


def test_10_several_of_different_kinds(verifier: Verifier) -> None:
    assert verifier.verify([AGAIN, OWNER.read_bytes()], "A")


def test_11_nothing(verifier: Verifier) -> None:
    for nothing in (None, 5, [None], {}):
        with pytest.raises(errors.NotAScan, match="a scan was expected: a path"):
            verifier.verify(nothing, "A")  # type: ignore[arg-type]


def test_12_a_file_that_is_missing(verifier: Verifier) -> None:
    with pytest.raises(errors.UnreadableScan, match="there is no such file"):
        verifier.verify("missing.bmp", "A")


# --- a verifier -------------------------------------------------------------------------------------------------------


def test_13_identify(verifier: Verifier) -> None:
    assert verifier.identify(AGAIN).matches[0].subject == "A"
    assert not verifier.identify(OTHER)


def test_14_several_scans_together(verifier: Verifier) -> None:
    found = verifier.enroll_together([OTHER], "B", ["left-thumb"])
    assert [one.finger for one in found] == ["left-thumb"]
    assert verifier.delete("B") == 1


def test_15_what_is_enrolled(verifier: Verifier) -> None:
    assert [(one.subject, one.finger) for one in verifier.fingers()] == [("A", "right-index")]
    assert len(verifier.references("A")) == 1


def test_16_an_id_that_is_a_number(verifier: Verifier) -> None:
    for call in (verifier.enroll, verifier.verify):
        with pytest.raises(errors.EnrollmentError, match="text was expected, such as '5'"):
            call(AGAIN, 5)  # type: ignore[operator]


def test_17_a_rate_that_is_none_or_has_no_evidence(verifier: Verifier) -> None:
    for fmr in (0.5, 2, 0, -1, "often"):
        with pytest.raises(errors.UnsupportedRate):
            verifier.verify(AGAIN, "A", fmr=fmr)  # type: ignore[arg-type]
    assert verifier.verify(AGAIN, "A", fmr=0.0001)


def test_18_a_finger_that_no_hand_has(verifier: Verifier) -> None:
    with pytest.raises(errors.EnrollmentError, match="the names are right-thumb"):
        verifier.verify(AGAIN, "A", "index")  # type: ignore[arg-type]


def test_19_somebody_who_is_not_enrolled(verifier: Verifier) -> None:
    with pytest.raises(errors.NotEnrolled):
        verifier.verify(AGAIN, "nobody")


def test_20_threads(verifier: Verifier) -> None:
    with ThreadPoolExecutor(4) as pool:
        decisions = list(pool.map(verifier.verify, [AGAIN, OTHER] * 4, ["A"] * 8))
    assert [one.word for one in decisions] == ["match", "non-match"] * 4


def test_21_a_thread_of_its_own(verifier: Verifier) -> None:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(verifier.verify(AGAIN, "A").match))
    thread.start()
    thread.join()
    assert found == [True]


def test_22_asyncio(verifier: Verifier) -> None:
    async def main() -> list[bool]:
        return [one.match for one in await asyncio.gather(*(asyncio.to_thread(verifier.verify, AGAIN, "A"),) * 1)]

    assert asyncio.run(main()) == [True]


# --- without a store --------------------------------------------------------------------------------------------------


def test_23_compare(release_model: str) -> None:
    assert compare(OWNER, AGAIN).value > 30 > compare(OWNER, OTHER).value


def test_24_compare_arrays(release_model: str) -> None:
    assert compare(pixels(OWNER), pixels(AGAIN), ppi=500).value == compare(OWNER, AGAIN).value


def test_25_a_matcher_by_paths(release_model: str) -> None:
    matcher = Matcher.load()
    assert matcher.score(matcher.template(OWNER), matcher.template(AGAIN)).value > 30
    with pytest.raises(errors.WrongKind, match=r"matcher\.template\(scan\)"):
        matcher.score(OWNER, AGAIN)  # type: ignore[arg-type]


def test_26_minutiae(release_model: str) -> None:
    record = extract_minutiae(OWNER, "right-index")
    assert len(record.views[0]) > 20


def test_27_an_explanation(release_model: str) -> None:
    assert explain(OWNER, AGAIN)
    assert explain(str(OWNER), OTHER.read_bytes()).causes[0].sentence


def test_28_a_scan_written_and_read(tmp_path: Path) -> None:
    fpverify.write_scan(read_scan(OWNER), tmp_path / "x.png")
    assert np.array_equal(read_scan(tmp_path / "x.png").pixels, read_scan(OWNER).pixels)


# --- in a notebook, and for programs ----------------------------------------------------------------------------------


def test_29_a_scan_shows_itself() -> None:
    scan = read_scan(OWNER)
    with Image.open(io.BytesIO(scan._repr_png_())) as shown:
        assert np.array_equal(np.asarray(shown), scan.pixels)
    assert repr(scan) == f"Scan({str(OWNER)!r}, {scan.pixels.shape[1]} x {scan.pixels.shape[0]} px, 500 ppi, file)"
    assert json.loads(json.dumps(scan.to_dict()))["ppi"] == 500


def test_30_a_decision_shows_itself(verifier: Verifier) -> None:
    decision = verifier.verify(AGAIN, "A")
    assert repr(decision).startswith("Decision(match, 'A', right-index: score ")
    assert len(repr(decision)) < 120
    assert "<b>match</b>" in decision._repr_html_()


def test_31_a_decision_as_the_command_line_prints_it(verifier: Verifier) -> None:
    words = ("--db", verifier.store.place, "--key", "none", "--id", "A")
    assert verifier.verify(AGAIN, "A").to_dict() == printed("verify", AGAIN, *words)
    both = [AGAIN, OWNER]
    assert verifier.verify(both, "A").to_dict() == printed("verify", *both, *words)


def test_32_an_identification_as_the_command_line_prints_it(verifier: Verifier) -> None:
    words = ("--db", verifier.store.place, "--key", "none")
    for scans in ([AGAIN], [OTHER], [AGAIN, OTHER]):
        assert verifier.identify(scans).to_dict() == printed("identify", *scans, *words)
    found = verifier.identify(AGAIN)
    assert repr(found).startswith("Identification(match, 'A', right-index: score ")
    assert "A, right-index" in found._repr_html_()


def test_33_an_explanation_shows_and_saves_itself(release_model: str, tmp_path: Path) -> None:
    explained = explain(OWNER, AGAIN)
    assert len(repr(explained)) < 160
    assert (explained._repr_png_() or b"").startswith(b"\x89PNG")
    assert "data:image/png;base64," in explained._repr_html_()
    explained.save(tmp_path / "why.png")
    explained.save(tmp_path / "why.json")
    assert json.loads((tmp_path / "why.json").read_text()) == printed("explain", OWNER, AGAIN) == explained.to_dict()
    with pytest.raises(errors.SettingsError, match="ending in"):
        explained.save(tmp_path / "why.doc")


def test_34_no_repr_shows_pixels_or_descriptors(verifier: Verifier) -> None:
    matcher, scan = verifier.matcher, read_scan(OWNER)
    explained = explain(OWNER, OTHER)
    shown = (scan, matcher.template(scan), verifier.references("A")[0], matcher.acquire(scan), explained, [scan])
    for one in shown:
        assert "array" not in repr(one)
        assert len(repr(one)) < 300


def test_35_what_came_from_outside_is_escaped(verifier: Verifier) -> None:
    reference = verifier.enroll(OTHER, "<b>B</b>")
    try:
        assert reference.to_dict()["subject"] == "<b>B</b>"
        assert "&lt;b&gt;B" in verifier.verify(OTHER, "<b>B</b>")._repr_html_()
    finally:
        verifier.delete("<b>B</b>")


# --- evaluations ------------------------------------------------------------------------------------------------------


def test_36_an_evaluation(prints: Path, release_model: str) -> None:
    evaluation = evaluate(prints)
    assert evaluation.eer == 0
    assert evaluation.fnmr_at(evaluation.threshold) == 0
    assert repr(evaluation).startswith(f"Evaluation({prints.name!r} by {release_model}, 6 scans, 3 mated and 12 ")
    assert "EER" in evaluation._repr_html_()
    assert (evaluation._repr_png_() or b"").startswith(b"\x89PNG")


def test_37_a_function_as_matcher(prints: Path) -> None:
    def alike(probe: fpverify.Scan, reference: fpverify.Scan) -> float:
        return -float(abs(probe.pixels.mean() - reference.pixels.mean()))

    evaluation = evaluate(prints, matcher=alike)
    assert evaluation.model_id == "alike"
    assert len(evaluation.to_frame()) == 15 if has_pandas() else True


def test_38_an_object_as_matcher(prints: Path, release_model: str) -> None:
    class Ours:
        name = "ours-2"

        def template(self, scan: fpverify.Scan) -> fpverify.Template:
            return matcher.template(scan)

        def score(self, probe: fpverify.Template, reference: fpverify.Template) -> fpverify.Score:
            return matcher.score(probe, reference)

    matcher = Matcher.load()
    assert evaluate(prints, matcher=Ours()).scores.tolist() == pytest.approx(evaluate(prints).scores.tolist())


def test_39_the_log_is_silent_until_somebody_listens(
    tmp_path: Path, release_model: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with Verifier.open(tmp_path / "db", key="none") as opened:
        opened.enroll(OWNER, "secret-id")
        opened.identify(AGAIN)
    assert capfd.readouterr().err == ""
    with caplog.at_level(logging.INFO, "fpverify"), Verifier.open(tmp_path / "db", key="none") as opened:
        opened.identify(AGAIN)
    said = [one.getMessage() for one in caplog.records if one.name == "fpverify"]
    assert [line.split(" ", 2)[:2] for line in said][:2] == [["loaded", "the"], ["opened", "the"]]
    assert any("holds 1 references" in line for line in said)
    assert "secret-id" not in " ".join(said)


def test_40_everything_is_at_the_top() -> None:
    assert [name for name in fpverify.__all__ if getattr(fpverify, name, None) is None] == []
    assert set(fpverify._HOMES) | {"errors", "__version__"} == set(fpverify.__all__)
    assert issubclass(fpverify.errors.NotAScan, fpverify.FpverifyError)


def has_pandas() -> bool:
    from importlib.util import find_spec

    return find_spec("pandas") is not None


# --- what is wrong ----------------------------------------------------------------------------------------------------

Given = dict[str, Any]  # a verifier, its matcher, and what else a call needs
Call = Callable[[Given, Any], object]

WRONG = (None, 5, -1, 2.5, b"", b"x", "", "nowhere.bmp", "\0", [], {}, (1, 2), float("nan"), object(), np.zeros((3, 3)))
CALLS: dict[str, Call] = {
    "verify": lambda has, wrong: has["verifier"].verify(wrong, "A"),
    "verify, subject": lambda has, wrong: has["verifier"].verify(has["scan"], wrong),
    "verify, finger": lambda has, wrong: has["verifier"].verify(has["scan"], "A", wrong),
    "verify, fmr": lambda has, wrong: has["verifier"].verify(has["scan"], "A", fmr=wrong),
    "verify, ppi": lambda has, wrong: has["verifier"].verify(OWNER, "A", ppi=wrong),
    "identify": lambda has, wrong: has["verifier"].identify(wrong),
    "identify, top": lambda has, wrong: has["verifier"].identify(has["scan"], top=wrong),
    "identify, fpir": lambda has, wrong: has["verifier"].identify(has["scan"], fpir=wrong),
    "enroll": lambda has, wrong: has["verifier"].enroll(wrong, "B"),
    "enroll, subject": lambda has, wrong: has["verifier"].enroll(has["scan"], wrong),
    "enroll, finger": lambda has, wrong: has["verifier"].enroll(has["scan"], "B", wrong),
    "enroll_together": lambda has, wrong: has["verifier"].enroll_together(wrong, "B", ["right-thumb"]),
    "enroll_together, fingers": lambda has, wrong: has["verifier"].enroll_together([has["scan"]], "B", wrong),
    "references": lambda has, wrong: has["verifier"].references(wrong),
    "delete": lambda has, wrong: has["verifier"].delete(wrong),
    "duplicates": lambda has, wrong: list(has["verifier"].duplicates(pairs=wrong)),
    "Verifier.evaluate": lambda has, wrong: has["verifier"].evaluate(protocol=wrong),
    "compare": lambda has, wrong: compare(wrong, has["scan"]),
    "explain": lambda has, wrong: explain(has["scan"], wrong),
    "extract_minutiae": lambda has, wrong: extract_minutiae(wrong),
    "extract_minutiae, finger": lambda has, wrong: extract_minutiae(has["scan"], wrong),
    "Matcher.load": lambda has, wrong: Matcher.load(wrong),
    "template": lambda has, wrong: has["verifier"].matcher.template(wrong),
    "score": lambda has, wrong: has["verifier"].matcher.score(has["template"], wrong),
    "operating_point": lambda has, wrong: has["verifier"].matcher.operating_point(wrong),
    "evaluate": lambda has, wrong: evaluate(wrong),
    "evaluate, protocol": lambda has, wrong: evaluate(has["prints"], protocol=wrong),
    "evaluate, matcher": lambda has, wrong: evaluate(has["prints"], matcher=wrong),
    "read_scan": lambda has, wrong: read_scan(wrong),
    "scan_from_bytes": lambda has, wrong: fpverify.scan_from_bytes(wrong),
    "scan_from_pixels": lambda has, wrong: fpverify.scan_from_pixels(wrong),
    "write_scan": lambda has, wrong: fpverify.write_scan(has["scan"], wrong),
    "write_scan, scan": lambda has, wrong: fpverify.write_scan(wrong, "x.png"),
    "read_scores": lambda has, wrong: fpverify.read_scores(wrong),
    "write_scores": lambda has, wrong: fpverify.write_scores(wrong, "x.csv"),
    "read_minutiae": lambda has, wrong: fpverify.read_minutiae(wrong),
    "minutiae_from_bytes": lambda has, wrong: fpverify.minutiae_from_bytes(wrong),
    "write_minutiae": lambda has, wrong: fpverify.write_minutiae(wrong, "x.fmr"),
    "minutiae_to_bytes": lambda has, wrong: fpverify.minutiae_to_bytes(has["record"], format=wrong),
    "read_rows": lambda has, wrong: fpverify.read_rows(wrong),
    "synthesise": lambda has, wrong: next(fpverify.synthesise(wrong)),
}
RIGHT: dict[str, tuple[object, ...]] = {  # what is no mistake there
    "verify, finger": (None, []),
    "verify, fmr": (None,),
    "verify, ppi": (None,),
    "identify, top": (5,),
    "duplicates": (5, 2.5),
    "Matcher.load": (None,),
    "evaluate, matcher": (None,),
    "synthesise": (5,),
    "write_scan": ("nowhere.bmp",),
}


@pytest.fixture(scope="module")
def has(verifier: Verifier, prints: Path) -> Given:
    scan = read_scan(OWNER)
    template, record = verifier.matcher.template(scan), extract_minutiae(scan)
    return {"verifier": verifier, "scan": scan, "template": template, "record": record, "prints": prints}


@pytest.mark.parametrize("name", CALLS)
def test_whatever_is_wrong_is_an_error_of_the_tree(
    name: str, has: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for wrong in WRONG:
        if not any(wrong is one or (type(wrong) is type(one) and wrong == one) for one in RIGHT.get(name, ())):
            with pytest.raises(errors.FpverifyError):
                CALLS[name](has, wrong)
