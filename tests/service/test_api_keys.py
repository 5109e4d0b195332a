"""API keys: in the store that is served, taken over from the file of an earlier release, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli import main
from fpverify.errors import CorruptRecord, SettingsError, StoreReadOnly
from fpverify.service.api_keys import KeyFile, Scope, allows, digest, new_key, take_over
from fpverify.store import Store
from fpverify.store.api_keys import ApiKey
from fpverify.store.inspection import inspect

SECRET = "fpv_made-by-an-earlier-release"  # noqa: S105 - of no service

KEPT = {"name": "door-3", "scope": "verify", "sha256": digest(SECRET), "created_at": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "db", key=str(tmp_path / "store.key")) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of keys as earlier releases wrote it."""
    path = tmp_path / "api-keys.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"keys": [KEPT]}))
    return path


def actions(store: Store) -> list[tuple[str, Any]]:
    return [
        (one.action, one.details.get("name"))
        for one in store.audit_entries()
        if "key" in one.action or "name" in one.details
    ]


def test_a_key_is_kept_as_its_hash_and_known_by_it_until_it_is_revoked(store: Store, tmp_path: Path) -> None:
    assert (store.api_keys.all(), store.api_keys.holder(digest("x"))) == ([], None)
    secret = new_key(store, "door", Scope.VERIFY)
    assert secret.startswith("fpv_")
    holder = store.api_keys.holder(digest(secret))
    assert holder is not None
    assert (holder.name, holder.scope) == ("door", "verify")
    assert not [one for one in (tmp_path / "db").rglob("*") if one.is_file() and secret.encode() in one.read_bytes()]
    with Store.open(tmp_path / "db", key=str(tmp_path / "store.key")) as other:
        other.api_keys.revoke("door")
    assert store.api_keys.holder(digest(secret)) is None
    assert actions(store) == [("grant", "door"), ("revoke", "door")]
    assert inspect(store).intact


def test_names_are_held_once_and_can_be_taken_again(store: Store) -> None:
    new_key(store, "door", Scope.VERIFY)
    for change in (
        lambda: new_key(store, "door", Scope.ADMIN),
        lambda: new_key(store, "", Scope.ADMIN),
        lambda: new_key(store, "two\nlines", Scope.ADMIN),
        lambda: store.api_keys.revoke("nobody"),
    ):
        with pytest.raises(SettingsError):
            change()
    store.api_keys.revoke("door")
    again = store.api_keys.holder(digest(new_key(store, "door", Scope.ENROLL)))
    assert again is not None
    assert again.scope == "enroll"


def test_keys_outlive_a_new_key_of_the_store(store: Store) -> None:
    secret = new_key(store, "door", Scope.VERIFY)
    store.rotate()
    assert store.api_keys.holder(digest(secret))
    assert inspect(store).intact


def test_a_scope_of_a_newer_release_allows_nothing() -> None:
    assert not [scope for scope in Scope if allows(ApiKey("a", "everything", "0" * 64, ""), scope)]
    assert [scope.word for scope in Scope if allows(ApiKey("a", "scores", "0" * 64, ""), scope)] == ["verify", "scores"]


