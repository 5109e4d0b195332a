from __future__ import annotations

import errno
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fpverify.errors import StoreError, WrongKey
from fpverify.store import Store
from fpverify.store.key_source import KeySource
from fpverify.store.keys import Key, KeyRing

STORE = "0123456789abcdef" * 2


def source(tmp_path: Path, store: str = STORE) -> KeySource:
    return KeySource.parse(f"file:{tmp_path}/keys/door.key", store)


def test_a_new_ring_is_for_its_owner_only_and_comes_back(tmp_path: Path) -> None:
    made = source(tmp_path).create()
    path = tmp_path / "keys" / "door.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert source(tmp_path).load() == made
    assert [one.name for one in path.parent.iterdir()] == ["door.key"]
    assert made.records[0].secret.hex() not in repr(made)
    with pytest.raises(StoreError, match="already"):
        source(tmp_path).create()
    assert source(tmp_path).load() == made


def test_a_ring_that_others_may_read_is_refused(tmp_path: Path) -> None:
    source(tmp_path).create()
    (tmp_path / "keys" / "door.key").chmod(0o640)
    with pytest.raises(WrongKey, match=r"others may read the key .*chmod 600"):
        source(tmp_path).load()


def test_what_a_killed_process_has_left_is_removed_by_the_next_change(tmp_path: Path) -> None:
    made = source(tmp_path).create()
    left = tmp_path / "keys" / ".door.key.0a1b2c3d"
    left.write_text("a secret")
    users = [tmp_path / "keys" / f".door.key.{end}" for end in ("before-rotation", "0a1b2c3d4", "old", "0a1b2c3d.txt")]
    for one in users:
        one.write_text("a copy")
    source(tmp_path).save(replace(made, records=(*made.records, Key.new())))
    assert not left.exists()
    assert all(one.exists() for one in users)
    assert len(source(tmp_path).load().records) == 2


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_ring_stays_its_owners_when_root_replaces_it(tmp_path: Path) -> None:
    made, path = source(tmp_path).create(), tmp_path / "keys" / "door.key"
    os.chown(path, 1234, 5678)
    source(tmp_path).save(made)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 5678, 0o600)


def test_a_ring_is_saved_by_who_may_not_give_it_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError

    made = source(tmp_path).create()
    monkeypatch.setattr(os, "chown", refuse)
    source(tmp_path).save(made)
    assert source(tmp_path).load() == made


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP])
def test_a_ring_is_made_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)
    made = source(tmp_path).create()
    assert source(tmp_path).load() == made
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["door.key"]
    monkeypatch.setattr(KeySource, "present", lambda _: False)  # another process is faster
    with pytest.raises(StoreError, match="cannot be written"):
        source(tmp_path).create()
    assert source(tmp_path).load() == made


def test_two_stores_never_share_a_ring(tmp_path: Path) -> None:
    """Rotating one would lose the other's key."""
    key = str(tmp_path / "shared.key")
    Store.open(tmp_path / "one", key=key).close()
    with pytest.raises(WrongKey, match="another store's"):
        Store.open(tmp_path / "other", key=key)
    with Store.open(tmp_path / "one", key=key) as store:
        store.rotate()
    Store.open(tmp_path / "one", key=key).close()


def test_a_ring_made_beforehand_becomes_the_first_stores(tmp_path: Path) -> None:
    KeySource.parse(str(tmp_path / "new.key"), "").create()
    with Store.open(tmp_path / "one", key=str(tmp_path / "new.key")) as store:
        assert store.vault.source.load().store == store.store_id


@pytest.mark.parametrize("made", [True, False])
def test_a_store_that_could_not_be_made_claims_no_ring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: bool
) -> None:
    place = KeySource.parse(str(tmp_path / "new.key"), "")
    before = place.create().to_json() if made else None

    def fail(*_: Any, **__: Any) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as broken:
        broken.setattr("fpverify.store.trail.Trail.append", fail)
        with pytest.raises(StoreError, match="no room"):
            Store.open(tmp_path / "one", key=place.name)
    assert (place.load().to_json() if place.present() else None) == before
    Store.open(tmp_path / "one", key=place.name).close()


