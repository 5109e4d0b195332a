"""Runs the notebooks and writes what they print and draw below each cell.

    python tools/notebooks.py [--check] [NAME]...

Each runs from its first cell to its last in an empty folder, without settings or folders of the user's. `--check`
changes nothing, and ends with 1 if a notebook shows something else than it makes: other words, or numbers that are
further off than another machine makes them.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
LONGEST_S = 600  # a cell on a busy machine; all take less than a minute together on a free one
WIDEST_PX = 800  # of a picture: what a page shows
COLOURS = 32  # of a picture
NUMBER = re.compile(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?")
NEAR = 0.2  # of a number: networks in 8 bits, and training, differ a little from one kind of processor to the next
NEAR_ABSOLUTE = 3.0  # of scores, and of rates in per cent


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrites the notebooks' outputs; with `--check`, 1 if one shows something else."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("names", nargs="*", help="notebooks without their ending; all unless named")
    given = parser.parse_args(arguments)
    wrong = []
    for path in [FOLDER / f"{name}.ipynb" for name in given.names] or sorted(FOLDER.glob("*.ipynb")):
        shown = nbformat.read(path, as_version=4)
        made = executed(path)
        wrong += [f"{path.name}: {line}" for line in differences(shown, made)]
        if not given.check:
            path.write_text(nbformat.writes(made, version=4) + "\n", encoding="utf-8")
    if given.check:
        sys.stdout.writelines(f"{line}\n" for line in wrong)
    return int(given.check and bool(wrong))


def executed(path: Path) -> Any:
    """The notebook with the outputs of a run.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed; says which and why.
    """
    book = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as made:
        client = NotebookClient(
            book, timeout=LONGEST_S, kernel_name="python3", resources={"metadata": {"path": made}}, record_timing=False
        )
        client.execute(env=environment(Path(made)))
    for cell in book.cells:
        tidied(cell)
    return book


def environment(folder: Path) -> dict[str, str]:
    """Variables for a kernel that has nothing of the user's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FPVERIFY_", "XDG_"))}
    homes = {f"XDG_{name}_HOME": str(folder / ".home" / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return kept | homes | {"PYTHONPATH": path, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def tidied(cell: Any) -> None:
    """Leaves of a cell's outputs what is the same for everybody: words and pictures."""
    if cell.cell_type != "code":
        return
    cell.execution_count = None
    cell.metadata.pop("execution", None)
    kept = [one for one in cell.outputs if one.get("name") != "stderr"]
    for one in kept:
        if one.output_type == "execute_result":
            one.execution_count = None
        if "data" in one:
            one.data = {kind: one.data[kind] for kind in ("image/png", "text/plain") if kind in one.data}
            one.data = {"image/png": one.data["image/png"]} if "image/png" in one.data else one.data
            if "image/png" in one.data:
                one.data["image/png"] = lighter(one.data["image/png"])
            one.metadata = {}
    cell.outputs = kept


def lighter(picture: str) -> str:
    """A picture in few colours and no wider than a page: a fifth of its bytes, in base64."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    image.thumbnail((WIDEST_PX, 4 * WIDEST_PX))
    file = io.BytesIO()
    image.quantize(COLOURS).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def differences(shown: Any, made: Any) -> Iterator[str]:
    """What a notebook shows other than a run of it makes, a line for each cell."""
    for number, (before, after) in enumerate(zip(shown.cells, made.cells, strict=True)):
        if before.cell_type != "code":
            continue
        said, says = said_by(before), said_by(after)
        if not alike(said, says):
            yield f"cell {number} shows {said!r:.300} and makes {says!r:.300}"
        if pictures(before) != pictures(after):
            yield f"cell {number} shows {pictures(before)} pictures and makes {pictures(after)}"


def said_by(cell: Any) -> str:
    """What a cell prints, and the values that it ends with."""
    return "\n".join(one.get("text") or one.get("data", {}).get("text/plain", "") for one in cell.outputs)


def pictures(cell: Any) -> int:
    """How many pictures a cell shows."""
    return sum("image/png" in one.get("data", {}) for one in cell.outputs)


def alike(shown: str, made: str) -> bool:
    """Whether two texts say the same words, and numbers that are near each other."""
    if words(shown) != words(made):
        return False
    pairs = zip(NUMBER.findall(shown), NUMBER.findall(made), strict=True)
    return all(near(_value(one), _value(other)) for one, other in pairs)


def words(text: str) -> str:
    """A text without its numbers, and without how it is spaced."""
    return " ".join(NUMBER.sub("#", text).split())


def near(one: float, other: float) -> bool:
    """Whether two numbers could be the same on two machines."""
    return abs(one - other) <= max(NEAR_ABSOLUTE, NEAR * abs(one))


def _value(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


if __name__ == "__main__":
    sys.exit(main())
