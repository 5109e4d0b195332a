"""Keys, API keys and stores that other users of the machine could change are named and refused."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fpverify.cli import main
from fpverify.errors import UntrustedFile, WrongKey
from fpverify.folders import require_own
from fpverify.service.api_keys import KeyFile
from fpverify.store import Store
from fpverify.store.key_source import KeySource

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes")

OTHER, ME = 4242, 4343  # nobody's numbers, as far as one can tell


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A file in a folder, both for their owner only."""
    (tmp_path / "folder").mkdir(mode=0o700)
    file = tmp_path / "folder" / "file"
    file.touch(mode=0o600)
    return file


@pytest.fixture
def as_another(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives paths to one user, and makes this process seem another one's."""

    def give(*paths: Path) -> None:
        for path in paths:
            if os.geteuid() == 0:
                os.chown(path, OTHER, OTHER)
        monkeypatch.setattr(os, "geteuid", lambda: ME)

    return give


def test_what_only_its_owner_may_write_is_used(place: Path) -> None:
    require_own(place, "the store")
    place.chmod(0o644)
    place.parent.chmod(0o755)
    require_own(place, "the store")
    require_own(place.parent / "not there yet" / "file", "the store")


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_may_write_is_refused(place: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grp.getgrgid", lambda _: SimpleNamespace(gr_name="staff", gr_gid=50, gr_mem=[]))
    place.chmod(mode)
    with pytest.raises(UntrustedFile, match=rf"^the store {place} may be written by .*; say `chmod go-w {place}`, or"):
        require_own(place, "the store")


@pytest.mark.parametrize("mode", [0o702, 0o720, 0o777, 0o2770])
def test_a_folder_that_others_may_write_is_refused(place: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grp.getgrgid", lambda _: SimpleNamespace(gr_name="staff", gr_gid=50, gr_mem=[]))
    place.parent.chmod(mode)
    with pytest.raises(UntrustedFile, match=rf"^the folder {place.parent} may be written by .*the key file lies"):
        require_own(place, "the key")
    place.parent.chmod(mode | 0o1000)  # sticky, as /tmp is
    require_own(place, "the key")


def test_a_group_of_the_owner_alone_is_the_owner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = place.stat()
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="ada", pw_gid=found.st_gid))
    place.chmod(0o660)
    for members, name, refused in (
        ([], "ada", False),
        (["ada"], "ada", False),
        (["bob"], "ada", True),
        ([], "x", True),
    ):
        group = SimpleNamespace(gr_name=name, gr_gid=found.st_gid, gr_mem=members)
        monkeypatch.setattr("grp.getgrgid", lambda _, group=group: group)
        if refused:
            with pytest.raises(UntrustedFile, match=f"by the group '{name}'"):
                require_own(place, "the store")
        else:
            require_own(place, "the store")


def test_a_list_of_others_is_not_the_owner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = place.stat()
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="ada", pw_gid=found.st_gid))
    group = SimpleNamespace(gr_name="ada", gr_gid=found.st_gid, gr_mem=[])
    monkeypatch.setattr("grp.getgrgid", lambda _: group)
    place.chmod(0o660)
    require_own(place, "the store")
    monkeypatch.setattr(os, "getxattr", lambda *_: b"a list", raising=False)
    with pytest.raises(UntrustedFile, match="by the group 'ada'"):
        require_own(place, "the store")


