"""Commands that wait at a reader, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from virtual_reader import show

from fpverify.vocabulary import ByteArray

PROMPT = "put the finger on the reader"


def begun(*words: object) -> subprocess.Popen[str]:
    """A command in a process of its own, which waits for a finger."""
    running = subprocess.Popen(
        [sys.executable, "-m", "fpverify", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert running.stderr is not None
    assert running.stderr.readline().strip().endswith("on the reader")
    return running


def ended(running: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    out, err = running.communicate(timeout=120)
    return running.returncode, out, err.splitlines()


def with_finger(place: Path, words: Sequence[object], sample: Path) -> tuple[int, str, list[str]]:
    """How a command ends at whose reader a finger is put down."""
    running = begun(*words)
    show(place, np.asarray(Image.open(sample).convert("L")))
    return ended(running)


def drop(folder: Path, name: str, pixels: ByteArray) -> None:
    Image.fromarray(pixels).save(folder / f".{name}", "PNG", dpi=(500, 500))
    (folder / f".{name}").replace(folder / name)
