from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.mark.train
@pytest.mark.parametrize(("recipe", "said"), [("none.yaml", "none.yaml"), ("bad.yaml", "bad.yaml")])
def test_a_recipe_that_cannot_be_followed_is_one_line(call: Call, recipe: str, said: str) -> None:
    pytest.importorskip("tensorflow")
    Path("bad.yaml").write_text("kind: [unclosed")
    ended = call("train", recipe, "--out", "model")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert said in ended.err
    assert not Path("model").exists()
