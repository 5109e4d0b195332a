"""A store is looked at in any kind of database, and can not be written meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.errors import StoreError, WrongKey
from fpverify.store import Store
from fpverify.store.glance import glance
from fpverify.store.key_source import KeySource

Make = Callable[..., Any]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """The place of the store's key, and another key."""
    other = tmp_path / "other.key"
    KeySource("file", str(other)).create()
    return f"file:{tmp_path / 'own.key'}", f"file:{other}"


@pytest.fixture
def place(open_store: Make, make_template: Make, keys: tuple[str, str], location: str) -> str:
    with open_store(key=keys[0]) as store:
        for seed, model_id in enumerate(("release-1", "release-1", "release-2")):
            store.add(f"{seed // 2}", "unknown", make_template(seed, model_id=model_id))
    return location


def test_what_a_store_holds_is_counted_without_its_key(place: str) -> None:
    with glance(place, trust_permissions=False) as seen:
        holdings = seen.holdings()
        assert (seen.version, seen.is_current, seen.is_encrypted) == (2, True, True)
    assert (holdings.subjects, holdings.impressions) == (2, 3)
    assert holdings.models == {"release-1": 2, "release-2": 1}
    assert holdings.size_bytes > 0


def test_its_key_opens_it_and_no_other(place: str, keys: tuple[str, str]) -> None:
    with glance(place, trust_permissions=False) as seen:
        reader = seen.unlocked(seen.key_source(keys[0], trusts=False))
        assert [one.subject for one in reader.records()] == ["0", "0", "1"]
        for wrong in (keys[1], "none", "file:/nowhere/at.all"):
            with pytest.raises(WrongKey):
                seen.unlocked(seen.key_source(wrong, trusts=False))


def test_a_key_of_nobody_stays_nobodys(place: str, keys: tuple[str, str]) -> None:
    before = Path(keys[1].removeprefix("file:")).read_bytes()
    with glance(place, trust_permissions=False) as seen, pytest.raises(WrongKey):
        seen.unlocked(seen.key_source(keys[1], trusts=False))
    assert Path(keys[1].removeprefix("file:")).read_bytes() == before


def test_nothing_can_be_written(place: str, keys: tuple[str, str]) -> None:
    with glance(place, trust_permissions=False) as seen:
        store = Store(seen._database, seen.unlocked(seen.key_source(keys[0], trusts=False)).vault)
        with pytest.raises(StoreError):
            store.append_audit("verify", "0")
        with pytest.raises(StoreError):
            store.delete("0")
        assert seen.holdings().impressions == 3


def test_a_place_without_a_store_stays_without_one(location: str) -> None:
    with pytest.raises(StoreError), glance(location, trust_permissions=False):
        pass
    with pytest.raises(StoreError):
        Store.open(location, create=False)


def test_a_store_that_is_not_encrypted_needs_no_key(open_store: Make, location: str) -> None:
    open_store(key="none").close()
    with glance(location, trust_permissions=False) as seen:
        assert not seen.is_encrypted
        assert seen.unlocked(seen.key_source(None, trusts=False)).count() == 0
