"""The matrix of Pythons and libraries: what it goes through, and what it takes for done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import TOOLS, tool

WELL, BAD = "12 passed, 3 skipped in 4.50s", "1 failed, 11 passed in 4.50s"
ROOMS = ["tests/store", "tests/models"]


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    return tool("matrix")


class Trial:
    """A matrix of one Python that installs nothing; rooms say what they are told to."""

    def __init__(self, matrix: ModuleType, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.matrix, self.folder = matrix, folder
        self.says: dict[str, str] = {}
        self.pins, self.state = {"numpy": "2.1"}, "one"
        self.asked: list[str] = []
        one = matrix.Interpreter((3, 12, 1), Path("python3.12"))
        patch.setattr(matrix, "found", lambda wanted: {"3.12": one} if "3.12" in wanted else {})
        patch.setattr(matrix, "resolved", lambda one, libraries, extras: self.pins)
        patch.setattr(matrix, "too_low", lambda *given: [])
        patch.setattr(matrix, "installed", lambda one, pins, folder, everything: folder.mkdir(exist_ok=True))
        patch.setattr(matrix, "typed", lambda *given: None)
        patch.setattr(matrix, "tree", lambda: self.state)
        patch.setattr(matrix, "tested", self.tested)

    def tested(self, room: str, folder: Path, workers: int) -> str:
        self.asked.append(room)
        if (said := self.says.get(room, WELL)) == "ended":
            raise KeyboardInterrupt
        return said

    def run(self, *words: str) -> int:
        self.asked.clear()
        given = ["--python", "3.12", "--libraries", "lowest", "--rooms", *ROOMS, "--folder", str(self.folder), *words]
        return int(self.matrix.main(given))


@pytest.fixture
def trial(matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    return Trial(matrix, tmp_path, monkeypatch)


def test_a_call_that_was_ended_is_continued(trial: Trial) -> None:
    trial.says = {ROOMS[1]: "ended"}
    with pytest.raises(KeyboardInterrupt):
        trial.run()
    trial.says = {}
    assert trial.run() == 0
    assert trial.asked == ROOMS[1:]
    assert trial.run() == 0
    assert trial.asked == []
    assert trial.run("--afresh") == 0
    assert trial.asked == ROOMS


def test_what_failed_is_run_again_and_what_went_well_is_not(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    trial.says = {ROOMS[0]: BAD}
    assert trial.run() == 1
    assert f"FAILED: {ROOMS[0]}: {BAD}" in capsys.readouterr().out
    trial.says = {}
    assert trial.run() == 0
    assert trial.asked == ROOMS[:1]


def of_another_tree(trial: Trial) -> None:
    trial.state = "two"


def of_other_libraries(trial: Trial) -> None:
    trial.pins = {"numpy": "2.2"}


@pytest.mark.parametrize("change", [of_another_tree, of_other_libraries])
def test_a_room_counts_for_its_tree_and_libraries_alone(trial: Trial, change: Callable[[Trial], None]) -> None:
    trial.run()
    change(trial)
    trial.run()
    assert trial.asked == ROOMS


def test_a_folder_may_be_given_by_a_relative_path(matrix: ModuleType) -> None:
    """Programs of its environment are started in other folders."""
    given = matrix._parsed(["--folder", "build/other"])
    assert given.folder == Path.cwd() / "build" / "other"
    assert matrix._parsed([]).folder == matrix.FOLDER


def test_a_python_that_is_missing_is_named_and_no_success(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    assert trial.run("--python", "3.11", "3.12") == 1
    said = capsys.readouterr().out
    assert "Python 3.11 is missing" in said
    assert "Python 3.12 is missing" not in said


def test_the_table_counts_all_rooms_of_a_pair(matrix: ModuleType) -> None:
    one = matrix.Tried("", 45, rooms={ROOMS[0]: WELL, ROOMS[1]: "2 failed, 5 passed, 1 skipped, 3 errors in 2.00s"})
    _, row, failed = matrix.table({("3.12.1", "lowest"): one})
    assert row.split() == ["lowest", "45", "2", "17", "5", "4", "0.0", "3.12.1"]
    assert failed.strip().startswith(f"FAILED: {ROOMS[1]}")


@pytest.mark.parametrize(
    ("said", "well"),
    [
        (WELL, True),
        ("3 skipped in 0.01s", True),
        ("12 passed, 1 error in 4.50s", False),
        ("no tests ran in 0.01s", False),
        ("pytest ended with 2: 12 passed in 4.50s", False),
        ("there is no such room", False),
        ("", False),
    ],
)
def test_a_room_went_well_if_tests_ran_and_none_failed(matrix: ModuleType, said: str, well: bool) -> None:
    assert matrix.went_well(said) is well


@pytest.mark.slow
def test_pytest_is_read_aright(matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "python_in", lambda folder: sys.executable)
    room = tmp_path / "test_room.py"
    for second, counts in (("pass", {"passed": 2}), ("assert False", {"failed": 1, "passed": 1})):
        room.write_text(f"def test_one():\n    pass\n\n\ndef test_two():\n    {second}\n")
        said = matrix.tested(str(room), tmp_path, 1)
        assert matrix.counted(said) == counts
        assert matrix.went_well(said) is ("failed" not in counts)
    (kept,) = tmp_path.glob("*.txt")
    assert "test_two" in kept.read_text()


def test_processes_that_tests_begin_find_the_tests_by_name(
    matrix: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "python_in", lambda folder: sys.executable)
    room = tmp_path / "test_room.py"  # -S: without the tree, were it installed to be edited
    asked = "import importlib.util; assert importlib.util.find_spec('tests.executors.test_jobs')"
    room.write_text(
        "import subprocess\nimport sys\n\n\ndef test_one():\n"
        f'    assert subprocess.run([sys.executable, "-S", "-c", "{asked}"]).returncode == 0\n'
    )
    assert matrix.went_well(matrix.tested(str(room), tmp_path, 1))


def test_the_whole_suite_is_in_its_rooms(matrix: ModuleType) -> None:
    root = TOOLS.parent
    rooms = matrix.rooms()
    for path in (root / "tests").rglob("test_*.py"):
        name = path.relative_to(root).as_posix()
        assert sum(name == room or name.startswith(f"{room}/") for room in rooms) == 1


def test_what_is_tried_quickly_is_there(matrix: ModuleType) -> None:
    assert [name for name in matrix.QUICK if not (TOOLS.parent / name).exists()] == []


def test_a_bound_that_nobody_can_have_is_named(matrix: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "bounds", lambda minor, extras: {"numpy": "2.0", "jax": "0.4.30", "scipy": "1.14"})
    found = matrix.too_low({"numpy": "2.0.2", "jax": "0.4.34", "scipy": "1.14.1"}, "3.13", "dev")
    assert found == ["jax >=0.4.30, which begins at 0.4.34"]


def test_a_bound_of_one_python_counts_there(matrix: ModuleType) -> None:
    assert (matrix.bounds("3.12", "train")["numpy"], matrix.bounds("3.13", "train")["numpy"]) == ("2.0.1", "2.1")
    assert matrix.bounds("3.12", "train")["tensorflow"] != matrix.bounds("3.13", "train")["tensorflow"]
