"""The release model from nothing, by its recipe; then its card beside that of the shipped one.

    python tools/model.py [--recipe recipes/release.yaml] [--out build/model] [--workers N] [--against MODEL] [--plan]

Steps: fingers are drawn, each network is trained, exported, calibrated and measured on fingers that no training saw,
taught what touches are worth, and given a codebook for searches. `--plan` prints them with the hours that they take on
two cores, and what an earlier call has done; it makes nothing. Killed at any moment, the same call goes on: networks
from their last checkpoint, sets of fingers where they are whole; calibration and what follows it begin anew (up to 45
minutes).

What is compared: id, kind, alignment, recipe, seeds, words and names of files have to be the same. Weights are not:
sums in another order, by another processor or library, make another network of the same recipe. So the rates at each
operating point of the card have to agree within both 95 % intervals; whether files are the same byte for byte is said
and decides nothing. `preselection.json` was measured among real prints (tools/preselection.py) and is not made. Ends
with 1 where something disagrees. A recipe of another name than the shipped model is compared with `--against` alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from fpverify.errors import ModelError, RecipeError
from fpverify.matching.touches import TABLES
from fpverify.models import Bundle, Card, load_bundle
from fpverify.search.index.codebook import FILE as CODEBOOK
from fpverify.settings import Settings
from fpverify.training.recipe import (
    DescriptorRecipe,
    DrawnMapRecipe,
    MinutiaeRecipe,
    MinutiaMapRecipe,
    PlacesRecipe,
    Recipe,
    SeamMapRecipe,
    StageRecipe,
    read_recipe,
)
from fpverify.training.release import STATE, train
from fpverify.training.stages import begun_with
from fpverify.vocabulary import Interval

ROOT = Path(__file__).resolve().parent.parent
SAME = ("id", "kind", "alignment", "input_px", "seeds", "training_data", "intended_use", "limits")
NOT_MADE = {"preselection.json"}
# Hours on two cores of an AMD EPYC (Zen 4, bfloat16 units) that did nothing else; docs/training.md has the figures.
FINGER_S = 0.066  # of wall time for each finger and flow, two processes
STEP_S = {
    "minutia_map": 0.41,
    "descriptor": 0.34,
    "seam_map": 0.4,
    "places": 0.5,
    "drawn_map": 0.2,
    "whole_print": 0.25,
}
SEAM_FINGER_S = 1.2  # for the pictures of the seam map
EVIDENCE_S = 0.18  # for each print of both lots: drawn, extracted, and compared with those of its sensor
TOUCHES_S = 1800  # impressions for places, worths and the calibration of touches
CODEBOOK_S = 600


class Step(NamedTuple):
    """One thing to be done.

    Attributes:
        name: of the step.
        what: in words.
        seconds: that it takes from nothing.
        done: in words; empty if nothing is.
    """

    name: str
    what: str
    seconds: float
    done: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the plan, or makes the model and prints how it compares; 1 if they disagree, 2 if it cannot be made."""
    given = _parsed(arguments)
    try:
        recipe = read_recipe(given.recipe)
        steps = list(plan(recipe, given.out))
        print("\n".join(planned(steps)), flush=True)
        if given.plan:
            return 0
        made = model(given.recipe, recipe, given.out, given.workers)
        wanted = load_bundle(given.against)
    except (ModelError, RecipeError) as error:
        print(error, file=sys.stderr)
        return 2
    if given.against is None and wanted.model_id != made.model_id:
        print(f"made {made.model_id} in {given.out}; the shipped model is {wanted.model_id}: nothing to compare with")
        return 0
    print(f"made {made.model_id} in {given.out}; compared with {wanted.folder}")
    rows = list(compared(made.card, wanted.card, recipe))
    for fits, line in rows:
        print(f"{'  ' if fits else '! '}{line}")
    return int(not all(fits for fits, _ in rows))


def model(path: Path, recipe: Recipe, out: Path, workers: int) -> Bundle:
    """The model of a recipe, made as far as it is not yet."""
    bundle = whole(recipe, out) or train(path, out, workers=workers) or load_bundle(out)
    if isinstance(recipe, MinutiaeRecipe) and CODEBOOK not in bundle.card.search_files:
        import codebook

        codebook.main([str(out / STATE / "codebook"), "--model", str(out), "--workers", str(workers)])
        return load_bundle(out)
    return bundle


def whole(recipe: Recipe, out: Path) -> Bundle | None:
    """The model that lies there if it is of this recipe and all but searches is done."""
    try:
        bundle = load_bundle(out)
    except ModelError:
        return None
    taught = not getattr(recipe, "places", ()) or TABLES in bundle.card.files
    return bundle if follows(bundle.card, recipe) and taught and bundle.card.operating_points else None


