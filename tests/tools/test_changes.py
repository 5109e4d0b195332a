"""What changed is said: fragments are read, merged and cut, and no public name changes without one."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool

LOG = """\
# Changelog

## [Unreleased]

### Added

- Old habit, on
  two lines.

### Scores

- A score.

## [0.1.0] - 2026-01-01

### Added

- All.
"""
AFTER = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-02-02

### Added

- `verify --bundle` takes
  a bundle.
- Old habit, on
  two lines.

### Fixed

- A hole.

### Scores

- A score.

## [0.1.0] - 2026-01-01

### Added

- All.
"""


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, in a project of its own."""
    module = tool("changes")
    (tmp_path / "changes").mkdir()
    for name, at in {
        "FRAGMENTS": "changes",
        "RELEASED": "changes/public.txt",
        "PUBLIC": "public.txt",
        "CHANGELOG": "CHANGELOG.md",
    }.items():
        monkeypatch.setattr(module, name, tmp_path / at)
    forms = zip(("init.py", "cite"), module.STATED.values(), strict=True)
    stated = {tmp_path / name: form for name, form in forms}
    monkeypatch.setattr(module, "STATED", stated)
    for path, form in stated.items():
        path.write_text("before\n" + form.format("0.1.0") + "\nversions: 3\n")
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    for path in (module.PUBLIC, module.RELEASED):
        path.write_text("# list\n\n[Python]\nclass A(x: int)\nA.f(y: int = 1) -> int\n")
    write(module, "a-bundle.added", "`verify --bundle` takes\na bundle.\npublic: B; A.f\n")
    write(module, "a-hole.fixed", "A hole.\n")
    return module


def write(changes: ModuleType, name: str, text: str) -> None:
    (changes.FRAGMENTS / f"{name}.md").write_text(text)


def said(changes: ModuleType, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    code = changes.main(["--check"])
    lines = capsys.readouterr().err.splitlines()
    assert code == bool(lines)
    return lines


def test_the_public_names_of_this_tree_change_only_with_a_fragment(capsys: pytest.CaptureFixture[str]) -> None:
    changes = tool("changes")
    assert changes.main(["--check"]) == 0, capsys.readouterr().err


def test_what_changed_and_is_said_passes(changes: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    changes.PUBLIC.write_text("[Python]\nclass A(x: int)\nA.f(y: int = 2) -> int\nclass B()\nB.g()\n")
    assert said(changes, capsys) == []


@pytest.mark.parametrize(
    ("now", "flaws"),
    [
        ("class A(x: int)\nA.f(y: int = 1) -> int\nC.h()\n", ["new, and in no fragment: C.h()"]),
        ("class A(x: str)\nA.f(y: int = 1) -> int\n", ["another,: class A(x: int)", "another,: class A(x: str)"]),
        ("class A(x: int)\n", ["gone, and in no fragment of kind changed or removed: A.f(y: int = 1) -> int"]),
    ],
)
def test_a_public_name_that_changes_unsaid_is_named(
    changes: ModuleType, capsys: pytest.CaptureFixture[str], now: str, flaws: list[str]
) -> None:
    changes.PUBLIC.write_text(now)
    wanted = [f"docs/public.txt: {flaw.replace(',:', ', and in no fragment:')}" for flaw in flaws]
    assert said(changes, capsys) == wanted


def test_what_is_gone_is_said_by_a_fragment_that_takes_away(
    changes: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    changes.PUBLIC.write_text("class A(x: int)\n")
    write(changes, "f-is-gone.removed", "`A.f` is gone.\npublic: A.f\n")
    assert said(changes, capsys) == []


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a-thing", "Said.", "called"),
        ("a-thing.new", "Said.", "called"),
        ("A_Thing.added", "Said.", "called"),
        ("a-thing.added", "", "a sentence"),
        ("a-thing.added", "public: B", "a sentence"),
        ("a-thing.added", "- Said.", "a sentence"),
    ],
)
def test_a_malformed_fragment_is_named(
    changes: ModuleType, capsys: pytest.CaptureFixture[str], name: str, text: str, word: str
) -> None:
    write(changes, name, text)
    (line,) = said(changes, capsys)
    assert line.startswith(f"{name}.md: ")
    assert word in line


def test_a_release_merges_writes_the_version_everywhere_and_begins_anew(changes: ModuleType, tmp_path: Path) -> None:
    changes.PUBLIC.write_text("class A(x: int)\nA.f(y: int = 2) -> int\n")
    assert changes.main(["--release", "0.2.0", "--date", "2026-02-02"]) == 0
    assert (tmp_path / "CHANGELOG.md").read_text() == AFTER
    assert (tmp_path / "init.py").read_text() == 'before\n__version__ = "0.2.0"\nversions: 3\n'
    assert (tmp_path / "cite").read_text() == "before\nversion: 0.2.0\nversions: 3\n"
    assert [path.name for path in changes.FRAGMENTS.iterdir()] == ["public.txt"]
    assert changes.RELEASED.read_text() == changes.PUBLIC.read_text()


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "0.1.0", "1.0.0-x"])
def test_no_version_and_one_that_is_there_are_refused(changes: ModuleType, version: str) -> None:
    with pytest.raises(SystemExit, match="not a version"):
        changes.main(["--release", version])
    assert changes.CHANGELOG.read_text() == LOG


def test_nothing_is_released_with_a_change_unsaid(changes: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    changes.PUBLIC.write_text("class A(x: str)\nA.f(y: int = 1) -> int\n")
    assert changes.main(["--release", "0.2.0"]) == 1
    assert "class A(x: str)" in capsys.readouterr().err
    assert changes.CHANGELOG.read_text() == LOG


def test_a_draft_changes_nothing(changes: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert changes.main([]) == 0
    assert capsys.readouterr().out == AFTER.partition("2026-02-02\n\n")[2].partition("\n## ")[0]
    assert changes.CHANGELOG.read_text() == LOG


def test_today_s_names_may_become_the_baseline(changes: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    changes.PUBLIC.write_text("class A(x: str)\n")
    assert changes.main(["--baseline"]) == 0
    assert said(changes, capsys) == []
