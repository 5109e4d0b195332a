"""A user without a home folder, as in many a container, names places and otherwise is told to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

STRANGER = 54321  # as in stranger.py
NAME_THE_KEY = "fpverify: this user has no home folder; name the key with --key\n"


@pytest.mark.parametrize(
    "words", [["list"], ["show", "--id=A"], ["keys", "show"], ["keys", "rotate"], ["audit", "verify"]], ids=" ".join
)
def test_a_store_is_opened_with_the_key_that_is_named(
    call: Call, enrolled: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, words: list[str]
) -> None:
    shutil.copy(Path(call("keys", "show", "--json").answer["place"]), "door.key")
    request.getfixturevalue("homeless")
    ended = call(*words)
    assert (ended.code, ended.out, ended.err) == (2, "", NAME_THE_KEY)
    assert call(*words, "--key", "file:door.key").code == 0
    monkeypatch.setenv("FPVERIFY_KEY", "file:door.key")
    assert call(*words).code == 0


def test_a_finger_is_enrolled_and_verified_with_the_key_that_is_named(
    call: Call, enroll: Call, verify: Call, homeless: None
) -> None:
    assert enroll("A_00.bmp").err == NAME_THE_KEY
    assert not Path("enroll_db").exists()
    assert call("list").err.startswith("fpverify: there is no enrollment store")
    assert enroll("A_00.bmp", "--key", "file:door.key").code == 0
    assert verify("A_01.bmp").err == NAME_THE_KEY
    assert verify("A_01.bmp", "--key", "file:door.key").out.startswith("match")


def test_a_store_without_a_key_needs_no_home(enroll: Call, verify: Call, homeless: None) -> None:
    assert enroll("A_00.bmp", "--key", "none").code == 0
    assert verify("A_01.bmp").code == 0


def test_api_keys_lie_in_the_store_whose_key_is_named(call: Call, homeless: None) -> None:
    ended = call("api-keys", "new", "--name=door-3")
    assert (ended.code, ended.out, ended.err) == (2, "", NAME_THE_KEY)
    assert not Path("enroll_db").exists()
    for words in (["new", "--name=door-3"], ["list"], ["revoke", "--name=door-3"]):
        assert call("api-keys", *words, "--key", "file:door.key").code == 0


def test_a_service_needs_the_key_that_is_named(call: Call, edges_model: Path, homeless: None) -> None:
    pytest.importorskip("fastapi")
    assert call("serve", "--model", edges_model).err == NAME_THE_KEY
    assert not Path("enroll_db").exists()


def test_an_evaluation_keeps_templates_only_where_it_is_told(
    call: Call, stripes: Path, edges_model: Path, homeless: None
) -> None:
    ended = call("cache", "info")
    assert (ended.code, ended.err) == (2, "fpverify: this user has no home folder; name a folder with --cache\n")
    words = ("evaluate", stripes, "--model", edges_model, "--workers", 1)
    assert call(*words).code == 0
    assert list(Path.cwd().iterdir()) == []
    assert call(*words, "--cache", "kept").code == 0
    assert call("cache", "info", "--cache", "kept", "--json").answer["entries"] == 8


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_user_whom_the_system_does_not_know_has_no_home(stripes: Path, edges_model: Path) -> None:
    enroll = ["enroll", "../A_00.bmp", "--id=A", "--model=../model"]
    verify = ["verify", "../A_00.bmp", "--id=A", "--model=../model"]
    key = "--key=file:door.key"
    commands = [enroll, ["api-keys", "list"], ["cache", "info"], ["list"], [*enroll, key], verify, [*verify, key]]
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        folder = Path(name)
        shutil.copytree(edges_model, folder / "model")
        shutil.copy(stripes / "A_00.bmp", folder)
        for part in ("rehearsal", "stranger"):
            (folder / part).mkdir()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        os.chown(folder / "stranger", STRANGER, STRANGER)
        *ended, left = as_stranger(folder, commands)
    lines = [said.removeprefix("fpverify: this user has no home folder; ") for _, _, said in ended]
    assert [code for code, *_ in ended] == [2, 3, 2, 3, 0, 2, 0]
    assert lines[0] == lines[5] == "name the key with --key\n"
    assert "there is no enrollment store" in lines[1]
    assert lines[2] == "name a folder with --cache\n"
    assert "there is no enrollment store" in lines[3]
    assert ended[6][1].startswith("match\n")
    assert left == ["door.key", "enroll_db"]


def as_stranger(folder: Path, commands: list[list[str]]) -> list[Any]:
    """Code, output and complaint of each command, and what lies in the working directory in the end."""
    program = [sys.executable, str(Path(__file__).with_name("stranger.py")), json.dumps(commands)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        program, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=120
    )
    answer: list[Any] = json.loads(done.stdout)
    return answer
