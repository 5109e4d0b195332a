from __future__ import annotations

import time
from collections.abc import Iterator

import malformed
import numpy as np
import pytest
from effort import THOROUGH

from fpverify.errors import ScanError
from fpverify.scans import Decoder

SLOW = {"jpeg2000"}  # already the first one takes ten seconds to make


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    waiting = Decoder()
    yield waiting
    waiting.close()


@pytest.mark.parametrize("kind", malformed.BOMBS)
def test_damaged_files_of_every_format_are_read_or_refused_in_time(kind: str, decoder: Decoder) -> None:
    if kind == "wsq":
        pytest.importorskip("wsq")
    for name, data in malformed.damaged(kind, 12, np.random.default_rng(4)):
        start = time.monotonic()
        try:
            decoder.decode(data, name)
        except ScanError as error:
            assert str(error).startswith(name)  # noqa: PT017 - some are read
        assert time.monotonic() - start < malformed.MOST_S


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.thorough if kind in SLOW else ()) for kind in malformed.BOMBS]
)
def test_bombs_of_every_format_end_in_time_and_in_little_memory(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    if kind == "wsq":
        pytest.importorskip("wsq")
    files = len(malformed.BOMBS[kind]) if THOROUGH else 2
    assert malformed.main([f"--kind={kind}", f"--files={files}"]) == 0, capfd.readouterr().out


def test_what_is_beyond_a_limit_is_not_reached() -> None:
    good = malformed.Cost("png", 9, 1, 0.1, 4.9, "x", 299.0)
    assert good.reached
    assert not malformed.Cost("png", 9, 1, 0.1, 5.1, "x", 100.0).reached
    assert not malformed.Cost("png", 9, 1, 0.1, 1.0, "x", 301.0).reached
    assert "4.9 s at most (x); 299 MB" in malformed.line(good)
