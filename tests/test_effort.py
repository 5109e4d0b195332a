"""The short form of the tests leaves the long one out, and tries less, but never nothing."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import effort
import pytest

NOEXEC = getattr(os, "ST_NOEXEC", 8)  # not every system has the name


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


@pytest.fixture
def loaded(request: pytest.FixtureRequest) -> Any:
    """What all tests share, as pytest has loaded it."""
    path = Path(__file__).with_name("conftest.py")
    plugins = request.config.pluginmanager.get_plugins()
    return next(one for one in plugins if getattr(one, "__file__", "") == str(path))


@pytest.mark.parametrize("thorough", [False, True])
def test_long_forms_alone_are_left_out_until_they_are_asked_for(
    thorough: bool, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loaded, "THOROUGH", thorough)
    items = [Item("thorough"), Item("slow")]
    loaded.pytest_collection_modifyitems(items)
    assert [one.skipped for one in items] == [not thorough, False]


@pytest.mark.parametrize(
    ("found", "room"),
    [((2**21, 0), True), ((2**19, 0), False), ((2**21, NOEXEC), False)],
    ids=["room", "full", "no programs"],
)
def test_files_lie_in_memory_where_there_is_room_for_them_and_programs_run(
    found: tuple[int, int], room: bool, loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = SimpleNamespace(f_bavail=found[0], f_frsize=4096, f_flag=found[1])
    monkeypatch.setattr(os, "statvfs", lambda _: system)
    assert loaded.has_room(tmp_path) is room
    assert not loaded.has_room(tmp_path / "nowhere")


def test_a_place_that_was_chosen_for_files_is_kept(loaded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "has_room", lambda _: True)
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "")
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    loaded.pytest_configure()
    assert (os.environ["PYTEST_DEBUG_TEMPROOT"], os.environ["TMPDIR"]) == ("", "/elsewhere")
    monkeypatch.setenv("TMPDIR", "")
    loaded.pytest_configure()
    assert os.environ["PYTEST_DEBUG_TEMPROOT"] == os.environ["TMPDIR"] == str(loaded.MEMORY)
