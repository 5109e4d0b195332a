"""A checkup says what is wrong, with what to do, and leaves everything as it is."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpverify import Template, Verifier, read_scan
from fpverify.checkup import Checkup, checkup, software, speed
from fpverify.checkup.holdings import reader_part
from fpverify.checkup.speed import README, SAMPLES, speed_part
from fpverify.matching import Matcher
from fpverify.models import load_bundle
from fpverify.readers import Found, FoundReader
from fpverify.search.register import Registers
from fpverify.settings import load_settings
from fpverify.store import Store
from fpverify.testing.made_up_prints import finger

ON_DISK = 140  # references, of which there are enough for a shard

pytestmark = pytest.mark.usefixtures("release_model")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and the user's folders beside it."""
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / "home" / name.lower()))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def enrolled(place: Path) -> Path:
    """The default store, with one finger in it."""
    with Verifier.open() as verifier:
        verifier.enroll(read_scan(SAMPLES / "A_1.bmp"), "A")
    return place


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything in a folder: when it was changed, and what it holds."""
    found = sorted(folder.rglob("*"))
    return {str(one): (one.stat().st_mtime_ns, one.read_bytes() if one.is_file() else b"") for one in found}


def looked_at(folder: Path, **given: object) -> Checkup:
    """A checkup without timings, after which everything is as it was."""
    before = state(folder)
    found = checkup(load_settings(**given), "1.2", quick=True)  # type: ignore[arg-type]
    assert state(folder) == before
    json.dumps(found.to_dict(), allow_nan=False)
    assert all(len(one.sentence.splitlines()) == 1 for one in found.findings)
    return found


def attention(found: Checkup) -> list[str]:
    return [one.about for one in found.findings if one.attention]


def sentence(found: Checkup, about: str) -> str:
    return next(one.sentence for one in found.findings if one.about == about)


def shape(value: Any) -> Any:
    return {name: shape(one) for name, one in value.items()} if isinstance(value, dict) else None


def test_a_new_installation_is_well(place: Path) -> None:
    found = looked_at(place)
    assert found.well
    assert "fpverify enroll" in sentence(found, "store")
    answer = found.to_dict()
    assert answer["model"]["hashes_fit"] is True
    assert answer["store"]["reachable"] is False
    assert answer["reader"].keys() == {"readers", "notes"}
    assert answer["versions"]["fpverify"] == "1.2"
    assert answer["versions"]["libraries"]["numpy"]


def test_a_store_and_its_key_are_well_and_the_key_is_not_shown(enrolled: Path) -> None:
    found = looked_at(enrolled)
    answer = found.to_dict()
    assert (found.well, found.findings) == (True, ())
    assert (answer["store"]["subjects"], answer["store"]["impressions"], answer["store"]["format"]) == (1, 1, 2)
    assert answer["key"]["opens_store"] is True
    assert answer["key"]["source"] == "file"
    ring = json.loads(Path(answer["key"]["place"]).read_text())
    said = json.dumps(answer) + str(found.parts)
    assert ring["records"][0][0] in said
    assert ring["records"][0][1] not in said
    assert ring["audit"] not in said


def test_a_key_that_is_gone_needs_attention_and_the_store_is_counted(enrolled: Path) -> None:
    (key,) = (enrolled / "home" / "config").rglob("*.key")
    key.rename(enrolled / "elsewhere")
    found = looked_at(enrolled)
    assert attention(found) == ["key"]
    assert "--key" in sentence(found, "key")
    assert found.to_dict()["store"]["impressions"] == 1
    assert looked_at(enrolled, key=f"file:{enrolled / 'elsewhere'}").well
    assert attention(looked_at(enrolled, key="none")) == ["key"]


def test_a_change_that_was_cut_off_is_left_to_the_next_command(enrolled: Path) -> None:
    """A rollback journal with something in it, as a process leaves it that was killed while it wrote."""
    path = Path("enroll_db/enrollments.sqlite")
    journal = path.with_name(path.name + "-journal")
    writing = sqlite3.connect(path, isolation_level=None)
    writing.execute("PRAGMA cache_size = 1")
    writing.execute("PRAGMA cache_spill = 1")
    writing.execute("BEGIN IMMEDIATE")
    writing.execute("UPDATE subjects SET metadata = zeroblob(1000000)")
    left = (path.read_bytes(), journal.read_bytes())
    writing.execute("ROLLBACK")
    writing.close()
    path.write_bytes(left[0])
    journal.write_bytes(left[1])
    assert "was cut off; the next command" in sentence(looked_at(enrolled), "store")
    assert journal.exists()
    with Store.open() as store:
        assert store.count() == 1
    assert looked_at(enrolled).well


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_files_that_others_could_change_need_attention(enrolled: Path) -> None:
    (key,) = (enrolled / "home" / "config").rglob("*.key")
    key.chmod(0o644)
    assert "chmod 600" in sentence(looked_at(enrolled), "key")
    key.chmod(0o600)
    Path("enroll_db").chmod(0o777)
    assert attention(looked_at(enrolled)) == ["store"]
    assert looked_at(enrolled, trust_permissions=True).well


def test_a_store_that_was_named_has_to_be_there(place: Path) -> None:
    assert attention(looked_at(place, db="door_db")) == ["store"]
    Path("other.sqlite").write_bytes(b"no database at all, and more than a hundred bytes of it" * 3)
    assert attention(looked_at(place, db="other.sqlite")) == ["store"]
    with sqlite3.connect("program.sqlite") as other:
        other.execute("CREATE TABLE t (a)")
    other.close()
    assert "another program" in sentence(looked_at(place, db="program.sqlite"), "store")
    assert attention(looked_at(place, db="postgresql://nobody@localhost:1/none")) == ["store"]


def test_an_older_store_is_left_as_it_is(place: Path) -> None:
    Path("old.sqlite").write_bytes((Path(__file__).parents[1] / "store" / "data" / "version_1.sqlite").read_bytes())
    found = looked_at(place, db="old.sqlite")
    assert found.well
    assert "older format, 1" in sentence(found, "store")


def test_a_store_with_a_log_gets_no_more_files(enrolled: Path) -> None:
    with sqlite3.connect("enroll_db/enrollments.sqlite") as store:
        assert store.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    store.close()
    assert len(list(Path("enroll_db").iterdir())) == 1
    assert looked_at(enrolled).to_dict()["store"]["impressions"] == 1


def test_a_store_that_is_used_with_a_log_is_read_beside_its_user(enrolled: Path) -> None:
    used = sqlite3.connect("enroll_db/enrollments.sqlite", isolation_level=None)
    used.execute("PRAGMA journal_mode = WAL")
    used.execute("UPDATE subjects SET metadata = metadata")
    names = {one.name for one in Path("enroll_db").iterdir()}
    assert len(names) == 3
    found = checkup(load_settings(), "1.2", quick=True)
    assert found.to_dict()["store"]["impressions"] == 1
    assert {one.name for one in Path("enroll_db").iterdir()} == names
    used.close()


def test_a_damaged_model_needs_attention(enrolled: Path) -> None:
    copy = enrolled / "work" / "copy"
    copy.mkdir()
    for file in load_bundle().folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert looked_at(enrolled, model=str(copy)).well
    for name in ("codebook.npy", "minutia_map.tflite"):
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        found = looked_at(enrolled, model=str(copy))
        assert attention(found) == ["model"]
        assert name in sentence(found, "model")
        (copy / name).write_bytes(content)


@pytest.mark.parametrize("given", [{"model": "no-such-model"}, {"fmr": 1e-9}, {"calibration": "none.yaml"}], ids=str)
def test_a_model_that_cannot_decide_as_it_is_set_needs_attention(place: Path, given: dict[str, object]) -> None:
    assert attention(looked_at(place, **given)) == ["model"]


def test_impressions_of_a_model_that_is_gone_need_attention(place: Path, stripes: Path, edges_model: Path) -> None:
    with Verifier.open(model=edges_model) as verifier:
        verifier.enroll(read_scan(stripes / "A_00.bmp"), "A")
    found = looked_at(place)
    assert attention(found) == ["store"]
    assert "edges-1 is not installed" in sentence(found, "store")
    assert looked_at(place, model=str(edges_model)).well
    assert looked_at(place, models=str(edges_model.parent)).well


@pytest.fixture
def enroll_more(place: Path) -> Iterator[Callable[[], object]]:
    """A store with an index on disk; calling it enrolls one more."""
    matcher = Matcher.load()

    def made(seed: int) -> Template:
        return replace(finger(seed), model_id=matcher.model_id)

    with Store.open("enroll_db") as store:
        store.add_many((f"{seed}", "unknown", made(seed)) for seed in range(ON_DISK))
        Registers("ivf").current(store, matcher)
        yield lambda: store.add("more", "unknown", made(ON_DISK))


def test_an_index_is_up_to_date_behind_or_damaged(place: Path, enroll_more: Callable[[], object]) -> None:
    index = looked_at(place, index="ivf").to_dict()["index"]
    assert (index["references_on_disk"], index["up_to_date"], index["behind"]) == (ON_DISK, True, 0)
    (shard,) = Path("enroll_db").rglob("*.shard")
    assert index["bytes"] == shard.stat().st_size
    enroll_more()
    found = looked_at(place, index="ivf")
    assert (found.well, found.to_dict()["index"]["behind"]) == (True, 1)
    shard.write_bytes(b"damaged")
    found = looked_at(place, index="ivf")
    assert found.to_dict()["index"]["up_to_date"] is False
    assert "fpverify identify" in sentence(found, "index")
    assert looked_at(place, index="exact").to_dict()["index"]["bytes"] is None


def test_programs_are_given_the_same_names_whatever_is_wrong(enrolled: Path) -> None:
    def named(**given: object) -> Any:
        found = looked_at(enrolled, **given).to_dict()
        return shape(found | {"store": found["store"] | {"models": None}})

    well = named()
    for given in ({"db": "none"}, {"model": "none"}, {"key": "none"}, {"index": "exact"}):
        assert named(**given) == well


def test_a_library_that_is_missing_needs_attention_and_an_extra_does_not(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = ["numpy<3,>=1.26", "absent>=1", "wsq>=0.9; extra == 'wsq'", 'gone[x]>2; extra == "train"']
    monkeypatch.setattr(software, "requires", lambda _: [*stated, "ruff; extra == 'dev'"])
    monkeypatch.setattr(software, "installed_version", lambda name: None if name in {"absent", "gone"} else "1.0")
    found = looked_at(place)
    assert attention(found) == ["versions"]
    assert "pip install absent" in sentence(found, "versions")
    assert found.to_dict()["extras"] == {
        "train": {"installed": False, "missing": ["gone"]},
        "wsq": {"installed": True, "missing": []},
    }


def test_a_library_that_does_not_load_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fpverify.checkup.holdings", raising=False)
    monkeypatch.setitem(sys.modules, "fpverify.matching", None)
    found = checkup(load_settings(), "1.2", quick=True)
    assert attention(found) == ["versions"]
    assert "pip install" in sentence(found, "versions")


def test_what_is_timed_takes_time_and_writes_nothing(place: Path) -> None:
    before = state(place)
    part = speed_part(load_settings(), load_bundle())
    assert state(place) == before
    assert all(part.facts[name] > 0 for name in README)
    assert len(part.lines) == len(README)


def test_a_machine_that_is_slow_is_said_to_be(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "README", dict.fromkeys(README, speed.Stated(1e-9, 1e-9)))
    monkeypatch.setattr(speed, "COMMANDS", 1)
    (finding,) = speed_part(load_settings(), load_bundle()).findings
    assert (finding.about, finding.attention) == ("speed", False)
    assert finding.sentence.count("times as long") == len(README)


def test_a_model_of_something_else_is_not_timed(place: Path, edges_model: Path) -> None:
    part = speed_part(load_settings(), load_bundle(edges_model))
    assert all(part.facts[name] is None or part.facts[name] > 0 for name in README)


def test_settings_for_other_scans_do_not_keep_it_from_being_timed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    Path("fpverify.yaml").write_text("calibration: none.yaml\n")
    monkeypatch.setenv("FPVERIFY_PPI", "9")
    monkeypatch.setattr(speed, "COMMANDS", 1)
    assert speed_part(settings, load_bundle()).facts["command_s"] > 0


def test_figures_of_the_readme_are_those_of_the_readme() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = {
        "extraction_ms": r"\| extraction, a print, [^|]*\| ([\d.]+) to ([\d.]+) ms of CPU",
        "comparison_ms": r"\| one comparison \| ([\d.]+) to ([\d.]+) ms of CPU",
        "command_s": r"\| `fpverify verify`, whole process \| ([\d.]+) to ([\d.]+) s",
    }
    for name, row in rows.items():
        found = re.search(row, text)
        assert found is not None
        assert (float(found[1]), float(found[2])) == tuple(README[name])


def test_readers_that_are_connected_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Found((FoundReader("desk", "a reader for tests", None, 500.0),), ("libfprint: no library",))
    monkeypatch.setattr("fpverify.checkup.holdings.found_readers", lambda: there)
    part = reader_part()
    assert part.facts == {"readers": ["desk"], "notes": ["libfprint: no library"]}
    assert (part.lines, part.findings) == ((("reader", "desk"),), ())
