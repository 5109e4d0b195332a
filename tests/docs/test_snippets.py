"""Python in documents runs, in every document that has some; pages begin with words for whoever opened them."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN_ELSEWHERE = {
    "python.md": "tests/test_documentation.py",
    "http.md": "tests/service/test_http_document.py",
    "tutorials/door.md": "tests/docs/test_consoles.py",
    "tutorials/school.md": "tests/docs/test_consoles.py",
    "reference/http.md": "tests/docs/test_reference.py",
}
RUN_HERE = {"containers.md", "contracts.md", "minutiae-records.md", "scale.md", "security.md", "search.md"}
SCHEDULER = "tcp://10.0.0.1:8786"  # what documents call a cluster, and a service
SERVICE = ('"https://fingers.example.org", "fpv_..."', "{!r}, {!r}")
DIARY = re.compile(  # of what was, and when
    r"\b(?:came later|later still|was mended|we tried|used to be|before (?:lists|references) were)\b"
    r"|\b(?:since|until) `ridgeline-\d+`",
    re.IGNORECASE,
)


def blocks(name: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def pages() -> list[str]:
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@pytest.fixture
def prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release_model: str) -> Path:
    """A working directory with what the documents name."""
    from fpverify import extract_minutiae, read_scan, write_minutiae
    from fpverify.synthesis.dataset import write_ridges

    write_ridges(tmp_path / "prints", fingers=1, impressions=1)
    for name in ("finger.bmp", "scan.bmp"):
        (tmp_path / name).write_bytes((tmp_path / "prints" / "1_1.bmp").read_bytes())
    write_minutiae(extract_minutiae(read_scan(tmp_path / "finger.bmp"), "right-index"), tmp_path / "template.iso")
    (tmp_path / "people.csv").write_text("id,finger,file\nAnn,right-index,finger.bmp\nBob,left-index,gone.bmp\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hand(prints: Path) -> None:
    """A card of one print, the same as a record, and a slap of four fingers."""
    from fpverify import FingerImage, ImageRecord, read_scan, write_images, write_scan
    from fpverify.synthesis.finger import draw_finger
    from fpverify.synthesis.slaps import SlapSettings, draw_slap, enlarged
    from fpverify.vocabulary import Scan

    scan = read_scan(prints / "finger.bmp")
    height, width = scan.pixels.shape
    image = FingerImage(scan.pixels.tobytes(), "none", width, height, (500.0, 500.0), 2, 0)
    for name in ("card.an2", "finger.fir"):
        write_images(ImageRecord((image,)), prints / name)
    masters = [draw_finger(np.random.default_rng([41, number])).ridges for number in range(4)]
    drawn = draw_slap(np.random.default_rng(3), masters, "right-four", SlapSettings(hardness=(0.1, 0.3)))
    write_scan(Scan(enlarged(drawn.image), 500.0), prints / "slap.png")


@pytest.fixture
def elsewhere(prints: Path, release_model: str, started: Any) -> Iterator[dict[str, str]]:
    """What stands in documents for a cluster and a service, and what does so here: two that run."""
    distributed = pytest.importorskip("distributed")
    (prints / "scans").mkdir()
    for name in ("Ann", "Bob"):
        (prints / "scans" / f"{name}.png").write_bytes((prints / "finger.bmp").read_bytes())
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )
    with cluster, started(prints, release_model) as service:
        key = service.keys["admin"]
        yield {SCHEDULER: cluster.scheduler_address, SERVICE[0]: SERVICE[1].format(service.url, key)}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RUN_HERE))
def test_python_in_a_document_runs(name: str, prints: Path, request: pytest.FixtureRequest) -> None:
    if name == "containers.md":
        request.getfixturevalue("hand")
    said = io.StringIO()
    here = request.getfixturevalue("elsewhere") if name == "scale.md" else {}
    for block in blocks(name):
        code = block
        for theirs, ours in here.items():
            code = code.replace(theirs, ours)
        names: dict[str, Any] = {"__name__": "__main__"}
        with contextlib.redirect_stdout(said):
            exec(compile(code, name, "exec"), names)  # noqa: S102
        if "outcomes" in names:  # by the cluster
            assert [str(one.outcome) for one in names["outcomes"]] == ["present", "unreadable"]
        if "verifier" in names:
            names["verifier"].close()
    if name == "scale.md":
        assert re.search(r"^Ann enrolled None$", said.getvalue(), re.MULTILINE)  # by the service
        assert "unreadable" in said.getvalue()


def test_python_of_every_document_runs_somewhere() -> None:
    assert {name for name in pages() if blocks(name)} == RUN_HERE | set(RUN_ELSEWHERE)
    for test in RUN_ELSEWHERE.values():
        assert (ROOT / test).exists()


@pytest.mark.parametrize("name", [one for one in pages() if not one.startswith("experiments")])
def test_diary_lies_in_the_experiments(name: str) -> None:
    assert DIARY.findall((DOCS / name).read_text(encoding="utf-8")) == []


def test_diary_is_seen() -> None:
    said = "It came later. They bent until `ridgeline-7`. Of others, before lists were looked at."
    assert [one.lower() for one in DIARY.findall(said)] == ["came later", "until `ridgeline-7`", "before lists were"]


def test_every_row_beside_others_has_its_command() -> None:
    text = (DOCS / "beside.md").read_text(encoding="utf-8")

    def rows(table: str) -> list[list[str]]:
        part = text.partition(f"<!-- {table} -->")[2].partition(f"<!-- /{table} -->")[0]
        return [re.split(r" *\| *", line.strip("| *")) for line in part.splitlines() if line.startswith("| ")][1:]

    def named(row: list[str]) -> str:
        return re.sub(r" \(.*", "", row[0]).strip("* ")

    measured = [named(row) for row in rows("independent table")]
    assert len(measured) > 10
    assert [named(row) for row in rows("commands of the independent table")] == measured
    assert all(row[1].startswith("`fpverify ") for row in rows("commands of the independent table"))


@pytest.mark.parametrize("name", pages())
def test_a_page_begins_with_words_for_its_reader(name: str) -> None:
    text = re.sub(r"^<!--.*?-->\n+", "", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    title, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"# .+", title)
    first = rest.lstrip("\n")
    assert first[:1].isalpha() or first[:1] in "`[*", first[:80]
    assert not first.startswith("```")
