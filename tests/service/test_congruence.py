"""The same question has the same answer in Python, of `--json`, over HTTP and of the client, field by field.

What may differ is named here: where a store lies, which only its own machine is told (`PLACE`); what a caller's file is
called, which is not sent; and the moment of an enrollment.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Running, running_service
from PIL import Image

import fpverify
from fpverify import Client, Verifier, answers
from fpverify.cli import main
from fpverify.formats.containers import write_images
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slaps import SlapSettings, draw_slap, enlarged
from fpverify.vocabulary.images import FingerImage, ImageRecord

pytestmark = pytest.mark.usefixtures("release_model")

PLACE = {"store", "unwiped_since"}  # of the store's own machine
FILE = re.compile(r"the (scan|probe|reference)\b|\bscan [12]\b|\w+\.(bmp|png|an2|fir)")  # over HTTP, and elsewhere
FPIR = 0.001  # of the service; the command line's and Python's own are other defaults
SAMPLES = Path(fpverify.__file__).parent / "samples"
Doors = dict[str, Any]  # answers by who gave them


class Asked:
    """One store behind four doors."""

    def __init__(self, running: Running, folder: Path) -> None:
        self.running, self.key, self.db = running, str(folder / "store.key"), str(folder / "db")
        self.verifier = Verifier.open(self.db, key=self.key)
        self.clerk, self.desk = (Client(running.url, running.keys[scope]) for scope in ("admin", "scores"))

    def cli(self, *words: str, store: bool = True) -> Any:
        """What a command prints with `--json`."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = main([*words, "--json", *(["--db", self.db, "--key", self.key] if store else [])])
        assert code in {0, 1}, words
        return json.loads(said.getvalue())

    def http(
        self, method: str, path: str, scope: str = "scores", scans: Mapping[str, Any] | None = None, **data: Any
    ) -> Any:
        """The body of an answer, by another client."""
        files = [(name, (one, Path(one).read_bytes())) for name, many in (scans or {}).items() for one in many]
        given = {"files": files, "data": data} if files else {"params": data}
        answer = self.running.ask(method, path, scope, **given)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A store with two people, one of whom has two fingers."""
    from fpverify.service.limits import TryLimit

    folder = tmp_path_factory.mktemp("congruence")
    for path in SAMPLES.glob("*.bmp"):
        shutil.copy(path, folder)
    write_images(ImageRecord((image_of("A_2.bmp", 2), image_of("B_1.bmp", 6, 1))), folder / "card.an2")
    Image.fromarray(thumbs()).save(folder / "thumbs.png", dpi=(500, 500))
    many = TryLimit(((1000, 60.0),), calm_s=60)
    before = Path.cwd()
    os.chdir(folder)  # so that files have one name everywhere
    try:
        with running_service(folder, None, subject=many, verifying=many, identifying=many) as running:  # type: ignore[arg-type]
            opened = Asked(running, folder)
            opened.verifier.enroll("A_1.bmp", "A", finger="right-index")
            opened.verifier.enroll("B_1.bmp", "B", finger="left-thumb")
            yield opened
            opened.verifier.close()
    finally:
        os.chdir(before)


def image_of(name: str, finger: int, impression: int = 0) -> FingerImage:
    scan = fpverify.read_scan(SAMPLES / name)
    height, width = scan.pixels.shape
    return FingerImage(scan.pixels.tobytes(), "none", width, height, (scan.ppi, scan.ppi), finger, impression)


def thumbs() -> Any:
    """Two thumbs side by side."""
    masters = [draw_finger(np.random.default_rng([41, k])).ridges for k in range(2)]
    calm = SlapSettings(hardness=(0.1, 0.3))
    return enlarged(draw_slap(np.random.default_rng(3), masters, "both-thumbs", calm).image)


def flat(answer: Any, before: str = "") -> dict[str, Any]:
    """Values by the way to them, with an empty list or object as a value."""
    items = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    inner = [flat(value, f"{before}.{name}" if before else str(name)) for name, value in items]
    return {way: value for one in inner for way, value in one.items()} if inner else {before: answer}


def differing(doors: Doors, but: Callable[[str], bool] = lambda way: False) -> dict[str, dict[str, Any]]:
    """Every field that two doors answer differently, with what each says; "absent" where one has none."""
    said = {door: flat(json.loads(json.dumps(answer))) for door, answer in doors.items()}
    ways = sorted(set().union(*said.values()))
    values = {way: {door: told(way, fields.get(way, "absent")) for door, fields in said.items()} for way in ways}
    return {way: of for way, of in values.items() if not but(way) and len({repr(one) for one in of.values()}) > 1}


def told(way: str, value: Any) -> Any:
    """A value, or "a file" for the name that a scan has."""
    if way.rpartition(".")[2] == "file":
        return FILE.sub("a file", str(value))
    return FILE.sub("a file", value) if ".notes." in f".{way}" else value


def of_place(way: str) -> bool:
    return way.rpartition(".")[2] in PLACE


def of_the_moment(way: str) -> bool:
    return of_place(way) or way.rpartition(".")[2] in {"enrolled_at", "subject"}


@pytest.mark.parametrize("scans", [["A_2.bmp"], ["B_1.bmp"], ["A_2.bmp", "A_1.bmp"]], ids=" ".join)
def test_a_verification(asked: Asked, scans: list[str]) -> None:
    doors = {
        "Python": asked.verifier.verify(scans, "A").to_dict(),
        "--json": asked.cli("verify", *scans, "--id", "A"),
        "HTTP": asked.http("POST", "/v1/verify", scans={"probe": scans}, subject="A"),
        "client": asked.desk.verify(scans, "A"),
    }
    assert differing(doors) == {}
    assert doors["Python"]["decision"] == ("non-match" if scans == ["B_1.bmp"] else "match")


@pytest.mark.parametrize("fmr", [0.0001, 0.001])
def test_a_verification_at_a_rate_and_of_a_finger(asked: Asked, fmr: float) -> None:
    doors = {
        "Python": asked.verifier.verify("A_2.bmp", "A", ["right-index"], fmr=fmr).to_dict(),
        "--json": asked.cli("verify", "A_2.bmp", "--id", "A", "--finger", "right-index", "--fmr", str(fmr)),
        "HTTP": asked.http(
            "POST", "/v1/verify", scans={"probe": ["A_2.bmp"]}, subject="A", finger="right-index", fmr=fmr
        ),
        "client": asked.desk.verify("A_2.bmp", "A", "right-index", fmr),
    }
    assert differing(doors) == {}
    assert doors["Python"]["target_fmr"] == fmr


@pytest.mark.parametrize("scans", [["A_2.bmp"], ["A_2.bmp", "A_1.bmp"]], ids=" ".join)
def test_an_identification(asked: Asked, scans: list[str]) -> None:
    doors = {
        "Python": asked.verifier.identify(scans, fpir=FPIR).to_dict(),
        "--json": asked.cli("identify", *scans, "--fpir", str(FPIR)),
        "HTTP": asked.http("POST", "/v1/identify", scans={"probe": scans}),
        "client": asked.desk.identify(scans),
    }
    assert differing(doors) == {}
    assert doors["Python"]["candidates"][0]["subject"] == "A"


@pytest.mark.parametrize("second", ["A_1.bmp", "B_1.bmp"])
def test_a_comparison(asked: Asked, second: str) -> None:
    doors = {
        "--json": asked.cli("compare", "A_2.bmp", second, store=False),
        "HTTP": asked.http("POST", "/v1/compare", scans={"probe": ["A_2.bmp"], "reference": [second]}),
        "client": asked.desk.compare("A_2.bmp", second),
    }
    assert differing(doors) == {}
    assert fpverify.compare("A_2.bmp", second).value == doors["HTTP"]["score"]
    explained = fpverify.explain("A_2.bmp", second).to_dict()
    both = {name: {"Python": explained[name], "HTTP": doors["HTTP"][name]} for name in ("decision", "score", "llr")}
    assert [name for name, said in both.items() if differing(said)] == []


def test_an_enrollment(asked: Asked) -> None:
    doors = {
        "Python": asked.verifier.enroll("A_2.bmp", "of Python", finger="left-ring", unchecked=True).to_dict(),
        "--json": asked.cli("enroll", "A_2.bmp", "--id", "of json", "--finger", "left-ring", "--unchecked"),
        "HTTP": asked.http(
            *("POST", "/v1/enroll", "admin"),
            scans={"reference": ["A_2.bmp"]},
            subject="of HTTP",
            finger="left-ring",
            unchecked="true",
        ),
        "client": asked.clerk.enroll("A_2.bmp", "of a client", "left-ring", unchecked=True),
    }
    enrolled = doors.pop("Python")  # an impression, which knows nothing of the scan any more
    assert differing(doors, of_the_moment) == {}
    of_it = {name: doors["HTTP"][name] for name in enrolled}
    assert differing({"Python": enrolled, "HTTP": of_it}, of_the_moment) == {}
    for one in ("of Python", "of json", "of HTTP", "of a client"):
        asked.verifier.delete(one)


def test_several_at_once(asked: Asked) -> None:
    scans, fingers = ["A_2.bmp", "B_1.bmp"], ["left-ring", "left-little"]
    named = [word for one in fingers for word in ("--finger", one)]
    doors = {
        "--json": asked.cli("enroll", *scans, "--id", "of json", *named, "--unchecked"),
        "HTTP": asked.http(
            *("POST", "/v1/enroll", "admin"),
            scans={"reference": scans},
            subject="of HTTP",
            finger=fingers,
            unchecked="true",
        ),
        "client": asked.clerk.enroll(scans, "of a client", fingers, unchecked=True),
    }
    assert differing(doors, of_the_moment) == {}
    assert len(doors["HTTP"]["impressions"]) == 2
    for one in ("of json", "of HTTP", "of a client"):
        asked.verifier.delete(one)


HANDS = {"card.an2": (["right-index", "left-thumb"], None), "thumbs.png": (["left-thumb", "right-thumb"], "thumbs")}


@pytest.mark.parametrize("file", HANDS)
def test_an_enrollment_of_a_card_and_of_a_slap(asked: Asked, file: str) -> None:
    fingers, slap = HANDS[file]
    found = fpverify.HandReader(slap=slap).read(file)
    scans = [one.scan for one in found.scans]
    kept = asked.verifier.enroll_together(scans, "of Python", found.fingers, unchecked=True)
    said, more = ([], {}) if slap is None else (["--slap", slap], {"slap": slap})
    doors = {
        "Python": answers.enrollment_answer(kept, scans, found.notes),
        "--json": asked.cli("enroll", file, "--id", "of json", "--unchecked", *said),
        "HTTP": asked.http(
            "POST", "/v1/enroll", "admin", scans={"reference": [file]}, subject="of HTTP", unchecked="true", **more
        ),
        "client": asked.clerk.enroll(file, "of a client", unchecked=True, slap=slap),
    }
    assert differing(doors, of_the_moment) == {}
    assert [one["finger"] for one in doors["HTTP"]["impressions"]] == fingers
    decided = {
        "--json": asked.cli("verify", file, "--id", "of HTTP", *said),
        "HTTP": asked.http("POST", "/v1/verify", scans={"probe": [file]}, subject="of HTTP", **more),
        "client": asked.desk.verify(file, "of HTTP", slap=slap),
    }
    assert differing(decided) == {}
    assert decided["client"]
    assert {one["finger"] for one in decided["HTTP"]["probes"]} == set(fingers)
    for one in ("of Python", "of json", "of HTTP", "of a client"):
        asked.verifier.delete(one)


def test_a_thumb_that_a_slap_lacks_is_noted_everywhere(asked: Asked) -> None:
    more = {"slap": "right", "missing": ["right-middle", "right-ring", "right-little"]}
    gone = [word for one in more["missing"] for word in ("--missing", one)]
    fields = {"subject": "of HTTP", "unchecked": "true"} | more
    doors = {
        "--json": asked.cli("enroll", "A_2.bmp", "--id", "of json", "--unchecked", "--slap", "right", *gone),
        "HTTP": asked.http("POST", "/v1/enroll", "admin", scans={"reference": ["A_2.bmp"]}, **fields),
        "client": asked.clerk.enroll("A_2.bmp", "of a client", unchecked=True, **more),  # type: ignore[arg-type]
    }
    assert differing(doors, of_the_moment) == {}
    assert doors["HTTP"]["finger"] == "right-index"
    for one in ("of json", "of HTTP", "of a client"):
        asked.verifier.delete(one)


def test_who_is_enrolled(asked: Asked) -> None:
    doors = {
        "Python": [answers.finger_answer(one) for one in asked.verifier.fingers()],
        "--json": asked.cli("list")["fingers"],
        "HTTP": asked.http("GET", "/v1/subjects", "admin")["fingers"],
        "client": list(asked.clerk.subjects()),
    }
    assert differing(doors) == {}
    assert [one["subject"] for one in doors["Python"]] == ["A", "B"]


def test_what_is_kept_of_somebody(asked: Asked) -> None:
    asked.verifier.store.update("A", metadata={"room": "7"})
    doors = {
        "Python": [one.to_dict() for one in asked.verifier.references("A")],
        "--json": asked.cli("show", "--id", "A")["impressions"],
        "HTTP": asked.http("GET", "/v1/impressions", "admin", subject="A")["impressions"],
        "client": list(asked.clerk.impressions("A")),
    }
    assert differing(doors) == {}
    noted = {
        "Python": asked.verifier.store.metadata("A"),
        "--json": asked.cli("show", "--id", "A")["metadata"],
        "HTTP": asked.http("GET", "/v1/metadata", "admin", subject="A")["metadata"],
        "client": asked.clerk.metadata("A"),
    }
    assert differing(noted) == {}
    assert noted["client"] == {"room": "7"}


def test_a_change_of_what_is_noted(asked: Asked) -> None:
    doors = {
        "--json": asked.cli("update", "--id", "B", "--note", "room=8"),
        "client": asked.clerk.update("B", metadata={"room": "8"}),
    }
    assert differing(doors, of_place) == {}


def test_what_was_done_with_somebody(asked: Asked) -> None:
    doors = {
        "Python": [answers.entry_answer(one) for one in asked.verifier.store.history("B", 100)],
        "--json": asked.cli("audit", "show", "--id", "B")["entries"][::-1],
        "HTTP": asked.http("GET", "/v1/history", "admin", subject="B")["entries"],
        "client": list(asked.clerk.history("B")),
    }
    assert differing(doors) == {}
    assert doors["Python"][-1]["action"] == "enroll"


@pytest.mark.parametrize("finger", [None, "left-ring"])
def test_a_deletion(asked: Asked, finger: str | None) -> None:
    doors: Doors = {}
    for door in ("--json", "HTTP", "client"):
        asked.verifier.enroll("A_2.bmp", "gone", finger="left-ring", unchecked=True)
        which = [] if finger is None else ["--finger", finger]
        ask: dict[str, Callable[[], Any]] = {
            "--json": lambda which=which: asked.cli("delete", "--id", "gone", *which),
            "HTTP": lambda: asked.http(
                "DELETE", "/v1/impressions", "admin", subject="gone", **({} if finger is None else {"finger": finger})
            ),
            "client": lambda: asked.clerk.delete("gone", finger),
        }
        doors[door] = ask[door]()
    assert differing(doors, of_place) == {}
    assert doors["HTTP"]["deleted"] == 1


@pytest.mark.parametrize(("subject", "error"), [("nobody", "NotEnrolled")])
def test_an_error_has_one_name(asked: Asked, subject: str, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    kind = getattr(fpverify.errors, error)
    with pytest.raises(kind):
        asked.verifier.verify("A_2.bmp", subject)
    with pytest.raises(kind):
        asked.desk.verify("A_2.bmp", subject)
    answer = asked.running.post("/v1/verify", Path("A_2.bmp"), "scores", subject=subject)
    assert answer.json()["error"] == error


def test_a_field_that_one_door_lacks_or_says_otherwise_is_seen() -> None:
    doors = {"one": {"a": 1, "b": [{"c": 2}], "file": "A_2.bmp"}, "other": {"a": 1.5, "b": [{}], "file": "the scan"}}
    assert set(differing(doors)) == {"a", "b.0", "b.0.c"}
    assert differing({"one": {"a": []}, "other": {}}) != {}
    assert differing({"one": {"store": "/srv"}, "other": {}}, of_place) == {"": {"one": "absent", "other": {}}}
