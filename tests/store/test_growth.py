"""What is done for one finger does not read a whole table, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fpverify.errors import NotEnrolled
from fpverify.store import Store, wiping
from fpverify.vocabulary import Scan, Template

OpenStore = Callable[..., Store]
MakeTemplate = Callable[..., Template]

INDEX, THUMB = "right-index", "left-thumb"
LITTLE = ("sqlite_master", "store", "unwiped", "pg_class", "pg_namespace")  # of a row, or of a few


def a_scan() -> Scan:
    return Scan(np.full((64, 64), 128, np.uint8), 500)


def verified(store: Store, _: Template) -> None:
    store.references("A", INDEX)
    store.append_audit("verify", "A", INDEX, decision="match")


def looked_for_in_vain(store: Store, _: Template) -> None:
    with pytest.raises(NotEnrolled):
        store.references("nobody")


VERBS: dict[str, Callable[[Store, Template], object]] = {
    "enroll": lambda store, template: store.add("new", INDEX, template, scan=a_scan()),
    "enroll another impression": lambda store, template: store.add("A", INDEX, template),
    "verify": verified,
    "look for nobody": looked_for_in_vain,
    "rename": lambda store, _: store.update("A", rename="Z"),
    "note": lambda store, _: store.update("A", metadata={"gate": 3}),
    "delete": lambda store, _: store.delete("A"),
    "delete a finger": lambda store, _: store.delete("A", THUMB),
    "remake": lambda store, template: store.remake("A", "another", lambda _: template),
    "show a scan": lambda store, _: store.scan("A", THUMB, 1),
    "take up changes": lambda store, _: store.changes(store.changes().point),
    "look up a record": lambda store, _: store.by_record_ids(["0123456789abcdef"]),
    "enroll several": lambda store, template: [store.add("D", INDEX, template) for _ in range(2)],
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_table_is_read_as_a_whole(
    open_store: OpenStore, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(wiping, "SMALL_BYTES", 0)
    monkeypatch.setattr(wiping, "SHARE", 1.0)
    with open_store() as store:
        for seed, subject in enumerate("ABC"):
            store.add(subject, INDEX, make_template(seed))
            store.add(subject, THUMB, make_template(seed), scan=a_scan())
        point = store.changes().point
        store.add("A", INDEX, make_template())
        said = listened(store, monkeypatch)
        VERBS[verb](store, make_template(9))
        store.changes(point)
        monkeypatch.undo()
        assert not any("VACUUM" in statement for statement, _ in said)
        plans = [(statement, line) for statement, values in said for line in plan(store, statement, values)]
    assert plans
    assert [(statement, line) for statement, line in plans if reads_everything(line)] == []


def test_a_scan_of_a_table_would_be_found(open_store: OpenStore) -> None:
    with open_store() as store:
        for statement in ("SELECT count(*) FROM subjects", "UPDATE impressions SET number = 2 WHERE quality = 0"):
            assert any(reads_everything(line) for line in plan(store, statement, ()))


def listened(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...]]]:
    """The statements that are run from now on."""
    said: list[tuple[str, tuple[object, ...]]] = []

    def noted(original: Callable[..., Any]) -> Callable[..., Any]:
        def run(statement: str, *values: object) -> Any:
            said.append((statement, values))
            return original(statement, *values)

        return run

    for name in ("rows", "execute"):
        monkeypatch.setattr(store._database, name, noted(getattr(store._database, name)))
    return said


def plan(store: Store, statement: str, values: tuple[object, ...]) -> list[str]:
    """How the database goes about a statement, line by line; nothing for what is no query and no change of rows."""
    if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
        return []
    if "postgresql" not in store.place:
        return [str(row[-1]) for row in store._database.rows(f"EXPLAIN QUERY PLAN {statement}", *values)]
    store._database.execute("SET enable_seqscan = off")  # which it would otherwise prefer for tables as small as these
    ((explained,),) = store._database.rows(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    return list(scans(explained[0]["Plan"]))


def scans(node: dict[str, Any]) -> Iterator[str]:
    """The nodes of a plan of PostgreSQL that read tables, in SQLite's words."""
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        narrowed = node.keys() & {"Index Cond", "Recheck Cond"}
        yield f"{'SEARCH' if narrowed else 'SCAN'} {node['Relation Name']}"
    for part in node.get("Plans", ()):
        yield from scans(part)


def reads_everything(line: str) -> bool:
    words = line.split()
    return words[0] == "SCAN" and words[1] not in {*LITTLE, "CONSTANT"}
