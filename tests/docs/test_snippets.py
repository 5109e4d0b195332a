"""Python in documents runs, in every document that has some; pages begin with words for whoever opened them."""

from __future__ import annotations

import contextlib
import io
import re
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
    "tutorials/your-sensor.md": "tests/docs/test_consoles.py",
    "tutorials/school.md": "tests/docs/test_consoles.py",
    "reference/http.md": "tests/docs/test_reference.py",
}
RUN_HERE = {"containers.md", "contracts.md", "minutiae-records.md", "scale.md", "security.md", "search.md"}
NEEDS_MORE = ("dask_workforce(", "https://fingers.example.org")  # a cluster, a service of somebody's: compiled alone


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


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RUN_HERE))
def test_python_in_a_document_runs(name: str, prints: Path, request: pytest.FixtureRequest) -> None:
    if name == "containers.md":
        request.getfixturevalue("hand")
    said = io.StringIO()
    for block in blocks(name):
        code = compile(block, name, "exec")
        names: dict[str, Any] = {"__name__": "__main__"}
        if not any(word in block for word in NEEDS_MORE):
            with contextlib.redirect_stdout(said):
                exec(code, names)  # noqa: S102
        if "verifier" in names:
            names["verifier"].close()
    if name == "scale.md":
        assert "unreadable" in said.getvalue()


def test_python_of_every_document_runs_somewhere() -> None:
    assert {name for name in pages() if blocks(name)} == RUN_HERE | set(RUN_ELSEWHERE)
    for test in RUN_ELSEWHERE.values():
        assert (ROOT / test).exists()


@pytest.mark.parametrize("name", pages())
def test_a_page_begins_with_words_for_its_reader(name: str) -> None:
    text = re.sub(r"^<!--.*?-->\n+", "", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    title, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"# .+", title)
    first = rest.lstrip("\n")
    assert first[:1].isalpha() or first[:1] in "`[*", first[:80]
    assert not first.startswith("```")
