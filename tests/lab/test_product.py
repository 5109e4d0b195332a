"""The product's row of the table, on a few fingers."""

from __future__ import annotations

from pathlib import Path

import pytest
from effort import tries

from fpverify.lab import examples, product
from fpverify.lab.results import Trial


@pytest.mark.train
@pytest.mark.slow
def test_the_product_is_measured_on_the_same_prints_at_three_resolutions(
    release_model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FPVERIFY_REAL_PRINTS", raising=False)
    monkeypatch.setattr(
        product, "ridges", lambda cache: examples.ridges(cache, fingers=tries(4, 6), impressions=tries(3, 4))
    )
    monkeypatch.setattr(product, "SHARES", (0.4, 0.0))
    result = product.run_product(Trial(product.PRODUCT, "ridges"), tmp_path)
    assert set(result.figures) == {"eer", "fmr100", "impressions", "scale_0.5", "scale_1", "scale_2"}
    assert result.figures["eer"] <= 0.2
    assert result.figures["scale_2"]["eer"] <= 0.2
    assert result.parameters == 0