def plan(recipe: Recipe, out: Path) -> Iterator[Step]:
    """The steps of a recipe, in their order."""
    if isinstance(recipe, MinutiaeRecipe):
        flows = {*(one.flow for one in recipe.descriptor), *(one.flow for one in recipe.places)}
        flows |= {"usual"} if recipe.minutia_map or recipe.drawn_map else set()
        yield Step("fingers", f"{recipe.fingers} of each of {len(flows)} flows", FINGER_S * recipe.fingers * len(flows))
    if isinstance(recipe, MinutiaeRecipe) and recipe.seam_map:
        fingers = max(part.fingers for part in recipe.seam_map)
        yield Step("prints", f"of {fingers} fingers, for the seam map", SEAM_FINGER_S * fingers)
    for name in recipe.stage_names:
        rounds = getattr(recipe, name)
        rounds = rounds if isinstance(rounds, tuple) else (rounds,)
        steps = sum(part.steps for part in rounds)
        seconds = sum(STEP_S[name] * part.steps * share_of_usual(part) for part in rounds)
        taken = steps_taken(out / STATE / name, len(rounds))
        done = f"{taken} of them are done" if taken else ""
        yield Step(name, f"{steps} steps in {len(rounds)} round{'s' * (len(rounds) > 1)}", seconds, done)
    ended = "done" if whole(recipe, out) else ""
    prints = (
        2 * 3 * recipe.evidence.fingers * recipe.evidence.impressions if isinstance(recipe, MinutiaeRecipe) else 240
    )
    yield Step("evidence", f"{prints} prints: export, calibration, operating points", EVIDENCE_S * prints, ended)
    begun = begun_with(recipe)
    if getattr(recipe, "places", ()) or (begun is not None and begun.has_network("places")):
        yield Step("touches", "impressions, what places are worth, scores of touches", TOUCHES_S, ended)
    if isinstance(recipe, MinutiaeRecipe):
        yield Step("codebook", "centres for searches, of 3000 other fingers", CODEBOOK_S)


def share_of_usual(part: StageRecipe) -> float:
    """How large a batch is, by that which the seconds are of."""
    match part:
        case MinutiaMapRecipe():
            return part.images / 24
        case DescriptorRecipe():
            return part.fingers * part.minutiae / 192
        case SeamMapRecipe() | DrawnMapRecipe():
            return part.pictures / 32
        case PlacesRecipe():
            return part.pairs / 512
    return 1.0


def steps_taken(folder: Path, rounds: int) -> int:
    """Steps that the log of a network's training knows of."""
    taken = 0
    for number in range(rounds):
        log = folder / f"round-{number + 1}" / "log.jsonl"
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
        taken += json.loads(lines[-1])["step"] if lines else 0
    return taken


def planned(steps: Sequence[Step]) -> Iterator[str]:
    """The plan as lines."""
    for step in steps:
        yield f"{step.name:<12} {step.seconds / 3600:5.2f} h  {step.what}{', ' * bool(step.done)}{step.done}"
    yield f"{'in all':<12} {sum(step.seconds for step in steps) / 3600:5.2f} h  from nothing, on two idle cores"


def compared(made: Card, wanted: Card, recipe: Recipe) -> Iterator[tuple[bool, str]]:
    """Whether two cards agree in something, and that in words."""
    for name in SAME:
        one, other = getattr(made, name), getattr(wanted, name)
        yield one == other, f"{name}: {'the same' if one == other else f'{one!r}, not {other!r}'}"
    yield (followed := follows(wanted, recipe)), f"recipe: {'the same' if followed else 'another'}"
    files = made.files.keys() | made.search_files, (wanted.files.keys() | wanted.search_files) - NOT_MADE
    yield files[0] - NOT_MADE == files[1], f"files: {', '.join(sorted(files[0]))}"
    yield from operating_points(made, wanted)
    hashes = made.files | made.search_files, wanted.files | wanted.search_files
    for name in sorted(hashes[0].keys() & hashes[1].keys()):
        yield True, f"{name}: {'the same bytes' if hashes[0][name] == hashes[1][name] else 'other bytes'}"
    for library in sorted(made.versions.keys() | wanted.versions):
        one, other = (card.versions.get(library, "none") for card in (made, wanted))
        yield True, f"{library}: {one}{f', then {other}' if one != other else ''}"


def follows(card: Card, recipe: Recipe) -> bool:
    """Whether a card is of a recipe; one of before lacks what is new since and not used."""
    try:
        return type(recipe).model_validate(card.recipe) == recipe
    except ValueError:
        return False


def operating_points(made: Card, wanted: Card) -> Iterator[tuple[bool, str]]:
    """Whether thresholds are the same and error rates within both intervals."""
    here, there = ({point.target_fmr: point for point in card.operating_points} for card in (made, wanted))
    yield here.keys() == there.keys(), f"operating points: {', '.join(f'{100 * rate:g} %' for rate in here)}"
    for rate in [rate for rate in here if rate in there]:
        one, other = here[rate], there[rate]
        fits = (
            abs(one.threshold - other.threshold) < 1e-9
            and overlap(one.fmr_interval, other.fmr_interval)
            and overlap(one.fnmr_interval, other.fnmr_interval)
        )
        yield (
            fits,
            f"at {100 * rate:g} %: threshold {one.threshold:.2f}, not {other.threshold:.2f}"
            if abs(one.threshold - other.threshold) >= 1e-9
            else f"at {100 * rate:g} %: FMR {100 * one.fmr:.4f} and {100 * other.fmr:.4f} %, "
            f"FNMR {100 * one.fnmr:.4f} and {100 * other.fnmr:.4f} %",
        )


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a number in common."""
    return one.low <= other.high and other.low <= one.high


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recipe", type=Path, default=ROOT / "recipes" / "release.yaml", help="the release's")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "model", help="becomes the bundle's folder")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that draw and compare")
    parser.add_argument(
        "--against", metavar="MODEL", help="name or folder of the model to compare with; the shipped one"
    )
    parser.add_argument("--plan", action="store_true", help="print the steps and their hours, and make nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
