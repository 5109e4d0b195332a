"""Pictures of a training run."""

from __future__ import annotations

import json
from pathlib import Path

from fpverify.extras import require

DOTS_PER_INCH = 120
VALIDATIONS = ("eer", "recall", "precision")


def plot_training(log: Path, path: Path) -> None:
    """Draws a stage's `log.jsonl`: losses above, validation figures below, over steps; PNG."""
    require("plots", "a picture")
    from matplotlib.figure import Figure

    rows = [json.loads(line) for line in log.read_text().splitlines()]
    losses = [name for name in rows[0] if name.endswith("loss")]
    figure = Figure(figsize=(7, 6), dpi=DOTS_PER_INCH, layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    for axes, names, label in ((above, losses, "loss"), (below, VALIDATIONS, "unseen synthetic fingers")):
        for name in names:
            shown = [(row["step"], row[name]) for row in rows if name in row]
            if shown:
                axes.plot(*zip(*shown, strict=True), label=name, marker="." if len(shown) < 20 else "")
        axes.set_ylabel(label)
        axes.grid(visible=True, color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
        if axes.lines:
            axes.legend(frameon=False)
    above.set_yscale("log")
    below.set_ylim(bottom=-0.005)  # rates start at 0; a line along it stays in sight
    below.set_xlabel("step")
    figure.savefig(path)
