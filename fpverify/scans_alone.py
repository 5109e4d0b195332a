"""What needs scans and a model, and no store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fpverify.errors import FpverifyError, ScanError, SettingsError
from fpverify.folders import path_of
from fpverify.matching import Matcher
from fpverify.scans.acquisition import scan_of
from fpverify.settings import load_settings
from fpverify.vocabulary import ScanSource, Score

if TYPE_CHECKING:
    from fpverify.evaluation.own_matchers import Comparing, OwnMatcher
    from fpverify.evaluation.sets.protocol import Plan, Protocol
    from fpverify.executors import Workforce
    from fpverify.explanation.shown import Explanation
    from fpverify.measurement import Evaluation


def compare(
    first: ScanSource, second: ScanSource, *, ppi: float | None = None, model: str | Path | None = None
) -> Score:
    """How alike two scans are: 20 is FMR 1 %, 30 is 0.1 %, 40 is 0.01 %.

    The model is loaded anew; for many comparisons hold a `Matcher` or a `Verifier`.

    Args:
        first: one scan, as `read_scan` takes it.
        second: the other. The order matters only where the first resembles many strangers, which costs it score.
        ppi: resolution of both, 100 to 2000; None comes from the settings, then from the files.
        model: installed name or folder of the bundle; None comes from the settings.

    Raises:
        NotAScan, ScanError: no scan can be read from one of them.
        FailureToAcquire: there is no usable print in one of them; the message names it.
        ModelError: the model is unknown or damaged.
    """
    settings = load_settings(model=model, ppi=ppi)
    probe, reference = (scan_of(one, ppi, settings.ppi) for one in (first, second))
    matcher = Matcher.load(settings.model, settings.calibration, settings.models)
    return matcher.score(matcher.template(probe), matcher.template(reference))


def explain(
    first: ScanSource,
    second: ScanSource,
    *,
    ppi: float | None = None,
    model: str | Path | None = None,
    calibration: str | Path | None = None,
    fmr: float | None = None,
) -> Explanation:
    """Why two scans match or do not; it shows itself in a notebook, and `save` writes the picture.

    Args:
        first: one scan, the probe, as `read_scan` takes it.
        second: the other, the reference; exchanging them mirrors the pairs.
        ppi: resolution of both, as in `compare`.
        model: installed name or folder of the bundle; None comes from the settings.
        calibration: file of `fpverify calibrate`, in place of the model's own.
        fmr: false match rate to decide at, in (0, 1); None comes from the settings.

    Raises:
        NotAScan, ScanError: no scan can be read from one of them.
        FailureToAcquire: there is no usable print in one of them; the message names it.
        ModelError: the model is unknown or damaged, or has no operating point at this rate.
        SettingsError: a setting is wrong.
    """
    from fpverify.explanation.explanation import explain as explain_pair
    from fpverify.explanation.shown import Explanation

    settings = load_settings(model=model, calibration=calibration, fmr=fmr, ppi=ppi)
    probe, reference = (scan_of(one, ppi, settings.ppi) for one in (first, second))
    matcher = Matcher.load(settings.model, settings.calibration, settings.models)
    return Explanation.of(explain_pair(matcher, probe, reference, matcher.operating_point(settings.fmr)))


def evaluate(
    folder: str | Path,
    *,
    protocol: Protocol = "dense",
    references: str | Path | None = None,
    pairs: str | Path | None = None,
    ppi: float | None = None,
    model: str | Path | None = None,
    calibration: str | Path | None = None,
    fmr: float | None = None,
    matcher: Matcher | OwnMatcher | Comparing | None = None,
    workers: int = 1,
    cache: str | Path | None = None,
    progress: bool = False,
    workforce: Workforce | None = None,
) -> Evaluation:
    """Compares the prints of a folder, `<finger>_<impression>` files or a folder for each finger, with each other.

    Args:
        folder: of the prints.
        protocol: "dense" compares every impression with every other; "fvc" those of one finger, and the first ones of
            different fingers; "first-reference" every later impression with the first of every finger; "cross-sensor"
            every print with every one of `references`; "pairs" what `pairs` lists; "touches" every touch
            `<finger>_p<number>` with all touches `<finger>_r<number>` of a finger together.
        references: folder of the references of "cross-sensor".
        pairs: CSV file `probe,reference[,mated]` of "pairs".
        ppi: overrides the resolution of every file; None comes from the set, then from the settings, then from what the
            files of the set state or their ridges say (`Evaluation.resolution`).
        model: installed name or folder of the bundle; None comes from the settings.
        calibration: file of `fpverify calibrate`, in place of the model's own; None comes from the settings.
        fmr: false match rate whose threshold is applied, in (0, 1); None comes from the settings.
        matcher: a loaded model in place of `model`; or a matcher of one's own: an object with `template(scan)` and
            `score(probe, reference)`, or a function of two scans. Scores are numbers, higher for more alike. It is
            asked in this process, whatever `workers` says, and no calibration stands behind its scores: the threshold
            is chosen on these very comparisons (`Evaluation.point`), and says nothing about others.
        workers: processes; the scores do not depend on it. More than one start the calling script anew, which
            therefore needs its `if __name__ == "__main__":`.
        cache: folder in which templates are kept for the next evaluation; None keeps none.
        progress: show bars on standard error when it is a terminal.
        workforce: who does the work, in place of these processes: such as `fpverify.executors.dask_workforce`.

    Raises:
        ScanError: the folder cannot be evaluated. A file that cannot be read or acquired is no error but a failure
            counted.
        ModelError: the model is unknown or damaged, the matcher is none, or there is no evidence at this rate.
        SettingsError: a setting is wrong; the protocol is unknown, or `references` or `pairs` do not belong to it.
    """
    from fpverify.evaluation.own_matchers import compared_by, own_point
    from fpverify.evaluation.runner import Runner
    from fpverify.evaluation.templates import TemplateCache
    from fpverify.measurement import Evaluation

    if matcher is not None and (model is not None or calibration is not None):
        raise SettingsError("matcher and model were given; give one, and a calibration with a model")
    settings = load_settings(model=model, calibration=calibration, fmr=fmr, ppi=ppi, workers=workers)
    plan = _plan((folder, references), protocol, pairs, (ppi if ppi is None else settings.ppi, settings.ppi))
    if matcher is not None and not isinstance(matcher, Matcher):
        compared = compared_by(matcher, plan, progress=progress)
        return Evaluation.of(compared, own_point(compared, settings.fmr), prints=plan.prints)
    chosen = matcher or Matcher.load(settings.model, settings.calibration, settings.models)
    chosen.operating_point(settings.fmr)  # before the long work begins
    runner = Runner(
        model=chosen.bundle.folder,
        workers=settings.workers,
        workforce=workforce,
        cache=TemplateCache(path_of(cache)) if cache is not None else None,
        keeps_skin=settings.keep_skin,
        progress=progress,
    )
    return Evaluation.of_model(runner.compare(plan), chosen, settings.fmr, plan.prints)


def _plan(
    folders: tuple[str | Path, str | Path | None],
    protocol: Protocol,
    pairs: str | Path | None,
    ppi: tuple[float | None, float | None],
) -> Plan:
    """The plan of a folder, perhaps with one of references; the resolution that is given, and that of the settings."""
    from fpverify.evaluation.sets.protocol import make_plans

    given = [one for one in folders if one is not None]
    if folders[0] is None or not all(isinstance(one, str | Path) for one in given):
        raise ScanError(f"a folder of prints was expected, not {folders[0]!r:.60}")
    try:
        plans = make_plans(given, protocol, pairs=pairs, ppi=ppi[0], default_ppi=ppi[1])
    except FpverifyError:
        raise
    except (ValueError, TypeError) as error:  # no such protocol, or what does not belong to it
        raise SettingsError(str(error)) from error
    if len(plans) > 1:
        raise ScanError(f"{folders[0]}: holds {len(plans)} sets; evaluate one at a time")
    return plans[0]
