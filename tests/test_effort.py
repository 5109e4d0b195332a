"""The short form of the tests leaves the long one out, and tries less, but never nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import effort
import pytest


class Item:
    """A test with one marker."""

    def __init__(self, mark: str) -> None:
        self.mark, self.skipped = mark, False

    def get_closest_marker(self, name: str) -> str | None:
        return name if name == self.mark else None

    def add_marker(self, marker: pytest.MarkDecorator) -> None:
        self.skipped = marker.name == "skip"


@pytest.mark.parametrize(("thorough", "expected"), [(False, 3), (True, 40)])
def test_the_long_form_tries_more(thorough: bool, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "THOROUGH", thorough)
    assert effort.tries(3, 40) == expected


@pytest.mark.parametrize(("usual", "thorough"), [(0, 10), (10, 10), (20, 10)])
def test_a_short_form_that_tries_nothing_or_no_less_is_refused(usual: int, thorough: int) -> None:
    with pytest.raises(ValueError, match="in the short form"):
        effort.tries(usual, thorough)


@pytest.mark.parametrize("thorough", [False, True])
def test_long_forms_alone_are_left_out_until_they_are_asked_for(
    thorough: bool, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(__file__).with_name("conftest.py")
    loaded: Any = next(
        one for one in request.config.pluginmanager.get_plugins() if getattr(one, "__file__", "") == str(path)
    )
    monkeypatch.setattr(loaded, "THOROUGH", thorough)
    items = [Item("thorough"), Item("slow")]
    loaded.pytest_collection_modifyitems(items)
    assert [one.skipped for one in items] == [not thorough, False]
