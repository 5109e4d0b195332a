from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


def test_deleting_a_finger_keeps_the_others(call: Call, enrolled: Path, enroll: Call) -> None:
    enroll("A_02.bmp", "--finger", "left-index", "--unchecked")
    ended = call("delete", "--id", "A", "--finger", "right-index")
    assert (ended.code, ended.out) == (0, f"deleted A, finger right-index: 1 impression gone from {enrolled}\n")
    assert call("show", "--id", "A", "--json").answer["impressions"][0]["finger"] == "left-index"
    gone = call("delete", "--id", "A", "--json").answer
    assert gone == {"store": str(enrolled), "subject": "A", "finger": None, "deleted": 1, "unwiped_since": None}


def test_a_large_store_says_since_when_there_may_be_traces_and_is_wiped_on_demand(
    call: Call, enrolled: Path, enroll: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.store.wiping.SMALL_BYTES", 0)
    monkeypatch.setattr("fpverify.store.wiping.SHARE", 1.0)
    enroll("A_02.bmp", "--finger", "left-index", "--unchecked")
    ended = call("delete", "--id", "A", "--finger", "right-index")
    assert ended.code == 0
    assert "traces of what was deleted since 2" in ended.out
    assert "fpverify delete --wipe" in ended.out
    ended = call("delete", "--wipe")
    assert (ended.code, ended.out) == (0, f"rewrote {enrolled}: nothing that was deleted is left in it\n")
    assert call("delete", "--id", "A", "--json").answer["unwiped_since"].startswith("2")
    answer = call("delete", "--wipe", "--json").answer
    assert (answer["deleted"], answer["unwiped_since"]) == (0, None)


@pytest.mark.parametrize("given", [[], ["--finger", "right-index"], ["--finger", "right-index", "--wipe"]])
def test_what_is_to_be_deleted_has_to_be_said(call: Call, enrolled: Path, given: list[str]) -> None:
    ended = call("delete", *given)
    assert ended.code == 2
    assert "--id" in ended.err


def test_what_was_learnt_is_deleted_by_itself(call: Call, enrolled: Path, verify: Call) -> None:
    verify("A_01.bmp", "--learn")
    ended = call("delete", "--id", "A", "--learnt")
    assert (ended.code, ended.out) == (0, f"forgot what was learnt of A: 1 impression gone from {enrolled}\n")
    assert call("delete", "--id", "A", "--learnt", "--json").answer["deleted"] == 0
    assert [one["learnt"] for one in call("show", "--id", "A", "--json").answer["impressions"]] == [False]
    assert call("audit", "verify").code == 0
    assert call("delete", "--learnt").code == 2
