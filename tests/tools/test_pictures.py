"""Pictures of the documents."""

from __future__ import annotations

import socket
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from tool_modules import TOOLS, tool

pytestmark = pytest.mark.slow

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


def test_the_page_is_photographed_as_the_documents_show_it(
    pictures: ModuleType, tmp_path: Path, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = tool("page_pictures")
    with socket.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setattr(drawn, "PORT", free.getsockname()[1])
    drawn.main(["--out", str(tmp_path)])
    shown = {path.name for path in (TOOLS.parent / "docs" / "images").glob("page*.png")}
    assert {path.name for path in tmp_path.iterdir()} == shown
    with Image.open(tmp_path / "page.png") as picture:
        right = np.asarray(picture.convert("RGB"), int)[:, picture.width // 2 :].reshape(-1, 3)
    green = (right[:, 1] > right[:, 0] + 5) & (right[:, 1] > right[:, 2] + 2)
    assert green.mean() > 0.1  # the answer's ground is green for a match, and red for a non-match


def test_an_unknown_picture_is_refused(pictures: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pictures.main(["pages"])
    assert (
        "no picture is named pages; there are report, report-phone, report-matchers, explain" in capsys.readouterr().err
    )
