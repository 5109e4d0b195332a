"""What only a store on a server can meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fpverify.errors import StoreError
from fpverify.store import Store


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
