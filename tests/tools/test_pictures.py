"""Pictures of the documents."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from tool_modules import TOOLS, tool

pytest.importorskip("websocket")
pytest.importorskip("fastapi")


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    made = tool("pictures")
    if not made.CHROMIUM:
        pytest.skip("no chromium on the path, and none in FPVERIFY_CHROMIUM")
    return made


def test_every_picture_stands_in_a_document(pictures: ModuleType) -> None:
    docs = TOOLS.parent / "docs"
    text = "".join(path.read_text(encoding="utf-8") for path in docs.glob("*.md"))
    for name in pictures.PICTURES:
        assert f"images/{name}.png" in text
        assert (docs / "images" / f"{name}.png").exists()


def test_the_page_is_photographed_after_a_match(pictures: ModuleType, tmp_path: Path, release_model: str) -> None:
    pictures.draw_page(tmp_path, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        width, height = picture.size
        below = np.asarray(picture.convert("RGB"), int)[height // 2 :].reshape(-1, 3)
    assert width == pictures.PAGE_WIDTH_PX * pictures.PAGE_SCALE
    green = (below[:, 1] > below[:, 0] + 5) & (below[:, 1] > below[:, 2] + 5)
    assert green.mean() > 0.3  # the answer's ground is green for a match, and red for a non-match


def test_an_unknown_picture_is_refused(pictures: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pictures.main(["pages"])
    assert "no picture is named pages; there are page, report, explain" in capsys.readouterr().err
