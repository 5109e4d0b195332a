"""Where the user's files lie: where they always lay on Linux, and where an earlier release has left them elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fpverify.errors import SettingsError
from fpverify.evaluation.templates import TemplateCache
from fpverify.folders import cache_folder, config_file, private
from fpverify.service.api_keys import FILE
from fpverify.store.key_source import KeySource

STORE = "0123456789abcdef" * 2


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home folder of a user who has set nothing else."""
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs.unix import Unix

    monkeypatch.setattr("platformdirs.PlatformDirs", Unix)


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs.macos import MacOS

    monkeypatch.setattr("platformdirs.PlatformDirs", MacOS)


def key_file() -> Path:
    return Path(KeySource.parse(None, STORE).name)


@pytest.mark.usefixtures("linux")
def test_on_linux_files_lie_in_the_folders_of_the_xdg_specification(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert key_file() == home / ".config" / "fpverify" / "keys" / f"{STORE}.key"
    assert config_file(FILE, otherwise="") == home / ".config" / "fpverify" / "api-keys.json"
    assert TemplateCache.default().folder == home / ".cache" / "fpverify"
    monkeypatch.setenv("XDG_CONFIG_HOME", "/etc/door")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/door")
    assert key_file() == Path("/etc/door/fpverify/keys", f"{STORE}.key")
    assert config_file(FILE, otherwise="") == Path("/etc/door/fpverify/api-keys.json")
    assert TemplateCache.default().folder == Path("/var/door/fpverify")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says the specification
    assert TemplateCache.default().folder == home / ".cache" / "fpverify"


@pytest.mark.usefixtures("macos")
def test_on_macos_new_files_lie_in_the_library(home: Path) -> None:
    assert key_file() == home / "Library" / "Application Support" / "fpverify" / "keys" / f"{STORE}.key"
    assert TemplateCache.default().folder == home / "Library" / "Caches" / "fpverify"


@pytest.mark.usefixtures("macos")
@pytest.mark.parametrize("folder", [".config", "chosen"])
def test_a_file_that_lies_where_fpverify_once_kept_it_stays_in_use(
    home: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Also one to which a link leads that is broken at the moment: a medium may be missing."""
    if folder == "chosen":
        monkeypatch.setenv("XDG_CONFIG_HOME", "~/chosen")
    earlier = home / folder / "fpverify"
    (earlier / "keys").mkdir(parents=True)
    (earlier / "keys" / f"{STORE}.key").symlink_to("/media/stick/door.key")
    (earlier / "api-keys.json").touch()
    assert key_file() == earlier / "keys" / f"{STORE}.key"
    assert config_file(FILE, otherwise="") == earlier / "api-keys.json"


def test_a_user_without_a_home_is_told_what_to_do_instead(homeless: None) -> None:
    for place in (lambda: cache_folder(otherwise="give one"), lambda: config_file("a", otherwise="give one")):
        with pytest.raises(SettingsError, match=r"^this user has no home folder; give one$"):
            place()


def test_a_user_without_a_home_may_still_name_folders(
    homeless: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert key_file() == tmp_path / "fpverify" / "keys" / f"{STORE}.key"


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_a_private_file_is_its_owners_whatever_lay_there(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("before")
    there.chmod(0o664)
    for path in (there, tmp_path / "new"):
        assert private(path).read_text() == ""
        path.write_bytes(b"content")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert private("/dev/null") == Path("/dev/null")
    assert stat.S_IMODE(Path("/dev/null").stat().st_mode) != 0o600
