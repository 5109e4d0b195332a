"""demo: enroll, verify and evaluate on prints that come along."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from fpverify.cli.enroll import print_enrollment
from fpverify.cli.evaluate import print_figures
from fpverify.cli.options import DB, MODEL, WORKERS, options
from fpverify.cli.verify import print_decision
from fpverify.cli.words import say_new_key
from fpverify.extras import install_line, missing_library
from fpverify.settings import Settings, load_settings

if TYPE_CHECKING:
    from fpverify.verifier import Verifier

SAMPLES = Path(__file__).parent.parent / "samples"
SUBJECT = "A"
FINGERS, IMPRESSIONS, SEED = 10, 4, 11  # 60 mated and 720 non-mated comparisons, seconds on two cores


@click.command(
    "demo",
    epilog="""\b
Examples:
  fpverify demo
  fpverify demo --out tour --db tour/enroll_db
""",
)
@options(
    click.option(
        "--out", type=click.Path(), default="demo_output", show_default=True, metavar="DIR", help="For the ROC."
    ),
    DB,
    MODEL,
    WORKERS,
)
def demo_command(*, out: str, db: str | None, model: str | None, workers: int | None) -> None:
    """Enroll a sample finger, verify two scans, and draw the ROC of a small evaluation.

    The sample prints are synthetic. Without --db they are enrolled in a store that is thrown away. The ROC is drawn
    where the extra "plots" is installed.
    """
    settings = load_settings(model=model, workers=workers)
    lacking = missing_library("plots")
    if not lacking:
        Path(out).mkdir(parents=True, exist_ok=True)
    with _store_place(db) as place:
        _enroll_and_verify(place, settings, key=None if db else "none")
    _evaluate(None if lacking else Path(out) / "roc.png", settings)
    if lacking:
        click.echo(f"\nNo ROC was drawn: that needs {lacking}, which is not installed; {install_line('plots')}")


def _enroll_and_verify(place: str, settings: Settings, key: str | None) -> None:
    from fpverify.verifier import Verifier

    with Verifier.open(place, model=settings.model, key=key) as verifier:
        say_new_key(verifier.store.new_key)
        _enroll(verifier, "A_1.bmp")
        _verify(verifier, "A_2.bmp", expected="match")
        _verify(verifier, "B_1.bmp", expected="non-match")


def _enroll(verifier: Verifier, name: str) -> None:
    from fpverify.scans import read_scan

    click.echo(f"$ fpverify enroll {name} --id {SUBJECT}")
    scan = read_scan(SAMPLES / name)
    print_enrollment(verifier.enroll(scan, SUBJECT), scan, verifier.store.place)


def _verify(verifier: Verifier, name: str, expected: str) -> None:
    from fpverify.scans import read_scan

    click.echo(f"\n$ fpverify verify {name} --id {SUBJECT}")
    scan = read_scan(SAMPLES / name)
    decision = verifier.verify(scan, SUBJECT)
    print_decision(decision, scan)
    if decision.word != expected:
        raise click.ClickException(f"the demo expected a {expected} for {name}; please report this")


def _evaluate(roc: Path | None, settings: Settings) -> None:
    """The error rates of synthetic fingers; and their ROC, if it is to be drawn."""
    from fpverify.evaluation.rates.summary import metrics
    from fpverify.evaluation.report.plots import plot_roc
    from fpverify.matching import Matcher
    from fpverify.scans_alone import evaluate
    from fpverify.synthesis.dataset import write_ridges

    point = Matcher.load(settings.model, models=settings.models).operating_point(settings.fmr)
    with TemporaryDirectory(prefix="fpverify-demo-") as prints:
        click.echo(
            f"\n$ fpverify synth ridges --fingers {FINGERS} --impressions {IMPRESSIONS} --seed {SEED} --out prints"
        )
        write_ridges(
            Path(prints),
            fingers=FINGERS,
            impressions=IMPRESSIONS,
            seed=SEED,
            workers=settings.processes,
            progress=True,
        )
        click.echo(f"$ fpverify evaluate prints{f' --roc {roc}' if roc else ''}")
        evaluation = evaluate(prints, model=settings.model, workers=settings.processes, progress=True)
    if roc:
        plot_roc(evaluation, point.threshold, roc)
    print_figures("prints", metrics(evaluation, point))
    if roc:
        click.echo(f"\nROC with the chosen threshold marked: {roc}")


def _store_place(db: str | None) -> AbstractContextManager[str]:
    """The store that was given, or one that is thrown away."""
    return nullcontext(db) if db else TemporaryDirectory(prefix="fpverify-demo-")
