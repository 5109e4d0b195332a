from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Call = Callable[..., Any]


@pytest.mark.slow
def test_a_demo_enrolls_verifies_and_draws(call: Call, release_model: str) -> None:
    ended = call("demo", "--out", "tour", "--workers", 1)
    assert ended.code == 0, ended.err
    decisions = [line for line in ended.out.splitlines() if line in {"match", "non-match"}]
    assert decisions == ["match", "non-match"]
    with Image.open("tour/roc.png") as picture:
        assert picture.width > 300
    assert not Path("enroll_db").exists()


def demo_alone(call: Call, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """A demo without its evaluation."""
    monkeypatch.setattr("fpverify.cli.demo._evaluate", lambda *_: None)
    ended = call("demo", *words)
    assert ended.code == 0, ended.err
    return ended


def test_a_store_that_is_thrown_away_leaves_no_key_and_claims_none(
    call: Call, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("keys", "new", "--out", "door.key")
    before = Path("door.key").read_text()
    monkeypatch.setenv("FPVERIFY_KEY", "file:door.key")
    assert demo_alone(call, monkeypatch).err == ""
    assert Path("door.key").read_text() == before
    monkeypatch.delenv("FPVERIFY_KEY")
    demo_alone(call, monkeypatch)
    assert not (Path(os.environ["XDG_CONFIG_HOME"]) / "fpverify").exists()


def test_a_demo_with_a_store_of_its_own_says_where_its_key_is(
    call: Call, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert demo_alone(call, monkeypatch, "--db", "tour").err.startswith("fpverify: made the key ")
