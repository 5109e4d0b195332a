"""A store's SQLite file behind its back, and what is said of one that is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fpverify.errors import FpverifyError


@contextmanager
def database(file: Path) -> Iterator[sqlite3.Connection]:
    """The file behind the store's back."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def refusal(action: Callable[[], object], kind: type[FpverifyError], *words: object) -> str:
    """The message of the error, which has to be one line of exactly this kind with these words."""
    with pytest.raises(kind) as raised:
        action()
    message = str(raised.value)
    assert type(raised.value) is kind
    assert message.isprintable()
    for word in words:
        assert str(word) in message
    return message
