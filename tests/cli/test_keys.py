from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.store import Store

Call = Callable[..., Any]


def test_showing_a_key_says_which_and_where_but_not_the_key(call: Call, enrolled: Path) -> None:
    ended = call("keys", "show")
    answer = call("keys", "show", "--json").answer
    assert ended.out.splitlines()[0] == f"key {answer['key']}"
    assert (answer["store"], answer["encrypted"], answer["older"]) == (str(enrolled), True, 0)
    with Store.open(enrolled) as store:
        assert answer["key"] == store.key_id
        secrets = [one.secret.hex() for one in store.vault.ring.records] + [store.vault.ring.audit.hex()]
    assert Path(answer["place"]).is_file()
    assert not [one for one in secrets if one in ended.out or one in str(answer)]


def test_rotating_changes_the_key_and_everything_stays_readable(call: Call, enrolled: Path, verify: Call) -> None:
    before = call("keys", "show", "--json").answer
    kept = Path(before["place"]).read_bytes()
    ended = call("keys", "rotate")
    after = call("keys", "show", "--json").answer
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"sealed 2 records with the new key {after['key']}\n")
    assert before["key"] != after["key"]
    assert before["place"] == after["place"]
    assert Path(before["place"]).read_bytes() != kept
    assert verify("A_01.bmp").code == 0
    assert call("audit", "verify").code == 0


def test_a_rotation_that_was_cut_off_shows_and_goes_on(call: Call, enrolled: Path, enroll: Call, verify: Call) -> None:
    enroll("B_00.bmp", subject="B")
    with Store.open(enrolled) as store, pytest.raises(InterruptedError):
        store.rotate(_interrupt)
    with Store.open(enrolled) as store:
        store.delete("B")
    enroll("B_00.bmp", subject="B")
    assert verify("A_01.bmp").code == 0
    assert call("keys", "rotate", "--json").code == 0
    shown = call("keys", "show", "--json").answer
    assert (shown["sealed"], shown["older"]) == (4, 0)
    assert verify("A_01.bmp").code == 0


def test_what_needs_an_older_key_is_counted(call: Call, enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.store.rows.Rows.seal_anew", _interrupt)
    with Store.open(enrolled) as store, pytest.raises(InterruptedError):
        store.rotate()
    shown = call("keys", "show", "--json").answer
    assert (shown["sealed"], shown["older"]) == (2, 2)
    assert "2 need an older key; `fpverify keys rotate` goes on" in call("keys", "show").out


def _interrupt(*_: object) -> None:
    raise InterruptedError


def test_a_store_without_a_key_has_none_to_rotate(call: Call, enroll: Call) -> None:
    enroll("A_00.bmp", "--key", "none")
    ended = call("keys", "rotate")
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "not encrypted" in ended.err
    assert call("keys", "show", "--json").answer["place"] is None


def test_a_new_key_file_is_for_its_owner_only(call: Call) -> None:
    call("keys", "new", "--out", "door.key")
    assert stat.S_IMODE(Path("door.key").stat().st_mode) == 0o600


def test_a_new_key_file_overwrites_nothing(call: Call) -> None:
    ended = call("keys", "new", "--out", "door.key")
    assert (ended.code, ended.err) == (0, "")
    kept = Path("door.key").read_bytes()
    again = call("keys", "new", "--out", "door.key")
    assert (again.code, again.out, len(again.err.splitlines())) == (3, "", 1)
    assert Path("door.key").read_bytes() == kept
    assert call("keys", "new", "--out", "no/such/folder.key").code == 2