TAMPERED = {
    "a wider scope": "UPDATE api_keys SET scope = 'admin' WHERE name = 'door'",
    "another name": "UPDATE api_keys SET name = 'desk' WHERE name = 'door'",
    "a key of one's own": f"UPDATE api_keys SET sha256 = '{digest(SECRET)}' WHERE name = 'door'",  # noqa: S608
    "no code": "UPDATE api_keys SET mac = 'x' WHERE name = 'door'",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_who_can_write_the_database_alone_lets_nobody_in(store: Store, name: str) -> None:
    secret = new_key(store, "door", Scope.VERIFY)
    store._database.execute(TAMPERED[name])
    for one in (secret, SECRET):
        try:
            assert store.api_keys.holder(digest(one)) is None
        except CorruptRecord as error:
            assert "was altered or put back" in str(error)  # noqa: PT017
    assert any("API key" in one for one in inspect(store, quick=True).findings)


def test_a_revoked_key_that_is_put_back_is_not_believed(store: Store, tmp_path: Path) -> None:
    secret = new_key(store, "door", Scope.VERIFY)
    (row,) = store._database.rows("SELECT sha256, name, scope, created_at, mac FROM api_keys")
    store.api_keys.revoke("door")
    store._database.execute("INSERT INTO api_keys (sha256, name, scope, created_at, mac) VALUES (?, ?, ?, ?, ?)", *row)
    for opened in (store, Store.open(tmp_path / "db", key=str(tmp_path / "store.key"))):
        with opened, pytest.raises(CorruptRecord):
            opened.api_keys.holder(digest(secret))
    with Store.open(tmp_path / "db", key=str(tmp_path / "store.key")) as opened:
        assert inspect(opened).findings == ("the API key 'door' was put in: no entry says so, or it was revoked",)
        opened.api_keys.revoke("door")
        assert inspect(opened).intact


def test_a_key_is_revoked_whatever_became_of_its_row(store: Store) -> None:
    secret = new_key(store, "door", Scope.VERIFY)
    columns = "sha256, name, scope, created_at, mac"
    (row,) = store._database.rows(f"SELECT {columns} FROM api_keys")  # noqa: S608 - constants
    store._database.execute(f"UPDATE api_keys SET sha256 = '{digest(SECRET)}'")  # noqa: S608
    store.api_keys.revoke("door")
    store._database.execute(f"INSERT INTO api_keys ({columns}) VALUES (?, ?, ?, ?, ?)", *row)  # noqa: S608
    with pytest.raises(CorruptRecord):
        store.api_keys.holder(digest(secret))
    new_key(store, "gate", Scope.VERIFY)
    store._database.execute("DELETE FROM api_keys")
    store.api_keys.revoke("gate")
    assert inspect(store).intact


def test_a_key_that_is_taken_away_shows(store: Store) -> None:
    new_key(store, "door", Scope.VERIFY)
    store._database.execute("DELETE FROM api_keys")
    assert inspect(store).findings == ("the API key 'door' is missing: it was never revoked",)


def test_the_keys_of_a_file_are_taken_over_once_and_the_file_is_left(store: Store, file: Path) -> None:
    before = file.read_bytes()
    assert [one.name for one in take_over(store, KeyFile(file))] == ["door-3"]
    holder = store.api_keys.holder(digest(SECRET))
    assert holder == ApiKey("door-3", "verify", digest(SECRET), "2026-01-01T00:00:00+00:00")
    assert take_over(store, KeyFile(file)) == []
    store.api_keys.revoke("door-3")
    assert take_over(store, KeyFile(file)) == []
    assert store.api_keys.holder(digest(SECRET)) is None
    assert actions(store) == [("grant", "door-3"), ("revoke", "door-3")]
    assert file.read_bytes() == before


def test_a_name_that_is_taken_gets_a_number(store: Store, file: Path) -> None:
    new_key(store, "door-3", Scope.ADMIN)
    assert [one.name for one in take_over(store, KeyFile(file))] == ["door-3 (2)"]


@pytest.mark.parametrize("text", ["[1]", "{", '{"keys": [{"name": "a"}]}', '{"keys": 7}'])
def test_a_file_that_is_none_is_said_and_nothing_is_taken(store: Store, file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match="is no file of API keys"):
        take_over(store, KeyFile(file))
    assert store.api_keys.all() == []


def test_makers_of_keys_and_services_cannot_miss_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["api-keys", "new", "--name", "desk", "--scope", "enroll", "--api-keys", str(file)]) == 0
    said = capsys.readouterr()
    assert "took 1 API key of" in said.err
    assert "a key for the store" in said.err
    assert main(["api-keys", "list", "--json", "--api-keys", str(file)]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed["keys"]] == ["desk", "door-3"]
    assert main(["api-keys", "revoke", "--name", "desk", "--api-keys", str(file)]) == 0
    assert "other stores" not in capsys.readouterr().err
    assert main(["api-keys", "new", "--name", "desk", "--api-keys", str(file)]) == 0
    said = capsys.readouterr()
    assert main(["api-keys", "revoke", "--name", "door-3", "--api-keys", str(file)]) == 0
    assert f"the key is in {file} as well, from which other stores take it over" in capsys.readouterr().err
    with Store.open("enroll_db") as store:
        assert store.api_keys.holder(digest(said.out.strip())) is not None
        assert store.api_keys.holder(digest(SECRET)) is None


def test_the_file_stays_in_use_for_a_store_that_may_only_be_read(
    start: Callable[..., Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start(key_file=KeyFile(file)) as service:
        given = service.ask("GET", "/v1/subjects", SECRET)
        assert (given.status_code, given.json()["error"]) == (403, "Forbidden")
        file.write_text('{"keys": []}')
        assert service.ask("GET", "/v1/subjects", SECRET).status_code == 401
        file.write_text("[1]")
        assert service.ask("GET", "/v1/subjects", SECRET).status_code == 503
        assert service.ask("GET", "/v1/subjects").status_code == 200

    with start(key_file=KeyFile(file)) as service, service.store() as store:
        secret = new_key(store, "gate", Scope.VERIFY)
        file.write_text(json.dumps({"keys": [{**KEPT, "sha256": digest(secret)}]}))
        store.api_keys.revoke("gate")
        assert service.ask("GET", "/v1/subjects", secret).status_code == 401

    def refuse(*_: object, **__: object) -> None:
        raise StoreReadOnly("it may only be read")

    from fpverify.cli.api_keys import take_over_keys

    monkeypatch.setattr("fpverify.service.api_keys.take_over", refuse)
    with service.store() as store:
        kept = take_over_keys(store, str(file))
    assert kept is not None
    assert kept.path == file
