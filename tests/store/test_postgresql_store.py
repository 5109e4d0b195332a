"""What only a store on a server can meet."""

from __future__ import annotations

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
