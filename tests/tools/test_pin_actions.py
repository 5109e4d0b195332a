"""Workflows use commits, may do as little as they need, and run what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tool_modules import tool

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAY_WRITE = {("release.yml", "publish"): {"id-token"}, ("release.yml", "page"): {"contents"}}


def workflow(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_a_commit_with_its_version(path: Path) -> None:
    pin_actions = tool("pin_actions")
    assert list(pin_actions.unpinned(path.read_text())) == []
    assert len(list(pin_actions.pins(path.read_text()))) == path.read_text().count("uses:") > 0


@pytest.mark.parametrize("used", ["a/b@v1  # v1.0.0", "a/b@main", f"a/b@{'0' * 40}", f"a/b@{'0' * 39}  # v1.0.0"])
def test_an_action_that_somebody_can_move_is_seen(used: str) -> None:
    assert len(list(tool("pin_actions").unpinned(f"    - uses: {used}\n"))) == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_may_do_no_more_than_they_need(path: Path) -> None:
    described = workflow(path)
    assert described["permissions"] == {}
    for name, job in described["jobs"].items():
        writes = {what for what, how in job["permissions"].items() if how != "read"}
        assert writes == MAY_WRITE.get((path.name, name), set())
        assert job["timeout-minutes"] <= 90
        checkouts = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_that_others_write_runs_as_a_command(path: Path) -> None:
    steps = [step for job in workflow(path)["jobs"].values() for step in job["steps"]]
    used = re.findall(r"\$\{\{ *([\w.]+)", " ".join(step.get("run", "") for step in steps))
    assert [name for name in used if not name.startswith("matrix.")] == []


def test_what_workflows_run_is_there() -> None:
    texts = "".join(path.read_text() for path in WORKFLOWS)
    named = re.findall(r"(?:python|bash) ((?:tools|\.ci)/\S+)", texts)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"run: make ([a-z-]+)", texts)) <= set(targets)


@pytest.mark.parametrize("path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.name)
def test_all_of_it_is_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text()), dict)
