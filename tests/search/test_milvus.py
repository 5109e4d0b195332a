"""An index in a Milvus engine: the contract on Milvus Lite, on request on the real engine, and what is its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from made_up_model import PLAIN
from made_up_prints import MODEL, finger, impression
from milvus_engines import free_port, lite_server, packaged_server

from fpverify.errors import IndexUnavailable, SettingsError
from fpverify.search.index import EngineIndex, Index
from fpverify.search.index.milvus import MilvusIndex, row_keys
from fpverify.search.index.milvus_place import TOKEN, MilvusPlace
from fpverify.search.index.turning import turned, turning, turning_name
from fpverify.search.kept import NOTED_EVERY
from fpverify.search.register import Registers
from fpverify.settings import load_settings, parse_index
from fpverify.store import Store
from fpverify.testing import IndexContract

pytestmark = pytest.mark.slow

CROWD = Path(__file__).with_name("milvus_crowd.py")
SECRET = bytes(range(32))
GOLDEN = [-0.128849, 0.058229, 0.035843, 0.078419]  # of its rotation: what is kept anywhere was turned by it
lite = pytest.mark.skipif(
    not find_spec("milvus_lite") or not find_spec("pymilvus"), reason="Milvus Lite is not installed"
)
real = pytest.mark.skipif(
    not os.environ.get("FPVERIFY_MILVUS_SERVER") or not find_spec("milvus"), reason="FPVERIFY_MILVUS_SERVER is not set"
)


@pytest.fixture(scope="session")
def lite_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with lite_server(tmp_path_factory.mktemp("lite")) as place:
        yield place


@pytest.fixture(scope="session")
def real_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with packaged_server(tmp_path_factory.mktemp("milvus")) as place:
        yield place


@pytest.fixture
def url(lite_place: str) -> str:
    """A name of the test's own at Milvus Lite."""
    return f"milvus://{lite_place}/t{uuid4().hex[:8]}"


def opened(url: str, owner: str = "store model", secret: bytes = SECRET) -> MilvusIndex:
    return MilvusIndex(MilvusPlace.parse(url), secret=secret, owner=owner, size=64)


class OnMilvus(IndexContract):
    place = ""

    @pytest.fixture(autouse=True)
    def _url(self, request: pytest.FixtureRequest) -> None:
        self.url = f"milvus://{request.getfixturevalue(self.place)}/contract"

    def new_index(self) -> Index:
        return opened(self.url, uuid4().hex)


@lite
class TestMilvusLite(OnMilvus):
    place = "lite_place"


@real
@pytest.mark.milvus_server
class TestMilvusServer(OnMilvus):
    place = "real_place"


# --- where it is ----------------------------------------------------------------------------------------------------


def test_places_are_told_by_their_urls(tmp_path: Path) -> None:
    place = MilvusPlace.parse("milvus://db.example:19531/doors")
    assert (place.uri, place.name, place.host) == ("http://db.example:19531", "doors", "db.example")
    assert MilvusPlace.parse("milvus+https://db.example/doors").uri == "https://db.example:19530"
    assert MilvusPlace.parse("milvus://[::1]:1/d").uri == "http://[::1]:1"
    assert MilvusPlace.parse(f"milvus+file:{tmp_path}/x.db").uri == f"{tmp_path}/x.db"


