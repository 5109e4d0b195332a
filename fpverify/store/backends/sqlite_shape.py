"""The tables of an SQLite file as they are, for `fpverify.store.backends.shape`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from fpverify.store.backends.database import NAMES_INDEX, Database
from fpverify.store.backends.shape import KNOWN_TABLES, Table, departures
from fpverify.store.schema import REMOVALS, REMOVALS_INDEX

TYPES: Mapping[str, str] = MappingProxyType(
    {"integer": "INTEGER", "bytes": "BLOB", "number": "REAL", "text": "TEXT", "version": "VARCHAR(32)"}
)
OWN_INDEXES = {NAMES_INDEX: ("subjects", ("name",)), REMOVALS_INDEX: ("audit", ("subject",))}

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_CHECK = re.compile(r"\bcheck\b", re.IGNORECASE)


def sqlite_departures(database: Database) -> list[str]:
    """A sentence for each difference from the tables of a new store; anything else in the file is one."""
    found: dict[str, Table] = {}
    foreign = []
    for kind, name, of_table, sql in database.rows("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        if kind == "index" or (kind == "table" and str(name).startswith("sqlite_")):
            continue  # SQLite's own
        if kind in {"table", "view"} and name in KNOWN_TABLES:
            found[name] = _table(database, name, str(sql)) if kind == "table" else Table(kind)
        else:
            foreign.append(f"there is a {kind} {name!r:.60} on {of_table!r:.60}, which no store has")
    return sorted(foreign) + departures(found, TYPES)


def _table(database: Database, name: str, sql: str) -> Table:
    table = Table(checks=len(_CHECK.findall(_COMMENT.sub("", sql))))
    key = []
    for _, column, kind, not_null, _, in_key, hidden in database.rows(f"PRAGMA table_xinfo({name})"):
        table.columns[column] = kind if not_null or in_key else f"{kind}?"
        key += [column] if in_key else []
        table.oddities += [f"the column {column} of {name} is computed"] if hidden else []
    table.unique |= {tuple(key)} if key else set()
    for _, index, unique, _, partial in database.rows(f"PRAGMA index_list({name})"):
        _add_index(database, table, name, index, unique=bool(unique), partial=bool(partial))
    for _, _, other, column, _, _, on_delete, _ in database.rows(f"PRAGMA foreign_key_list({name})"):
        table.references |= {(column, other)} if on_delete == "CASCADE" else set()
    return table


def _add_index(database: Database, table: Table, name: str, index: str, *, unique: bool, partial: bool) -> None:
    """Takes an index up; one of plain columns that makes nothing unique only saves time."""
    parts = [row for row in database.rows(f"PRAGMA index_xinfo({_quoted(index)})") if row[5]]
    columns = tuple(str(row[2]) for row in parts)
    plain = all(row[2] is not None and row[4] == "BINARY" for row in parts)
    if index in OWN_INDEXES:
        right = OWN_INDEXES[index] == (name, columns) and not unique and plain and _condition_fits(database, index)
        table.oddities += [] if right else [f"the index {index} is another than it should be"]
    elif not plain or partial:
        table.oddities.append(f"there is an index {index!r:.60} on {name}, which no store has")
    elif unique:
        table.unique.add(columns)


def _condition_fits(database: Database, index: str) -> bool:
    (sql,) = database.first("SELECT sql FROM sqlite_master WHERE name = ?", index) or ("",)
    _, _, condition = str(sql).partition(" WHERE ")
    return condition.strip() == (REMOVALS if index == REMOVALS_INDEX else "")


def _quoted(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'
