from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

SECRET = "correct horse battery"  # noqa: S105


@pytest.fixture
def store(enrolled: Path, enroll: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A and B enrolled, guesses at passphrases cheap, a passphrase in the file `secret`."""
    monkeypatch.setattr("fpverify.store.transfer.export_archive.__kwdefaults__", {"subject": None, "cost": 10})
    assert enroll("B_00.bmp", subject="B").code == 0
    Path("secret").write_text(f"{SECRET}\nsecond line\n")
    return enrolled


def test_a_backup_is_restored(call: Call, store: Path, verify: Call) -> None:
    ended = call("export", "a.fpva", "--passphrase-file", "secret")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("exported 2 subjects, 2 impressions\n")
    ended = call("import", "a.fpva", "--passphrase-file", "secret", "--db", "restored")
    assert (ended.code, ended.out.splitlines()[0]) == (0, "imported 2 subjects, 2 impressions")
    assert ended.err.startswith("fpverify: made the key ")
    assert verify("A_01.bmp", "--db", "restored").code == 0
    assert verify("B_01.bmp", "--db", "restored", subject="A").code == 1
    assert call("audit", "verify", "--db", "restored").code == 0


def test_both_answer_programs(call: Call, store: Path) -> None:
    answer = call("export", "a.fpva", "--passphrase-file", "secret", "--id", "A", "--json").answer
    assert answer == {"store": str(store), "file": "a.fpva", "subjects": 1, "records": 1, "protected": True}
    answer = call("import", "a.fpva", "--passphrase-file", "secret", "--skip-existing", "--json").answer
    assert answer == {"store": str(store), "file": "a.fpva", "subjects": 0, "records": 0, "skipped": 1}


def test_the_variable_holds_the_passphrase_too(call: Call, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPVERIFY_PASSPHRASE", SECRET)
    assert call("export", "a.fpva").code == 0
    assert call("import", "a.fpva", "--db", "restored").code == 0
    monkeypatch.delenv("FPVERIFY_PASSPHRASE")
    assert call("import", "a.fpva", "--db", "again", "--passphrase-file", "secret").code == 0


@pytest.mark.parametrize("command", ["export", "import"])
def test_without_a_terminal_nobody_is_asked(call: Call, store: Path, command: str) -> None:
    call("export", "a.fpva", "--passphrase-file", "secret")
    ended = call(command, "b.fpva" if command == "export" else "a.fpva", "--db", "enroll_db")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert "--passphrase-file" in ended.err


def test_the_passphrase_is_asked_for_at_a_terminal(call: Call, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", lambda *words, **given: asked.append(given) or SECRET)
    assert call("export", "a.fpva").code == 0
    assert call("import", "a.fpva", "--db", "restored").code == 0
    assert [(one["hide_input"], one["confirmation_prompt"]) for one in asked] == [(True, True), (True, False)]


def test_a_passphrase_is_never_an_option(call: Call) -> None:
    assert "--passphrase " not in call("export", "--help").out
    assert call("export", "a.fpva", "--passphrase", SECRET).code == 2


def test_plain_is_said_twice_once_to_write_and_once_to_read(call: Call, store: Path) -> None:
    ended = call("export", "a.fpva", "--plain")
    assert (ended.code, "not protected" in ended.out) == (0, True)
    refused = call("import", "a.fpva", "--db", "restored")
    assert (refused.code, "--plain" in refused.err) == (3, True)
    assert not Path("restored").exists()
    assert call("import", "a.fpva", "--db", "restored", "--plain").code == 0
    assert call("export", "b.fpva", "--plain", "--passphrase-file", "secret").code == 2


def test_a_wrong_passphrase_makes_no_store(call: Call, store: Path) -> None:
    call("export", "a.fpva", "--passphrase-file", "secret")
    Path("other").write_text("another passphrase")
    for words in (("--passphrase-file", "other"), ("--plain",)):
        ended = call("import", "a.fpva", *words, "--db", "restored")
        assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
        assert "passphrase" in ended.err
    assert not Path("restored").exists()


def test_subjects_that_are_enrolled_are_named_and_nothing_changes(call: Call, store: Path) -> None:
    call("export", "a.fpva", "--passphrase-file", "secret")
    ended = call("import", "a.fpva", "--passphrase-file", "secret")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert "'A', 'B' already" in ended.err
    assert len(call("list", "--json").answer["fingers"]) == 2


def test_an_export_is_for_its_owner_only_and_overwrites_nothing(call: Call, store: Path) -> None:
    call("export", "a.fpva", "--plain")
    assert stat.S_IMODE(Path("a.fpva").stat().st_mode) == 0o600
    ended = call("export", "a.fpva", "--plain")
    assert (ended.code, "already" in ended.err) == (3, True)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"short", None], ids=repr)
def test_a_bad_passphrase_file_is_one_line(call: Call, store: Path, content: bytes | None) -> None:
    if content is not None:
        Path("bad").write_bytes(content)
    ended = call("export", "a.fpva", "--passphrase-file", "bad")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert not Path("a.fpva").exists()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"FPVA", b"FPVA" + bytes(40), None], ids=repr)
def test_a_bad_archive_is_one_line(call: Call, content: bytes | None) -> None:
    if content is not None:
        Path("bad").write_bytes(content)
    ended = call("import", "bad", "--plain")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (3, "", 1)
    assert not Path("enroll_db").exists()