def test_a_group_that_the_system_does_not_know_is_not_the_owner(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> Any:
        raise KeyError

    for name in ("pwd.getpwuid", "grp.getgrgid"):
        monkeypatch.setattr(name, unknown)
    place.chmod(0o660)
    with pytest.raises(UntrustedFile, match=r"by the group \d+"):
        require_own(place, "the store")


def test_what_is_somebody_elses_is_refused_and_roots_is_not(place: Path, as_another: Callable[..., None]) -> None:
    as_another(place)
    with pytest.raises(
        UntrustedFile, match=r"^the store .* belongs to .*, and not to user 4343; use a copy of your own"
    ):
        require_own(place, "the store")


def test_a_folder_of_somebody_else_is_refused(place: Path, as_another: Callable[..., None]) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    as_another(place.parent)
    with pytest.raises(UntrustedFile, match=r"^the folder .* belongs to"):
        require_own(place, "the store")


def test_root_uses_the_files_of_others_but_not_what_everybody_may_write(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(place, OTHER, OTHER)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    require_own(place, "the store")
    place.chmod(0o666)
    with pytest.raises(UntrustedFile):
        require_own(place, "the store")


def test_a_link_is_followed_and_its_own_folder_looked_at_as_well(place: Path, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    link = tmp_path / "public" / "link"
    link.symlink_to(place)
    require_own(link, "the key")
    place.chmod(0o666)
    with pytest.raises(UntrustedFile, match=re.escape(f"the key {place} may")):
        require_own(link, "the key")
    place.chmod(0o600)
    (tmp_path / "public").chmod(0o777)
    with pytest.raises(UntrustedFile, match="public may be written by everybody"):
        require_own(link, "the key")


def test_windows_has_no_such_modes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.chmod(0o666)
    monkeypatch.setattr("fpverify.folders.os", SimpleNamespace(name="nt"))
    require_own(place, "the store")


@pytest.fixture
def store(tmp_path: Path, make_template: Any) -> Path:
    with Store.open(tmp_path / "db", key=f"file:{tmp_path}/keys/store.key") as opened:
        opened.add("A", "unknown", make_template())
    return tmp_path / "db" / "enrollments.sqlite"


@pytest.fixture
def make_template() -> Any:
    import numpy as np

    from fpverify.vocabulary import Minutiae, Template

    one = np.ones(1, np.float32)
    return lambda: Template("release-1", 1.0, Minutiae(one, one, one, one), np.zeros((1, 4), np.int8))


def test_a_store_that_others_may_write_is_opened_by_who_trusts_it(store: Path, tmp_path: Path) -> None:
    key = f"file:{tmp_path}/keys/store.key"
    store.chmod(0o666)
    with pytest.raises(UntrustedFile, match="the store"):
        Store.open(store, key=key)
    with Store.open(store, key=key, trust_permissions=True) as opened:
        assert opened.references("A")


def test_no_store_is_begun_in_a_folder_that_others_may_write(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public").chmod(0o777)
    with pytest.raises(UntrustedFile):
        Store.open(tmp_path / "public" / "store.sqlite", key=f"file:{tmp_path}/store.key")
    with pytest.raises(UntrustedFile):
        Store.open(tmp_path / "db", key=f"file:{tmp_path}/public/store.key")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["public"]


def test_a_key_is_read_where_nobody_else_can_change_it(store: Path, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "store.key"
    key.parent.chmod(0o777)
    with pytest.raises(UntrustedFile, match=r"^the folder .*, in whose folder the key store.key lies"):
        Store.open(store, key=f"file:{key}")
    key.chmod(0o644)
    with pytest.raises(WrongKey, match="others may read"):
        Store.open(store, key=f"file:{key}")
    assert KeySource.parse(f"file:{key}", "", trusts=True).load().records


def test_api_keys_are_read_where_nobody_else_can_change_them(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    kept = {"name": "door", "scope": "verify", "sha256": "0" * 64, "created_at": "2026-01-01T00:00:00+00:00"}
    keys.path.touch(mode=0o600)
    keys.path.write_text(json.dumps({"keys": [kept]}))
    assert keys.holder("0" * 64)
    keys.path.chmod(0o666)
    with pytest.raises(UntrustedFile, match=r"^the file of API keys .* may be written by everybody"):
        keys.holder("0" * 64)
    assert KeyFile(keys.path, trusts=True).holder("0" * 64)


@pytest.mark.parametrize("how", ["option", "variable", "setting"])
def test_every_command_names_it_on_one_line_with_3_and_may_be_told_to_trust(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    store.chmod(0o666)
    words = ["list", "--db", str(store), "--key", f"file:{tmp_path}/keys/store.key"]
    assert main(words) == 3
    said = capsys.readouterr().err
    assert said.startswith(f"fpverify: the store {store} may be written by everybody; say `chmod go-w {store}`")
    assert len(said.splitlines()) == 1
    if how == "variable":
        monkeypatch.setenv("FPVERIFY_TRUST_PERMISSIONS", "yes")
    if how == "setting":
        (tmp_path / "fpverify.yaml").write_text("trust_permissions: yes\n")
    assert main([*words, *(["--trust-permissions"] if how == "option" else [])]) == 0
    if how == "option":
        assert "FPVERIFY_TRUST_PERMISSIONS" not in os.environ
        assert main(words) == 3
