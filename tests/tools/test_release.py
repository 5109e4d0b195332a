"""A release holds what the commit holds, nothing of the machine that built it; Pythons are found where they hide."""

from __future__ import annotations

import hashlib
import io
import stat
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool

INFO = "fpverify-0.1.0.dist-info"
FILES = {
    "fpverify/__init__.py": b"1",
    "fpverify/py.typed": b"",
    **{f"{INFO}/{name}": b"" for name in ("WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")},
}
TRACKED = {"fpverify/__init__.py": b"1", "fpverify/py.typed": b"", "README.md": b"2", "docs/images/a.png": b"3"}
SOURCES = {"PKG-INFO": b"", "fpverify/__init__.py": b"1", "fpverify/py.typed": b"", "README.md": b"2"}


@pytest.fixture
def release() -> ModuleType:
    return tool("release")


@pytest.fixture
def interpreters() -> ModuleType:
    return tool("interpreters")


def wheel_of(folder: Path, release: ModuleType, files: dict[str, bytes]) -> Path:
    path = folder / "fpverify-0.1.0-py3-none-any.whl"
    metadata = f"Name: fpverify\nVersion: {release.own_version()}\n".encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {f"{INFO}/METADATA": metadata, **files}.items():
            archive.writestr(name, data)
    return path


def sdist_of(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "fpverify-0.1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"fpverify-0.1.0/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_what_the_commit_holds_passes(release: ModuleType, tmp_path: Path) -> None:
    assert release.wrong_wheel(wheel_of(tmp_path, release, FILES), hashes(TRACKED)) == []
    assert release.wrong_sdist(sdist_of(tmp_path, SOURCES), hashes(TRACKED)) == []


@pytest.mark.parametrize(
    ("files", "flaw"),
    [
        ({**FILES, "fpverify/notes.txt": b"x"}, "fpverify/notes.txt is in no commit"),
        ({name: data for name, data in FILES.items() if "typed" not in name}, "fpverify/py.typed is missing"),
        ({**FILES, "fpverify/__init__.py": b"9"}, "fpverify/__init__.py is another"),
        ({name: data for name, data in FILES.items() if "LICENSE" not in name}, "metadata are"),
    ],
)
def test_a_wheel_of_other_contents_is_refused(
    release: ModuleType, tmp_path: Path, files: dict[str, bytes], flaw: str
) -> None:
    (said,) = release.wrong_wheel(wheel_of(tmp_path, release, files), hashes(TRACKED))
    assert flaw in said


def test_an_sdist_of_other_contents_is_refused(release: ModuleType, tmp_path: Path) -> None:
    path = sdist_of(tmp_path, {**SOURCES, "runs/print.bmp": b""})
    assert release.wrong_sdist(path, hashes(TRACKED)) == [f"{path.name}: runs/print.bmp is in no commit"]


def test_a_version_that_is_not_the_package_s_is_refused(
    release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = wheel_of(tmp_path, release, FILES)
    monkeypatch.setattr(release, "own_version", lambda: "9.9.9")
    (said,) = release.wrong_wheel(path, hashes(TRACKED))
    assert "the package states 9.9.9" in said


def test_what_is_too_large_is_refused(release: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "MOST_MB", {".whl": 0.0001, ".gz": 16})
    (said,) = release.wrong_wheel(wheel_of(tmp_path, release, FILES), hashes(TRACKED))
    assert "at most" in said


def test_a_folder_of_this_machine_is_seen(release: ModuleType, tmp_path: Path) -> None:
    path = wheel_of(tmp_path, release, {**FILES, "fpverify/__init__.py": f"# {tmp_path}/x".encode()})
    (said,) = release.leaks([path], tmp_path)
    assert "fpverify/__init__.py names" in said


def test_the_file_that_differs_between_two_builds_is_named(release: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = wheel_of(tmp_path / "a", release, FILES)
    other = wheel_of(tmp_path / "b", release, {**FILES, "fpverify/__init__.py": b"9"})
    assert release.differing(one, other) == "fpverify/__init__.py"
    assert "order" in release.differing(one, one)


def test_hashes_are_those_that_other_programs_check(release: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"abc")
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "old.whl").touch()
    release.write_out(tmp_path / "dist", [tmp_path / "a.whl"])
    assert sorted(path.name for path in (tmp_path / "dist").iterdir()) == ["SHA256SUMS", "a.whl"]
    wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.whl\n"
    assert (tmp_path / "dist" / "SHA256SUMS").read_text() == wanted


def test_a_program_that_fails_ends_it_with_what_was_said(release: ModuleType) -> None:
    with pytest.raises(SystemExit, match="ended with 3:\nwhy"):
        release.run([sys.executable, "-c", "print('why'); raise SystemExit(3)"])


# --- interpreters -----------------------------------------------------------------------------------------------------


def stand_in(path: Path, version: str, name: str = "CPython") -> Path:
    """A program that says of itself what an interpreter says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = f'[[{version.replace(".", ", ")}], "{name}", "{path.parent.parent}"]'
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with version managers, and nothing on the PATH but the shell."""
    for variable in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.12",
        ".pyenv/versions/3.12.9/bin/python3",
        ".local/share/uv/python/cpython-3.12.9-linux/bin/python3.12",
        ".asdf/installs/python/3.12.9/bin/python3",
        "miniforge3/envs/work/bin/python",
    ],
)
def test_a_python_is_found_where_it_hides(interpreters: ModuleType, home: Path, place: str) -> None:
    path = stand_in(home / place, "3.12.99")
    assert interpreters.found(["3.12"])["3.12"].path == path


def test_the_newest_of_a_minor_version_counts_and_what_is_none_does_not(interpreters: ModuleType, home: Path) -> None:
    stand_in(home / ".pyenv/versions/a/bin/python3", "3.12.98")
    newest = stand_in(home / ".pyenv/versions/b/bin/python3", "3.12.99")
    stand_in(home / ".pyenv/versions/c/bin/python3", "3.12.100", "PyPy")
    broken = home / ".pyenv/versions/d/bin/python3"
    broken.parent.mkdir(parents=True)
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert interpreters.found(["3.12"])["3.12"].path == newest


def test_versions_that_are_missing_are_named(
    interpreters: ModuleType, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpreters, "candidates", lambda _: iter([stand_in(home / "bin" / "p", "3.12.4")]))
    assert interpreters.main(["--of", "3.12", "3.13"]) == 1
    assert capsys.readouterr().out.splitlines()[1] == "3.13 is missing"
    assert interpreters.supported() == ("3.11", "3.12", "3.13")
