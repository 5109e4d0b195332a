"""What a type checker says of a user's program: its mistakes, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
from pathlib import Path

import numpy as np
from PIL import Image

import fpverify
from fpverify import Evaluation, Finger, Matcher, Scan, Score, Verifier, compare, evaluate, explain, read_scan


def door(verifier: Verifier, scan: Scan, finger: Finger = "right-index") -> str:
    decision = verifier.verify(scan, "A", finger, fmr=0.001)
    both = verifier.verify([scan, "b.png"], "A", ["right-index", "left-index"])
    whose = verifier.identify(np.zeros((9, 9), np.uint8), ppi=500).matches[0].subject
    return f"{decision.word} {decision.score.value:.1f} {decision.taken[0].ppi} {both.match} {whose}"


def sources(path: Path) -> list[Scan]:
    with path.open("rb") as file, Image.open(path) as picture:
        return [read_scan(one) for one in (str(path), path, b"x", file, picture)]


def alike(probe: Scan, reference: Scan) -> float:
    return float(probe.pixels.mean() - reference.pixels.mean())


class Ours:
    def template(self, scan: Scan) -> bytes:
        return scan.pixels.tobytes()

    def score(self, probe: bytes, reference: bytes) -> float:
        return float(probe == reference)


def figures() -> float:
    measured: Evaluation = evaluate("prints", matcher=alike)
    curve = evaluate("prints", matcher=Ours()).det()
    with_model = evaluate("prints", matcher=Matcher.load(), protocol="fvc")
    explain("a.png", "b.png").save("why.png")
    return measured.eer + measured.fmr_at(30) + float(curve.fnmr[0]) + with_model.intervals()["eer"].low


def wrong(verifier: Verifier, scan: Scan, matcher: Matcher) -> None:
    verifier.verify(5, "A")  # planted: arg-type
    verifier.verify(scan, 5)  # planted: arg-type
    verifier.verify(scan, "A", "index")  # planted: arg-type
    verifier.verify(scan, "A", fmr="0.001")  # planted: arg-type
    verifier.enroll(scan, "A", finger="thumb")  # planted: arg-type
    verifier.enroll([scan], "A")  # planted: arg-type
    if verifier.verify(scan, "A").finger == "right-indx":  # planted: comparison-overlap
        pass
    verifier.verify(scan, "A").matched  # planted: attr-defined
    matcher.score(matcher.template(scan), scan)  # planted: arg-type
    score: float = compare(scan, scan)  # planted: assignment
    evaluate("prints", protocol="all")  # planted: arg-type
    evaluate("prints", matcher=5)  # planted: arg-type
    evaluate("prints").err  # planted: attr-defined
    fpverify.identify(scan)  # planted: attr-defined
    read_scan(None)  # planted: arg-type
    worth: Score = explain(scan, scan)  # planted: assignment
    for one in verifier.identify(scan):  # planted: attr-defined
        print(one, score, worth)


try:
    door(Verifier.open("db"), read_scan("a.png"))
except fpverify.errors.NotEnrolled as error:
    print(error)
except fpverify.FpverifyError as error:
    print(error.facts)
"""


def test_a_type_checker_finds_the_planted_mistakes_and_nothing_else(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    planted = [
        (number, match[1])
        for number, line in enumerate(PROGRAM.splitlines(), start=1)
        if (match := re.search(r"# planted: ([a-z-]+)$", line))
    ]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-color-output", "--config-file=", "program.py"]
    source = Path(__file__).parents[1]
    said = subprocess.run(
        [*command, f"--cache-dir={tmp_path / 'cache'}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"MYPYPATH": str(source), "PATH": "", "PYTHONPATH": str(source)},
    ).stdout
    found = [
        (int(match[1]), match[2]) for match in re.finditer(r"^program\.py:(\d+): error: .*\[([a-z-]+)\]$", said, re.M)
    ]
    assert found == planted, said
