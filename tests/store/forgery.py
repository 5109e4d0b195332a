"""What somebody does who may write a store's database, and has no key."""

from __future__ import annotations

from typing import Any

from fpverify.store import Store

Rows = list[tuple[str, list[tuple[Any, ...]]]]


def rows_of(store: Store, subject: str) -> Rows:
    """What somebody copies who has the database and no key."""
    database = store._database
    (owner,) = database.rows("SELECT * FROM subjects WHERE name = ?", subject)
    return [
        ("subjects", [owner]),
        ("impressions", database.rows("SELECT * FROM impressions WHERE subject_id = ?", owner[0])),
    ]


def put_back(store: Store, kept: Rows) -> None:
    for table, rows in kept:
        for row in rows:
            if table == "subjects":
                store._database.execute("DELETE FROM subjects WHERE id = ?", row[0])
            store._database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)  # noqa: S608


def take_away(store: Store, kept: Rows) -> None:
    for table, rows in reversed(kept):
        for row in rows:
            store._database.execute(f"DELETE FROM {table} WHERE id = ?", row[0])  # noqa: S608
