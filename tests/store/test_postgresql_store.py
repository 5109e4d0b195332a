"""What only a store on a server can meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fpverify.errors import StoreError
from fpverify.store import Store, wiping
from fpverify.store.backends.database import NAMES_INDEX


@pytest.fixture
def end_connections(server: str) -> Callable[[], None]:
    """Ends everybody's connections, as a server does that restarts."""
    import psycopg

    def end() -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    return end


@pytest.fixture
def clerk(new_database: str, server: str) -> Iterator[str]:
    """URL of a new store for a user who may change what the tables hold, but to whom they do not belong."""
    import psycopg

    name = f"clerk_{new_database[-8:]}"
    schema = new_database.rpartition("%3D")[2]
    Store.open(new_database).close()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {name}")
        yield new_database.replace("//fpverify@", f"//{name}@")
        connection.execute(f"DROP OWNED BY {name}")
        connection.execute(f"DROP ROLE {name}")


def test_who_does_not_own_the_tables_enrolls_and_is_told_what_is_not_wiped(
    new_database: str, clerk: str, make_template: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(new_database) as owned:
        key = f"file:{owned.vault.source.place}"
        owned._database.execute(f"DROP INDEX {NAMES_INDEX}")
    with Store.open(clerk, key=key) as store:
        for name in "ABC":
            store.add(name, "right-index", make_template())
        assert not store._database.has(NAMES_INDEX)
        assert [one.subject for one in store.subjects()] == ["A", "B", "C"]
        for size in (wiping.SMALL_BYTES, 0):
            monkeypatch.setattr(wiping, "SMALL_BYTES", size)
            with pytest.raises(StoreError, match=r"1 impressions of '.' were removed, but traces .* another user"):
                store.delete("A" if size else "B")
        assert [one.subject for one in store.subjects()] == ["C"]
    with Store.open(new_database) as owned:
        owned.wipe()


SAID = [
    (
        'connection failed: connection to server at "db.internal" (10.0.0.5), port 5432 failed: FATAL: no user "u"',
        'connection failed: connection to server at ... failed: FATAL: no user "u"',
    ),
    ("failed to resolve host 'db.internal': [Errno -2]", "failed to resolve host ...: [Errno -2]"),
    ('could not translate host name "other.internal" to address', "could not translate host name ... to address"),
    ('FATAL: no entry for host "10.1.2.3", user "fp"', 'FATAL: no entry for host ..., user "fp"'),
    ("- host: 'a', port: '5432', hostaddr: 'fe80::1:2:3': bad", "- host: ..., hostaddr: ...: bad"),
    ("the machine db.internal has no room at 12:30:55", "the machine ... has no room at 12:30:55"),
    ("it listens on 10.1.2.3 and fe80::1:2:3:4", "it listens on ... and ..."),
    ('relation "impressions" does not exist', 'relation "impressions" does not exist'),
]


@pytest.mark.parametrize(("said", "told"), SAID)
def test_what_a_server_said_is_told_without_the_machines_that_it_names(said: str, told: str) -> None:
    from fpverify.store.backends.postgresql_failures import without_hosts

    assert without_hosts(said, "postgresql://u@db.internal:5432,other.internal/x?host=/run/pg") == told


@pytest.mark.parametrize("url", ["postgresql://u@127.0.0.1:1/x", "postgresql://u@/x?host=/nowhere/at/all"])
def test_a_server_that_cannot_be_reached_names_no_host_to_clients(server: str, url: str) -> None:
    pytest.importorskip("fastapi")
    from fpverify.service.refusals import Refused

    with pytest.raises(StoreError, match="cannot be used") as caught:
        Store.open(url)
    message = Refused.of(caught.value).message
    assert message.startswith("the store cannot be used: ")
    assert not re.search(r"127\.0\.0\.1|nowhere|postgresql:", message)


USES: tuple[Callable[[Store, Any], object], ...] = (
    lambda store, template: store.add("A", "right-index", template),
    lambda store, _: store.references("A"),
    lambda store, _: store.revision(),
)


@pytest.mark.parametrize("use", USES, ids=["writing", "reading", "one query"])
def test_a_connection_that_the_server_ended_is_made_anew(
    new_database: str, make_template: Any, end_connections: Callable[[], None], use: Callable[[Store, Any], object]
) -> None:
    with Store.open(new_database) as store:
        store.add("A", "right-index", make_template())
        end_connections()
        with pytest.raises(StoreError, match="cannot be used"):
            use(store, make_template())
        use(store, make_template())
        store.check()
    with pytest.raises(StoreError, match="closed"):
        use(store, make_template())


def test_a_change_whose_connection_ended_is_lost_as_a_whole(
    new_database: str, make_template: Any, end_connections: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(new_database) as store:
        store.add("A", "right-index", make_template())
        append = store._trail.append

        def ended_before(*given: Any, **named: Any) -> Any:
            end_connections()
            with pytest.raises(StoreError):
                store.revision()
            return append(*given, **named)

        with monkeypatch.context() as broken:
            broken.setattr(store._trail, "append", ended_before)
            with pytest.raises(StoreError):
                store.add("B", "right-index", make_template())
        assert [one.subject for one in store.subjects()] == ["A"]
        store.check()