@pytest.mark.parametrize("key", ["file:broken.key", "file:folder/none/door.key", "env:NOT_SET", "file:others.key"])
def test_a_store_whose_key_cannot_be_kept_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Store.open("other", key="file:others.key").close()
    Path("broken.key").touch(mode=0o600)
    Path("folder").touch()
    with pytest.raises(StoreError, match=re.escape(key.partition(":")[2])):
        Store.open("db", key=key)
    assert not Path("db").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.key", "folder", "other", "others.key"]


def test_the_environment_holds_a_ring_but_does_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing.new("a place")
    monkeypatch.setenv("DOOR_KEY", ring.to_json())
    with Store.open(tmp_path / "db", key="env:DOOR_KEY") as store:
        assert store.key_id == ring.records[0].id
        with pytest.raises(StoreError, match="cannot change the variable DOOR_KEY"):
            store.rotate()
    monkeypatch.delenv("DOOR_KEY")
    with pytest.raises(WrongKey, match="no key at the variable DOOR_KEY"):
        Store.open(tmp_path / "db", key="env:DOOR_KEY")


@pytest.fixture
def keyring_in_memory() -> Iterator[None]:
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    yield
    keyring.set_keyring(before)


def test_the_systems_keyring_holds_a_ring(tmp_path: Path, keyring_in_memory: None) -> None:
    with Store.open(tmp_path / "db", key="keyring:fpverify") as store:
        before = store.key_id
        store.rotate()
    with Store.open(tmp_path / "db", key="keyring:fpverify") as store:
        assert store.key_id != before


def test_a_keyring_that_fails_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring")

    def fail(*_: Any) -> None:
        raise keyring.errors.NoKeyringError("no backend\nat all")

    monkeypatch.setattr(keyring, "get_password", fail)
    with pytest.raises(WrongKey, match=r"the system's keyring cannot be used: NoKeyringError$"):
        Store.open(tmp_path / "db", key="keyring:fpverify")


@pytest.mark.parametrize("text", ["file:", "env:", "keyring:", "a\0b"])
def test_a_text_that_names_no_place_is_refused(text: str) -> None:
    with pytest.raises(WrongKey):
        KeySource.parse(text, STORE)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_rotation_writes_where_a_link_leads(tmp_path: Path, make_template: Any, steps: int) -> None:
    (tmp_path / "stick").mkdir(mode=0o700)
    made = KeySource.parse(f"file:{tmp_path}/stick/door.key", "").create()
    links = [tmp_path / "door.key", tmp_path / "other.key"][:steps]
    for link, target in zip(links, (tmp_path / "stick" / "door.key", *links), strict=False):
        link.symlink_to(target)
    with Store.open(tmp_path / "db", key=f"file:{links[-1]}") as store:
        store.add("A", "unknown", make_template())
        store.rotate()
    assert all(link.is_symlink() for link in links)
    assert made.records[0].secret.hex() not in (tmp_path / "stick" / "door.key").read_text()
    assert [one.name for one in (tmp_path / "stick").iterdir()] == ["door.key"]
    with Store.open(tmp_path / "db", key=f"file:{tmp_path}/stick/door.key") as store:
        assert len(store.references("A")) == 1


def test_a_process_that_is_killed_while_it_founds_a_store_leaves_the_key_to_the_next(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from fpverify.store import Store, founding\n"
        "founding.write_identity = lambda *given: os.kill(os.getpid(), 9)\n"
        f"Store.open({str(tmp_path / 'db')!r}, key={str(tmp_path / 'door.key')!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with Store.open(tmp_path / "db", key=str(tmp_path / "door.key")) as store:
        first = store.store_id
    assert json.loads((tmp_path / "door.key").read_text())["store"] == first
    with pytest.raises(WrongKey, match="another store's"):
        Store.open(tmp_path / "other", key=str(tmp_path / "door.key"))


def test_a_process_that_is_killed_before_it_claims_the_key_has_founded_a_store_all_the_same(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "from fpverify.store import Store, founding\n"
        "founding._claim = lambda vault: os.kill(os.getpid(), 9)\n"
        f"Store.open({str(tmp_path / 'db')!r}, key={str(tmp_path / 'door.key')!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert json.loads((tmp_path / "door.key").read_text())["store"] is None
    with Store.open(tmp_path / "db", create=False, key=str(tmp_path / "door.key")) as store:
        assert json.loads((tmp_path / "door.key").read_text())["store"] == store.store_id
