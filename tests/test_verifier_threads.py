"""One verifier for several threads, and for asyncio: on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from server import running_server, server_program

from fpverify.errors import StoreError
from fpverify.store import Store
from fpverify.verifier import Verifier

THREADS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if server_program("initdb") is None:
        pytest.skip("no PostgreSQL here")
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new store's place."""
    if request.param == "sqlite":
        return str(tmp_path / "db")
    psycopg = pytest.importorskip("psycopg")
    url, schema = request.getfixturevalue("server"), f"s{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{url}&options=-csearch_path%3D{schema}"


@pytest.fixture
def verifier(place: str, edges_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verifier]:
    monkeypatch.setenv("FPVERIFY_KEY", "none")
    with Verifier.open(place, model=edges_model) as opened:
        yield opened


def connections(verifier: Verifier) -> list[Any]:
    gc.collect()
    return [one.store for one in verifier._connections._held]


def test_threads_share_a_verifier(verifier: Verifier, stripes: Path) -> None:
    verifier.enroll(stripes / "A_00.bmp", "A")
    with ThreadPoolExecutor(THREADS) as pool:
        decisions = list(pool.map(lambda name: verifier.verify(stripes / name, "A"), ["A_01.bmp", "B_01.bmp"] * 6))
    assert [one.word for one in decisions] == ["match", "non-match"] * 6
    entries = [one for one in verifier.store.audit_entries() if one.action == "verify"]
    assert len(entries) == 12


def test_asyncio_uses_a_verifier(verifier: Verifier, stripes: Path) -> None:
    async def both() -> list[str]:
        await asyncio.to_thread(verifier.enroll, stripes / "A_00.bmp", "A")
        waiting = [asyncio.to_thread(verifier.verify, stripes / name, "A") for name in ("A_01.bmp", "B_01.bmp")]
        return [one.word for one in await asyncio.gather(*waiting)]

    assert asyncio.run(both()) == ["match", "non-match"]


def test_nothing_is_lost_of_what_threads_enroll(verifier: Verifier, stripes: Path) -> None:
    def work(number: int) -> None:
        for impression in range(3):
            verifier.enroll(stripes / f"A_0{impression}.bmp", f"S{number}", unchecked=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {one.subject: one.impressions for one in verifier.fingers()} == {f"S{n}": 3 for n in range(THREADS)}
    assert verifier.identify(stripes / "A_03.bmp").searched == 3 * THREADS


def test_a_connection_is_closed_when_its_thread_ends(verifier: Verifier) -> None:
    seen: list[Store] = []
    thread = threading.Thread(target=lambda: seen.append(verifier.store))
    thread.start()
    thread.join()
    deadline = time.monotonic() + 5
    while len(connections(verifier)) > 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert connections(verifier) == [verifier.store]
    assert seen[0] is not verifier.store
    assert is_closed(seen[0])


def test_closing_closes_the_connections_of_all_threads(verifier: Verifier) -> None:
    opened, done, failures = threading.Event(), threading.Event(), []
    seen: list[Store] = []

    def wait() -> None:
        seen.append(verifier.store)
        opened.set()
        done.wait(10)
        with pytest.raises(StoreError, match="was closed"):
            verifier.fingers()
        failures.append("told")

    thread = threading.Thread(target=wait)
    thread.start()
    assert opened.wait(10)
    verifier.close()
    done.set()
    thread.join()
    assert failures == ["told"]
    assert is_closed(seen[0])
    with pytest.raises(StoreError, match="was closed"):
        verifier.fingers()


def test_closing_waits_for_a_change_of_another_thread(verifier: Verifier, place: str) -> None:
    begun, seen = threading.Event(), []

    def change() -> None:
        with verifier.store.batch():
            begun.set()
            time.sleep(0.2)
            verifier.store.append_audit("verify", "A")
        seen.append("kept")

    thread = threading.Thread(target=change)
    thread.start()
    assert begun.wait(10)
    with verifier._connections._lock:
        others = [one.store for one in verifier._connections._held]
    for one in others:
        one.close()
    thread.join()
    assert seen == ["kept"]
    with Store.open(place, key="none", create=False) as store:
        assert [one.action for one in store.audit_entries()] == ["create", "verify"]


def test_a_store_is_used_by_the_thread_that_opened_it(place: str, edges_model: Path) -> None:
    from fpverify.matching import Matcher

    with Store.open(place, key="none") as store, ThreadPoolExecutor(1) as pool:
        verifier = Verifier(store, Matcher.load(edges_model), 0.001)
        for call in (store.subjects, verifier.fingers):
            with pytest.raises(StoreError, match="was opened by another thread"):
                pool.submit(call).result()
        assert verifier.fingers() == []


def is_closed(store: Store) -> bool:
    connection = store._database._connection  # type: ignore[attr-defined]
    if hasattr(connection, "closed"):
        return bool(connection.closed)
    try:
        connection.execute("SELECT 1")
    except Exception as error:
        return "closed" in str(error)
    return False