@pytest.mark.parametrize(
    "text", ["milvus://", "milvus:///doors", "postgresql://h/d", "milvus://h:x/d", "milvus://h/a-b"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        MilvusPlace.parse(text)
    assert "\n" not in str(refusal.value)


def test_a_password_in_a_url_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    for parse in (MilvusPlace.parse, parse_index):
        with pytest.raises(ValueError, match=TOKEN) as refusal:
            parse("milvus://user:sesame@db.example:19530/doors")  # type: ignore[operator]
        assert "sesame" not in str(refusal.value)
    monkeypatch.setenv("FPVERIFY_INDEX", "milvus://user:sesame@db.example/doors")
    with pytest.raises(SettingsError) as told:
        load_settings()
    assert "sesame" not in str(told.value)


def test_a_token_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "user:sesame")
    monkeypatch.setenv("FPVERIFY_INDEX", "milvus://db.example/doors")
    assert load_settings().index == "milvus://db.example/doors"
    place = MilvusPlace.parse(load_settings().index)
    assert place.token() == "user:sesame"
    assert place.token({}) == ""
    assert "sesame" not in repr(place)


@lite
def test_an_engine_that_is_down_is_named_in_one_line() -> None:
    place = f"milvus://127.0.0.1:{free_port()}/doors"
    with pytest.raises(IndexUnavailable, match=place) as refusal:
        opened(place)
    assert "\n" not in str(refusal.value)
    assert "--index exact" in str(refusal.value)


# --- what it is given -----------------------------------------------------------------------------------------------


def test_turning_changes_no_inner_product_and_hides_each_vector() -> None:
    rows, matrix = finger(1).descriptors, turning(SECRET, 64)
    assert np.abs(matrix @ matrix.T - np.eye(64)).max() < 1e-12
    unit = rows / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    shown = turned(rows, matrix)
    assert np.abs(shown @ shown.T - unit @ unit.T).max() < 1e-6
    assert np.abs(np.einsum("nd,nd->n", shown, unit)).mean() < 0.3
    assert not turned(np.zeros((1, 64), np.int8), matrix).any()


def test_a_secret_turns_alike_for_ever_and_another_in_another_way() -> None:
    matrix, other = turning(SECRET, 64), turning(bytes(32), 64)
    assert np.round(matrix[0, :4], 6).tolist() == GOLDEN
    assert turning_name(SECRET) != turning_name(bytes(32))
    overlap = np.linalg.svd(matrix[:8] @ other[:8].T, compute_uv=False)
    assert overlap.max() < 0.95  # as of random subspaces


def test_64_known_pairs_give_the_rotation_away() -> None:
    """What docs/security.md says is so."""
    rows = np.concatenate([finger(seed).descriptors for seed in range(4)])
    plain, matrix = turned(rows, np.eye(64)), turning(SECRET, 64)
    found = np.linalg.lstsq(plain[:64], turned(rows, matrix)[:64], rcond=None)[0]
    assert np.abs(found - matrix).max() < 1e-2


def test_rows_of_many_references_have_keys_of_their_own() -> None:
    references = [*range(300), *(number * 0x9E3779B97F4A7C15 % 2**64 for number in range(300)), 2**64 - 1]
    keys = [key for one in dict.fromkeys(references) for key in row_keys(one, 80)]
    assert len(set(keys)) == len(keys)
    assert 0 <= min(keys) <= max(keys) < 2**63
    assert row_keys(7, 80)[:3] == row_keys(7, 3)


@lite
def test_the_engine_learns_descriptors_and_random_numbers_only(url: str) -> None:
    index = opened(url)
    index.add([2**64 - 5], [finger(3)])
    rows = index._client.query(index.collection, filter="rows >= 0", output_fields=["*"], limit=100)
    assert {name for row in rows for name in row} == {"id", "reference", "rows", "descriptor"}
    assert {row["reference"] for row in rows} == {-5}
    kept, plain = np.array([row["descriptor"] for row in rows]), turned(finger(3).descriptors, np.eye(64))
    assert (kept @ plain.T).max() < 0.7
    index.close()


# --- how it follows a store -----------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "db", key=f"file:{tmp_path}/key") as made:
        yield made


def filled(store: Store, numbers: range) -> None:
    store.add_many([(f"S{number}", "unknown", finger(number)) for number in numbers])


def found(registers: Registers, store: Store, number: int) -> list[str]:
    searched = registers.current(store, PLAIN)  # type: ignore[arg-type]
    return [one.subject for one in searched.identify(impression(finger(number), 1), top=1, fpir=0.1).candidates]


def engine_of(registers: Registers, store: Store) -> Any:
    index = registers.current(store, PLAIN).index  # type: ignore[arg-type]
    assert isinstance(index, EngineIndex)
    return index


@lite
def test_a_new_process_begins_where_the_last_one_was(store: Store, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, range(30))
    assert found(Registers(url), store, 7) == ["S7"]
    store.add("new", "unknown", finger(50))
    store.delete("S3")
    monkeypatch.setattr(Store, "enrolled", None)  # whoever reads everything fails
    monkeypatch.setattr(Store, "record_ids", None)
    later = Registers(url)
    assert (found(later, store, 50), found(later, store, 7)) == (["new"], ["S7"])
    assert found(later, store, 3) != ["S3"]
    assert len(engine_of(later, store)) == 30


@lite
def test_what_does_not_fit_the_store_is_put_right(store: Store, url: str) -> None:
    filled(store, range(12))
    index = engine_of(Registers(url), store)
    ids = sorted(index.ids())
    index.add([1, 2], [finger(100), finger(101)])
    index.remove(ids[:4])
    for note in ("", "nonsense", '{"store_id": "f", "revision": 1, "sequence": 1, "mac": "00"}'):
        index.keep_note(note)
        assert sorted(engine_of(Registers(url), store).ids()) == ids
        index.remove(ids[5:7])


@lite
def test_ids_that_the_store_does_not_know_are_ignored(store: Store, url: str) -> None:
    filled(store, range(5))
    registers = Registers(url)
    engine_of(registers, store).add([1], [finger(100)])
    assert "S0" in found(registers, store, 0)
    assert len(found(registers, store, 100)) == 1


@lite
def test_stores_and_keys_have_collections_of_their_own(store: Store, url: str, tmp_path: Path) -> None:
    filled(store, range(3))
    registers = Registers(url)
    first = engine_of(registers, store)
    with Store.open(tmp_path / "other", key=f"file:{tmp_path}/other-key") as other:
        filled(other, range(5, 7))
        assert sorted(map(len, (first, engine_of(Registers(url), other)))) == [2, 3]
    store.rotate()
    second = engine_of(registers, store)
    assert second.collection != first.collection
    assert found(registers, store, 2) == ["S2"]
    names = second._client.list_collections()
    assert (second.collection in names, first.collection in names) == (True, False)


@lite
def test_the_note_follows_from_time_to_time(store: Store, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store, range(2))
    registers = Registers(url)
    index, monkeyed = engine_of(registers, store), NOTED_EVERY
    assert monkeyed > 3
    before = index.note
    store.add("one", "unknown", finger(60))
    engine_of(registers, store)
    assert index.note == before
    monkeypatch.setattr("fpverify.search.kept.NOTED_EVERY", 2)
    store.add("two", "unknown", finger(61))
    engine_of(registers, store)
    assert index.note != before


def crowd(tmp_path: Path, url: str, rounds: int = 4) -> None:
    with Store.open(tmp_path / "db", key="none") as store:
        filled(store, range(rounds))
        jobs = [
            subprocess.Popen([sys.executable, str(CROWD), str(tmp_path / "db"), url, str(number), str(rounds)])
            for number in range(3)
        ]
        assert [job.wait(600) for job in jobs] == [0, 0, 0]
        index = engine_of(Registers(url), store)
        assert sorted(index.ids()) == sorted(int(one, 16) for one in store.record_ids(MODEL))


@lite
def test_several_processes_add_delete_and_search_at_once(tmp_path: Path, url: str) -> None:
    crowd(tmp_path, url)


@real
@pytest.mark.milvus_server
def test_several_processes_share_the_real_engine(tmp_path: Path, real_place: str) -> None:
    crowd(tmp_path, f"milvus://{real_place}/crowd")
