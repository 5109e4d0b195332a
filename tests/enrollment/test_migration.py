"""Another model's templates for all who are enrolled, ended at any moment and gone on with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fpverify.enrollment import Migration
from fpverify.executors import Workforce, local_workforce
from fpverify.matching import Matcher
from fpverify.scans import read_scan
from fpverify.store import Store, encode_template
from fpverify.vocabulary import Scan

SUBJECTS = 90


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory, make_edges_model: Callable[[Path, str], Path]) -> Path:
    return make_edges_model(tmp_path_factory.mktemp("newer") / "model", "edges-2")


@pytest.fixture
def scans(stripes: Path) -> list[Scan]:
    return [read_scan(path) for path in sorted(stripes.glob("*.bmp"))]


@pytest.fixture
def store(tmp_path: Path, edges_model: Path, scans: list[Scan]) -> Iterator[Store]:
    """Every third subject has two impressions, every tenth no scan."""
    matcher = Matcher.load(edges_model)
    templates = [matcher.template(one) for one in scans]
    with Store.open(tmp_path / "store", key="none") as opened:
        with opened.batch():
            for number in range(SUBJECTS):
                for k in range(number, number + (2 if number % 3 == 0 else 1)):
                    kept = None if number % 10 == 0 else scans[k % len(scans)]
                    opened.add(f"S{number:02d}", "left-thumb", templates[k % len(scans)], scan=kept)
        yield opened


def told(store: Store, model: Path, force: Workforce) -> tuple[int, set[str]]:
    """How many templates were made, and of whom some were left."""
    outcomes = list(Migration(store, Matcher.load(model)).outcomes(force))
    assert len(outcomes) == len({one.subject for one in outcomes})
    return sum(one.made for one in outcomes), {one.subject for one in outcomes if one.left}


WITHOUT = {f"S{number:02d}" for number in range(0, SUBJECTS, 10)}
IMPRESSIONS = sum(2 if number % 3 == 0 else 1 for number in range(SUBJECTS) if number % 10)


def test_processes_make_what_one_would(store: Store, newer: Path, scans: list[Scan]) -> None:
    before = {(one.subject, one.impression): one.enrolled_at for one in store.records()}
    with local_workforce(2) as force:
        assert told(store, newer, force) == (IMPRESSIONS, WITHOUT)
        assert told(store, newer, force) == (0, WITHOUT)
    matcher = Matcher.load(newer)
    expected = [encode_template(matcher.template(one)) for one in scans]
    for one in store.records():
        if one.subject not in WITHOUT:
            number = int(one.subject[1:]) + one.impression - 1
            assert encode_template(one.template) == expected[number % len(scans)]
    assert {(one.subject, one.impression): one.enrolled_at for one in store.records()} == before
    store.check()


def test_what_changes_meanwhile_is_seen(store: Store, newer: Path, edges_model: Path, scans: list[Scan]) -> None:
    older = Matcher.load(edges_model).template(scans[3])
    with ThreadPoolExecutor(1) as executor:
        migration = Migration(store, Matcher.load(newer))
        outcomes = migration.outcomes(Workforce(executor, 1))
        next(outcomes)
        store.delete("S89")
        store.add("S88", "left-thumb", older, scan=scans[3])
        found = {one.subject: one for one in outcomes}
    assert (found["S89"].made, found["S89"].left) == (0, [])
    assert found["S88"].made == 2
    assert {one.model_id for one in store.references("S88")} == {"edges-2"}


MIGRATING = """
import sys
from fpverify import Verifier
if __name__ == "__main__":
    with Verifier.open(sys.argv[1], model=sys.argv[2], key="none", create=False) as verifier:
        for one in verifier.migrate():
            print(one.subject, flush=True)
            sys.stdin.readline()
"""


def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_double(
    store: Store, newer: Path, tmp_path: Path
) -> None:
    before = {(one.subject, one.impression) for one in store.records()}
    (tmp_path / "migrating.py").write_text(MIGRATING)
    command = [sys.executable, tmp_path / "migrating.py", store.place, newer]
    done: set[str] = set()
    for lines in (0, 1, 33):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            for _ in range(lines):
                done.add(running.stdout.readline().strip())
                running.stdin.write("\n")
                running.stdin.flush()
            running.kill()
        for one in store.records():  # what was told is on disk
            assert one.model_id == "edges-2" or one.subject not in done - WITHOUT
    assert len(done) == 34
    with local_workforce(2) as force:
        told(store, newer, force)
    assert {(one.subject, one.impression) for one in store.records()} == before
    assert {one.subject for one in store.records() if one.model_id != "edges-2"} == WITHOUT
    assert [one.action for one in store.audit_entries()].count("migrate") == IMPRESSIONS
    store.check()
