from __future__ import annotations

import os
from pathlib import Path

import pytest

from fpverify.errors import SettingsError
from fpverify.service.api_keys import ApiKeys, Scope


def test_api_keys_are_kept_as_hashes_for_their_owner_only(tmp_path: Path) -> None:
    keys = ApiKeys(tmp_path / "sub" / "keys.json")
    assert (keys.all(), keys.holder("x")) == ((), None)
    secret = keys.new("door", Scope.VERIFY)
    assert secret not in keys.path.read_text()
    assert keys.path.stat().st_mode & 0o777 == 0o600
    holder = ApiKeys(keys.path).holder(secret)
    assert holder is not None
    assert (holder.name, holder.scope) == ("door", "verify")
    for change in (lambda: keys.new("door", Scope.ADMIN), lambda: keys.new("", Scope.ADMIN), lambda: keys.revoke("x")):
        with pytest.raises(SettingsError):
            change()
    keys.path.write_text("[1]")
    with pytest.raises(SettingsError, match="is no file of API keys"):
        ApiKeys(keys.path).all()


def test_a_folder_of_api_keys_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot be read"):
        ApiKeys(tmp_path / "file" / "keys.json").all()


def test_api_keys_stay_their_owners_whoever_changes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _, user, group: given.append((user, group)))
    keys = ApiKeys(tmp_path / "keys.json")
    keys.new("one", Scope.VERIFY)
    keys.new("other", Scope.VERIFY)
    status = keys.path.stat()
    assert given == [(status.st_uid, status.st_gid)]  # the first has none to follow


def test_api_keys_are_written_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir(mode=0o700)
    (tmp_path / "keys.json").symlink_to(tmp_path / "kept" / "keys.json")
    secret = ApiKeys(tmp_path / "keys.json").new("door", Scope.VERIFY)
    assert (tmp_path / "keys.json").is_symlink()
    assert ApiKeys(tmp_path / "kept" / "keys.json").holder(secret) is not None
