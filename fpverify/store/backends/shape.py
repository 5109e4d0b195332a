"""What the tables of a store look like in a database, and where those that are there differ.

Comments and the order of statements are nothing; what counts is what could make the store answer otherwise: views and
triggers, tables and columns that are missing or foreign, uniqueness, references, other orders of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fpverify.store.schema import API_KEYS_TABLE, REPEATS_TABLE, TABLES, TRIES_TABLE, UNWIPED_TABLE, VERSION_TABLE

KNOWN_TABLES = (*TABLES, UNWIPED_TABLE, TRIES_TABLE, API_KEYS_TABLE, REPEATS_TABLE)

# Column and type, in the words of `schema`; a "?" behind a type allows NULL.
COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        VERSION_TABLE: {"version_num": "version"},
        "store": {
            **{"id": "integer", "store_id": "text", "key_id": "text", "head_count": "integer", "head_mac": "bytes"},
            **{"head_seal": "bytes", "revision": "integer"},
        },
        "subjects": {"id": "integer", "name": "text", "impression_count": "integer", "metadata": "bytes"},
        "impressions": {
            **{"id": "integer", "subject_id": "integer", "finger": "integer", "number": "integer"},
            **{"model_id": "text", "quality": "number", "enrolled_at": "text", "record_id": "text", "record": "bytes"},
        },
        "scans": {"impression_id": "integer", "scan": "bytes"},
        "audit": {
            **{"sequence": "integer", "at": "text", "action": "text", "subject": "text?", "finger": "text?"},
            **{"details": "text", "mac": "bytes"},
        },
        UNWIPED_TABLE: {"id": "integer", "bytes": "integer", "since": "number", "tried": "number"},
        TRIES_TABLE: {"kind": "text", "name": "text", "latest": "text", "locks": "integer", "until": "number"},
        API_KEYS_TABLE: {"sha256": "text", "name": "text", "scope": "text", "created_at": "text", "mac": "bytes"},
        REPEATS_TABLE: {
            **{"id": "text", "body": "text", "subject": "text", "answer": "text", "until": "number", "mac": "bytes"},
        },
    }
)
UNIQUE: Mapping[str, frozenset[tuple[str, ...]]] = MappingProxyType(
    {
        VERSION_TABLE: frozenset({("version_num",)}),
        "store": frozenset({("id",)}),
        "subjects": frozenset({("id",), ("name",)}),
        "impressions": frozenset({("id",), ("record_id",), ("subject_id", "finger", "number")}),
        "scans": frozenset({("impression_id",)}),
        "audit": frozenset({("sequence",)}),
        UNWIPED_TABLE: frozenset({("id",)}),
        TRIES_TABLE: frozenset({("kind", "name")}),
        API_KEYS_TABLE: frozenset({("sha256",), ("name",)}),
        REPEATS_TABLE: frozenset({("id",)}),
    }
)
REFERENCES: Mapping[str, frozenset[tuple[str, str]]] = MappingProxyType(
    {
        "impressions": frozenset({("subject_id", "subjects")}),
        "scans": frozenset({("impression_id", "impressions")}),
    }
)
CHECKS: Mapping[str, int] = MappingProxyType({"store": 1, UNWIPED_TABLE: 1})  # how many conditions


@dataclass(slots=True)
class Table:
    """One table, or what lies in its place.

    Attributes:
        kind: "table", or what it is instead.
        columns: type by name; "?" behind it allows NULL, except in a primary key.
        unique: columns that are unique together, primary keys included.
        references: column and table, of those whose rows go with the other's.
        checks: how many conditions.
        oddities: what else there is that should not be, in words.
    """

    kind: str = "table"
    columns: dict[str, str] = field(default_factory=dict)
    unique: set[tuple[str, ...]] = field(default_factory=set)
    references: set[tuple[str, str]] = field(default_factory=set)
    checks: int = 0
    oddities: list[str] = field(default_factory=list)


def departures(found: Mapping[str, Table], types: Mapping[str, str]) -> list[str]:
    """A sentence for each difference from the tables of a new store.

    Args:
        found: tables by name, those of the store alone.
        types: the database's words for `COLUMNS`' types.
    """
    missing = [f"the table {name} is missing" for name in TABLES if name not in found]
    return missing + [one for name, table in sorted(found.items()) for one in _of_table(name, table, types)]


def _of_table(name: str, table: Table, types: Mapping[str, str]) -> Iterator[str]:
    if table.kind != "table":
        yield f"{name} is a {table.kind}, and should be a table"
        return
    wanted = {column: types[kind.rstrip("?")] + kind[len(kind.rstrip("?")) :] for column, kind in COLUMNS[name].items()}
    yield from (f"the column {one} of {name} is missing" for one in _missing(wanted, table.columns))
    yield from (f"the table {name} has a foreign column {one!r:.60}" for one in _missing(table.columns, wanted))
    for column in sorted(wanted.keys() & table.columns.keys()):
        if table.columns[column] != wanted[column]:
            yield f"the column {column} of {name} is {table.columns[column]}, and should be {wanted[column]}"
    for columns in sorted(UNIQUE[name] - table.unique):
        yield f"{name} may hold the same {', '.join(columns)} twice"
    for columns in sorted(table.unique - UNIQUE[name]):
        yield f"{name} may not hold the same {', '.join(columns)} twice, and should"
    yield from (f"{one} of {name} refers to {other} no more" for one, other in sorted(_due(name) - table.references))
    if table.checks != CHECKS.get(name, 0):
        yield f"{name} has {table.checks} conditions, and should have {CHECKS.get(name, 0)}"
    yield from table.oddities


def _due(name: str) -> frozenset[tuple[str, str]]:
    return REFERENCES.get(name, frozenset())


def _missing(wanted: Iterable[str], there: Mapping[str, str]) -> list[str]:
    return sorted(one for one in wanted if one not in there)
