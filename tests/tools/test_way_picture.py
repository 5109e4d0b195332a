"""The README's picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tool_modules import TOOLS, tool

pytest.importorskip("matplotlib")
SHOWN = TOOLS.parent / "docs" / "images" / "way.png"


def test_the_readme_shows_it() -> None:
    assert "](docs/images/way.png)" in (TOOLS.parent / "README.md").read_text(encoding="utf-8")
    assert SHOWN.stat().st_size < 200_000


@pytest.mark.slow
def test_it_is_drawn_as_it_is_shown(tmp_path: Path, release_model: str) -> None:
    tool("way_picture").main(["--out", str(tmp_path / "way.png")])
    with Image.open(tmp_path / "way.png") as made, Image.open(SHOWN) as shown:
        assert np.abs(np.subtract(made.size, shown.size)).max() <= 1  # matplotlib rounds as it will
