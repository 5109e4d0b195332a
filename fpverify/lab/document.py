"""The page about the designs: reported beside rebuilt, curves, the failure taken apart, real prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from fpverify.errors import ModelError
from fpverify.extras import require
from fpverify.lab import prose
from fpverify.lab.design import Design
from fpverify.lab.designs import all_designs
from fpverify.lab.learners import Siamese
from fpverify.lab.product import PRODUCT
from fpverify.lab.results import Result, read_results
from fpverify.lab.table import table_trials

DOTS_PER_INCH = 100
CURVES_FILE = "lab-curves.png"
FAILURE = "stripes-dense3"
ONE_LAYER = "stripes-dense1"  # the thread's cure; it does not say whether dropout stayed
CURVES_A_ROW = 4
HEADROOM = 1.5  # above the greatest loss, so that a flat curve stays off the frame
LEAST_LOSS = 1e-2  # the top of a panel at least
COLLAPSED = 0.02  # relative: a mined loss so near its margin tells no two prints apart
NOTHING = "-"
TITLE = "# The lab"  # the page is known by it
_DROPPED = ("d mated, dropout on", "1 - p", "active")


def write_document(path: Path, folder: Path) -> int:
    """Writes the page, and the curves into `images` beside it.

    Args:
        path: of the page, .md; one that is there gives way only to a page about all trials.
        folder: of the results.

    Returns:
        The number of results.

    Raises:
        ModelError: there are no results, or fewer than a page needs that takes the place of another; nothing is
            written.
    """
    results = list(read_results(folder))
    _require_enough(results, path, folder)
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw_curves(results, images / CURVES_FILE)
    six = (images / prose.FIGURE_FILE).exists()
    path.write_text(page_text(results, six=six), encoding="utf-8")
    return len(results)


def _require_enough(results: Sequence[Result], path: Path, folder: Path) -> None:
    if not results:
        raise ModelError(f"{folder}: holds no results, so no page is written; `fpverify lab table --run` makes them")
    if not path.exists():
        return
    if not path.read_text(encoding="utf-8", errors="replace").startswith(f"{TITLE}\n"):
        raise ModelError(f"{path}: is another page and is left as it is; name a new file")
    missing = {one.name for one in table_trials(all_designs())} - {one.trial.name for one in results}
    if missing:
        raise ModelError(
            f"{path}: is left as it is: {folder} lacks {len(missing)} of the table's trials; make them with "
            "`fpverify lab table --run`, or name a new file"
        )


def page_text(results: Sequence[Result], *, six: bool) -> str:
    """The page, Markdown; with the picture of six columns where there is one."""
    return "\n".join(_page(results, all_designs(), six=six)) + "\n"


def summary_rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """The table for a terminal: its head, then a row for the seeds of each design, data and variant."""
    head = ("design", "variant", "data", "split", "test", "ROC accuracy", "EER", "real EER", "n")
    return [head, *(_summary_row(group) for group in _groups(results))]


def _summary_row(group: Sequence[Result]) -> tuple[str, ...]:
    trial = group[0].trial
    rates = [_mean(group, *path) for path in (("accuracy",), ("accuracy_roc",), ("eer",), ("real", "eer"))]
    return (trial.design, trial.variant or NOTHING, Path(trial.data).stem, trial.split, *rates, str(len(group)))


def draw_curves(results: Sequence[Result], path: Path) -> None:
    """Writes the learning curves of every design's first trial, as PNG."""
    require("plots", "a picture")
    from matplotlib.figure import Figure

    shown = [one for one in results if one.curves and one.trial.seed == 0 and not one.trial.variant]
    rows = max(1, -(-len(shown) // CURVES_A_ROW))
    figure = Figure(figsize=(3 * CURVES_A_ROW, 2.1 * rows), dpi=DOTS_PER_INCH, layout="constrained")
    grid = figure.subplots(rows, CURVES_A_ROW, squeeze=False).ravel()
    for axes, one in zip(grid, shown, strict=False):
        for name, line in (("training", "-"), ("validation", "--")):
            if name in one.curves:
                axes.plot(one.curves["epoch"], one.curves[name], line, label=name)
        axes.set_title(f"{one.trial.design}, {one.trial.data}, {one.trial.split}", fontsize=8)
        axes.tick_params(labelsize=7)
        axes.set_yscale("symlog", linthresh=1e-2)
        axes.set_ylim(0, HEADROOM * max([*one.curves["training"], *one.curves.get("validation", []), LEAST_LOSS]))
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if shown:
        grid[0].legend(fontsize=7, frameon=False)
    figure.supxlabel("epoch", fontsize=8)
    figure.supylabel("loss", fontsize=8)
    figure.savefig(path)


def _page(results: Sequence[Result], designs: Mapping[str, Design], *, six: bool) -> Iterator[str]:
    yield from _head(results, len(table_trials(designs)))
    yield from _table("Reported and rebuilt", _reported_rows(results, designs))
    yield from ("", f"![Losses over epochs, a panel for each design](images/{CURVES_FILE})", "")
    if six:
        yield from prose.SIX
    yield from _failure(results)
    yield from _table("Stripes that no training showed", _probe_rows(results), prose.PROBES)
    yield from _table("Known identities and unknown ones", _split_rows(results), prose.SPLITS)
    yield from _table("Twenty candidates", _candidate_rows(results), prose.CANDIDATES)
    yield from _table("What mining costs", _mining_rows(results), prose.MINING)
    yield from _collapse(results, designs)
    yield from _table("Other resolutions", _scale_rows(results), prose.SCALES)
    yield from _table("Real prints", _real_rows(results), prose.REAL)
    yield from _refused(results)
    yield from _versions(results)


def _head(results: Sequence[Result], trials: int) -> Iterator[str]:
    yield from (
        TITLE,
        "",
        "You want to know what published Siamese designs are worth, on one scale.",
        "",
        'From "54 % on two striped images" to rates on real prints: published Siamese designs, rebuilt from their',
        "descriptions in Keras 3 and measured twice, on their sources' terms and on this project's.",
        "",
        "    pip install '.[lab,train]'",
        "    fpverify lab list",
        "    fpverify lab run stripes-dense3",
        "    fpverify lab table",
        "    fpverify lab table --run",
        "    fpverify lab table --results fpverify/lab/measured --docs docs/lab.md",
        "",
        "`lab table` shows the results that come with fpverify, until `--run` has made one's own in `runs/lab`.",
        f"This page is made by the last of these commands from the results of {len(results)} of the table's {trials}",
        "trials; what is missing here has not been run. Each result has its seed, versions and the hash of its data.",
        "Nothing is downloaded. *ROC accuracy* is that at the threshold with the fewest errors on images that are",
        "neither trained on nor tested; *same* is the accuracy of always answering",
        '"same", which is the share of mated pairs; *n* counts seeds.',
        "",
    )


def _reported_rows(results: Sequence[Result], designs: Mapping[str, Design]) -> Iterator[tuple[str, ...]]:
    yield (
        "design",
        "variant",
        "data",
        "parameters",
        "reported",
        "training",
        "test",
        "ROC accuracy",
        "same",
        "EER",
        "n",
    )
    for group in _groups(results):
        trial = group[0].trial
        if trial.design == PRODUCT:
            continue
        yield (
            f"`{trial.design}`",
            trial.variant or NOTHING,
            f"{Path(trial.data).stem}, by {trial.split}",
            f"{group[0].parameters:,}",
            designs[trial.design].reported if trial.design in designs and not trial.variant else "",
            _mean(group, "train_accuracy"),
            _mean(group, "accuracy"),
            _mean(group, "accuracy_roc"),
            _mean(group, "always_same"),
            _mean(group, "eer"),
            str(len(group)),
        )


def _failure(results: Sequence[Result]) -> Iterator[str]:
    groups = [group for group in _groups(results) if group[0].trial.design == FAILURE]
    if not groups:
        return
    yield from prose.FAILURE
    yield from _table(
        "",
        [
            (
                "one thing changed",
                "solved",
                "accuracy",
                "p",
                "final loss",
                "p (1 - p)",
                "d mated",
                "d non-mated",
                *_DROPPED,
            ),
            *(_failure_row(group) for group in groups),
        ],
    )
    yield from _verdict(groups)
    yield from _one_layer(results)


def _failure_row(group: Sequence[Result]) -> tuple[str, ...]:
    same = np.array([one.figures["train_always_same"] for one in group])
    return (
        group[0].trial.variant or "nothing: as published",
        f"{sum(map(_solved, group))} of {len(group)}",
        _mean(group, "train_accuracy"),
        f"{100 * same.mean():.1f} %",
        f"{np.mean([one.curves['training'][-1] for one in group]):.3f}",
        f"{np.mean(same * (1 - same)):.3f}",
        _plain(group, "distance_mated"),
        _plain(group, "distance_non_mated"),
        _plain(group, "distance_mated_dropout"),
        f"{np.mean(1 - same):.2f}",
        " ".join(share for share in (_mean(group, f"active{layer}") for layer in (1, 2, 3)) if share != NOTHING),
    )


def _solved(one: Result) -> bool:
    """Better than always answering "same", and right."""
    return float(one.figures["train_accuracy"]) >= 0.99


def _verdict(groups: Sequence[Sequence[Result]]) -> Iterator[str]:
    counted = {group[0].trial.variant: (sum(map(_solved, group)), len(group)) for group in groups}
    cures = [name for name, (solved, count) in counted.items() if name and solved == count]
    partly = [
        f"{name} ({solved} of {count})" for name, (solved, count) in counted.items() if name and 0 < solved < count
    ]
    vain = [name for name, (solved, _) in counted.items() if name and not solved]
    stuck, count = counted.get("", (0, 0))
    yield ""
    yield f"**As published, it is solved on {stuck} of {count} seeds.** Always cured by: {_listed(cures)}."
    yield f"Sometimes: {_listed(partly)}. Never: {_listed(vain)}."
    yield from prose.VERDICT


def _one_layer(results: Sequence[Result]) -> Iterator[str]:
    """Whether the thread's cure was the layers or the dropout between them."""
    groups = {group[0].trial.variant: group for group in _groups(results) if group[0].trial.design == ONE_LAYER}
    yield ""
    for variant, group in groups.items():
        with_it = f"with {variant}" if variant else "without dropout"
        yield f"One dense layer {with_it}: solved on {sum(map(_solved, group))} of {len(group)} seeds."


def _probe_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    probes = ("stripes-shifted", "stripes-turned", "stripes-rescaled", "stripes-varied")
    yield ("design", "variant", *probes, "n")
    for group in _groups(results):
        if probes[0] in group[0].figures:
            cells = [_mean(group, probe, "accuracy") + " / " + _mean(group, probe, "accuracy_roc") for probe in probes]
            yield (f"`{group[0].trial.design}`", group[0].trial.variant or NOTHING, *cells, str(len(group)))


def _split_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    yield ("design", "data", "EER, by images", "EER, by identities", "ROC accuracy, by images", "by identities")
    groups = {
        (g[0].trial.design, g[0].trial.data, g[0].trial.split): g for g in _groups(results) if not g[0].trial.variant
    }
    for (design, data, kind), group in groups.items():
        other = groups.get((design, data, "identities"))
        if kind == "images" and other:
            pairs = [_mean(one, name) for name in ("eer", "accuracy_roc") for one in (group, other)]
            yield (f"`{design}`", data, *pairs)


def _candidate_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    yield ("design", "split", "top-1", "top-2", "top-3", "top-4", "EER", "FMR100")
    for group in _groups(results):
        if "top1" in group[0].figures:
            ranks = [_mean(group, f"top{rank}") for rank in (1, 2, 3, 4)]
            rates = [_mean(group, "impressions", name) for name in ("eer", "fmr100")]
            yield (f"`{group[0].trial.design}` {group[0].trial.variant}".strip(), group[0].trial.split, *ranks, *rates)
    yield ("chance", "", "5.0 %", "10.0 %", "15.0 %", "20.0 %", "50 %", "99 %")


def _mining_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    yield ("loss", "a step", "with the search", "cost", "EER", "top-1")
    for group in _groups(results):
        design, said = group[0].trial.design, group[0].figures
        if design in {"siamese-triplet", "siamese-hard-negatives"}:
            cost = said.get("mining")
            steps = (f"{cost[name]:.0f} ms" for name in ("plain_ms", "mined_ms")) if cost else (NOTHING, NOTHING)
            yield (f"`{design}`", *steps, _mean(group, "mining", "cost"), _mean(group, "eer"), _mean(group, "top1"))


def _collapse(results: Sequence[Result], designs: Mapping[str, Design]) -> Iterator[str]:
    """Whether mining has pulled all codes to one point, where its loss is the margin."""
    for one in results:
        learner = designs[one.trial.design].learner if one.trial.design in designs else None
        if isinstance(learner, Siamese) and learner.kind == "mined":
            last = one.curves["training"][-1]
            yield ""
            yield f"The mined loss ends at {last:.3f}, its margin is {learner.margin:g}."
            if abs(last / learner.margin - 1) < COLLAPSED:
                yield "That is where all codes are one point: from random weights the hardest strangers of a batch pull"
                yield "everything together before anything is told apart (F. Schroff et al., CVPR 2015, sec. 3.2)."


def _scale_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    yield ("design", "250 ppi", "500 ppi", "1000 ppi")
    for group in _groups(results):
        cells = [_mean(group, f"scale_{scale}", "eer") for scale in ("0.5", "1", "2")]
        if any(cell != NOTHING for cell in cells):
            yield (f"`{group[0].trial.design}` {group[0].trial.split}", *cells)


def _real_rows(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    yield ("design", "trained on", "synthetic EER", "synthetic FMR100", "real EER", "real FMR100")
    for group in sorted(_groups(results), key=lambda one: one[0].trial.design == PRODUCT):
        if "real" in group[0].figures:
            trial = group[0].trial
            synthetic = [_mean(group, "impressions", name) for name in ("eer", "fmr100")]
            real = [_mean(group, "real", name) for name in ("eer", "fmr100")]
            name = f"`{trial.design}` {trial.variant}".strip()
            trained = "its release" if trial.design == PRODUCT else f"ridges, by {trial.split}"
            yield (name, trained, *synthetic, *real)


def _refused(results: Sequence[Result]) -> Iterator[str]:
    """How much of the product's error on synthetic prints is refusal, which no design knows."""
    for one in results:
        said = one.figures.get("impressions", {})
        if one.trial.design == PRODUCT and "fta" in said:
            yield ""
            yield f"`{PRODUCT}` refused {100 * said['fta']:.1f} % of the synthetic prints, which are drawn as by every"
            yield "kind of sensor; what is refused counts as an error here. The designs refuse nothing."


def _versions(results: Sequence[Result]) -> Iterator[str]:
    said = sorted({", ".join(f"{name} {version}" for name, version in sorted(one.versions.items())) for one in results})
    minutes = sum(one.seconds for one in results) / 60
    yield from ("", "## Made with", "", f"{len(results)} trials, {minutes:.0f} minutes in all.", *said)


def _groups(results: Iterable[Result]) -> list[list[Result]]:
    """Results that differ in nothing but the seed, in the order of the designs."""
    order = list(all_designs())
    groups: dict[tuple[str, ...], list[Result]] = {}
    for one in results:
        groups.setdefault((one.trial.design, one.trial.data, one.trial.split, one.trial.variant), []).append(one)
    ranks = {name: number for number, name in enumerate(order)}
    names = sorted(groups, key=lambda key: (ranks.get(key[0], len(order)), key[1], key[2] != "images", key[3]))
    return [groups[name] for name in names]


def _values(group: Sequence[Result], *path: str) -> list[float]:
    found = []
    for one in group:
        value: object = one.figures
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, float | int):
            found.append(float(value))
    return found


def _mean(group: Sequence[Result], *path: str) -> str:
    """Mean over seeds, in per cent."""
    values = _values(group, *path)
    return f"{100 * np.mean(values):.1f} %" if values else NOTHING


def _plain(group: Sequence[Result], name: str, digits: int = 2) -> str:
    values = [value for value in _values(group, name) if np.isfinite(value)]
    return f"{np.mean(values):.{digits}f}" if values else NOTHING


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "nothing"


def _table(title: str, rows: Iterable[tuple[str, ...]], text: Sequence[str] = ()) -> Iterator[str]:
    """A section with a table; nothing at all where the table has no rows."""
    head, *body = rows
    if not body:
        return
    yield from (("", f"## {title}", "") if title else ("",))
    yield from (*text, "") if text else ()
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in body)
