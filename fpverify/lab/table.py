"""All designs, one trial after the other; what has a result is not trained again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fpverify.lab.design import Design
from fpverify.lab.designs import all_designs
from fpverify.lab.examples import read_examples
from fpverify.lab.product import PRODUCT, run_product
from fpverify.lab.results import Result, Trial, read_result
from fpverify.lab.six import draw_six, features, read_side
from fpverify.lab.trials import run_trial

RESULTS = Path("runs") / "lab"  # default of the command line
DATA_FOLDER = "data"  # of the results: synthetic prints, kept


def table_trials(designs: Mapping[str, Design]) -> list[Trial]:
    """The trials of the table, by seed and with variants last: an early end leaves the widest table."""
    trials = [trial for design in designs.values() for trial in _trials_of(design)]
    return sorted(
        [Trial(PRODUCT, "ridges"), *trials], key=lambda trial: (trial.seed > 0, bool(trial.variant), trial.seed)
    )


def run_table(folder: Path, *, progress: bool = False, say: Callable[[str], None] | None = None) -> list[Result]:
    """Runs what has no result yet.

    Args:
        folder: of the results; a killed call is continued by the next.
        progress: show bars on standard error when it is a terminal.
        say: is told of each trial as it ends.

    Returns:
        All results, in the order of the table.
    """
    import keras  # noqa: F401 - where it is missing, that is said before the product is measured, which takes minutes

    designs, results = all_designs(), []
    trials = table_trials(designs)
    for number, trial in enumerate(trials, 1):
        result = stored_result(folder, trial, designs)
        new = result is None
        if result is None:
            result = run_one(trial, designs, folder, progress)
        if say is not None:
            say(f"{number:3d}/{len(trials)}  {trial.name}  {'' if new else 'stored, '}{result.seconds:.0f} s")
        results.append(result)
    return results


def run_one(trial: Trial, designs: Mapping[str, Design], folder: Path, progress: bool) -> Result:
    """One trial, of a design or of the product; its result and its weights are put into the folder."""
    if trial.design == PRODUCT:
        result = run_product(trial, folder / DATA_FOLDER)
    else:
        design, weights = designs[trial.design], weights_path(folder, trial)
        result = run_trial(design, trial, folder / DATA_FOLDER, progress, weights if trial.seed == 0 else None)
    result.write(folder)
    return result


def weights_path(folder: Path, trial: Trial) -> Path:
    """Where a trial's weights are kept, for figures."""
    return folder / "weights" / f"{trial.name}.weights.h5"


def draw_figure(trial: Trial, paths: tuple[Path, Path], out: Path, folder: Path, progress: bool = False) -> float:
    """Writes the picture of six columns for two files; trains the design unless its weights are stored.

    Returns:
        The design's score of the pair.
    """
    designs = all_designs()
    design, weights = designs[trial.design].variant(trial.variant), weights_path(folder, trial)
    if stored_result(folder, trial, designs) is None or not weights.exists():
        result = run_trial(designs[trial.design], trial, folder / DATA_FOLDER, progress, weights)
        result.write(folder)
    examples = read_examples(trial.data, folder / DATA_FOLDER)
    view = design.view_of(examples.kind)
    left, right = (view.one(read_side(path, examples.kind, examples.images.shape[1:]))[None] for path in paths)
    network = design.learner.network(left.shape[1:])
    network.load_weights(weights)
    score = float(design.learner.scores(network, (left, right))[0])
    title = f"{trial.design} {trial.variant}: score {score:.3f}"
    draw_six((left, right), features(design, network, (left, right)), title, out)
    return score


def stored_result(folder: Path, trial: Trial, designs: Mapping[str, Design]) -> Result | None:
    """The result of a trial, unless there is none or the design has been changed since."""
    path = folder / f"{trial.name}.json"
    if not path.exists():
        return None
    result = read_result(path)
    declared = "" if trial.design == PRODUCT else designs[trial.design].variant(trial.variant).fingerprint
    return result if result.declared == declared else None


def _trials_of(design: Design) -> Iterator[Trial]:
    for data in design.data:
        for kind in design.splits:
            for seed in design.seeds:
                yield Trial(design.name, data, kind, "", seed)
        for variant in filter(None, design.variants):
            for seed in design.variant_seeds:
                yield Trial(design.name, data, design.splits[0], variant, seed)
