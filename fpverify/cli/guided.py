"""Guided enrollment: whoever stands there is told what each touch should be, and the best ones are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fpverify.answers import reference_answer
from fpverify.cli.captures import Live, touch
from fpverify.cli.failures import one_line
from fpverify.cli.options import Many
from fpverify.cli.streams import given_scans, require_one_input
from fpverify.cli.words import counted, percent, print_facts, print_json, say_new_key, scan_facts
from fpverify.errors import FailureToEnroll, ScanError

if TYPE_CHECKING:
    from fpverify.enrollment.guidance import Guide
    from fpverify.vocabulary import Finger, Reference, Scan

MOST_REFUSED = 10  # touches without a usable print, after which it is given up


@dataclass(frozen=True, slots=True)
class Guided:
    """What `enroll --guided` was asked for.

    Attributes:
        subject: whose finger.
        finger: its name, if any.
        live: the reader, where no files are given.
        ppi: resolution that the caller states.
        many: store and model.
        unchecked: as of `enroll`.
        as_json: answer for programs.
    """

    subject: str
    finger: Finger | None
    live: Live
    ppi: float | None
    many: Many
    unchecked: bool
    as_json: bool


def enroll_guided(asked: Guided, files: Sequence[str]) -> int:
    """Enrolls the touches that cover a finger best.

    Args:
        asked: what is wanted.
        files: touches in their order; empty takes them from the reader.
    """
    from fpverify.enrollment.guidance import Guide
    from fpverify.store import UNKNOWN_FINGER

    with asked.many.opened(create=True) as verifier:
        say_new_key(verifier.store.new_key)
        guide = Guide(verifier.matcher)
        said = list[dict[str, Any]]()
        for scan in _from_files(guide, files, asked.ppi) if files else _from_reader(guide, asked):
            said.append(_told(guide, scan))
            if sum(one["error"] is not None for one in said) >= MOST_REFUSED:
                break
        if not guide.kept:
            raise FailureToEnroll("no touch is good enough to be enrolled; scan the finger again, clean and flat")
        fingers: list[Finger] = [asked.finger or UNKNOWN_FINGER] * len(guide.kept)
        references = verifier.enroll_together(guide.kept, asked.subject, fingers, unchecked=asked.unchecked)
        place = verifier.store.place
    _answer(asked, guide, references, place, said)
    return 0


def _from_files(guide: Guide, files: Sequence[str], ppi: float | None) -> Iterator[Scan]:
    require_one_input(files)
    for file in files:
        if guide.advice.done:
            return
        yield from given_scans([file], ppi)


def _from_reader(guide: Guide, asked: Guided) -> Iterator[Scan]:
    """Touches until there are enough; what cannot be read is said, and asked for again."""
    refused = 0
    with asked.live.opened(asked.ppi) as reader:
        while not guide.advice.done:
            click.echo(guide.advice.words, err=True)
            try:
                scan = touch(reader, asked.live.timeout_s, asked.finger or "finger")
            except ScanError as error:
                refused += 1
                if refused >= MOST_REFUSED:
                    raise
                click.echo(f"fpverify: {one_line(str(error))}", err=True)
            else:
                yield scan


def _told(guide: Guide, scan: Scan) -> dict[str, Any]:
    """What becomes of a touch; one without a print does not count."""
    try:
        advice = guide.add(scan)
    except ScanError as error:
        click.echo(f"fpverify: {one_line(str(error))}", err=True)
        return {"source": scan.source, "error": type(error).__name__, "hints": [], "covered": guide.advice.covered}
    return {"source": scan.source, "error": None, "hints": list(advice.hints), "covered": round(advice.covered, 3)}


def _answer(
    asked: Guided, guide: Guide, references: Sequence[Reference], place: str, said: Sequence[dict[str, Any]]
) -> None:
    if asked.as_json:
        impressions = [
            {**reference_answer(one), "source": scan.source} for one, scan in zip(references, guide.kept, strict=True)
        ]
        shown = {"covered": round(guide.advice.covered, 3), "store": place, "touches": list(said)}
        print_json({**reference_answer(references[0]), "impressions": impressions, **shown})
        return
    kept = len({one.impression for one in references})
    click.echo(
        f"enrolled {references[0].subject}, finger {references[0].finger}, {counted(kept, 'impression')} "
        f"of {counted(guide.advice.count, 'touch').replace('touchs', 'touches')}"
    )
    qualities = ", ".join(f"{one.template.quality:.2f}" for one in references)
    print_facts(
        [
            ("quality", f"{qualities} of 1"),
            ("covered", f"{percent(guide.advice.covered)} of the finger, as likely as it is found again"),
            ("store", place),
            ("model", references[0].model_id),
            *scan_facts(*guide.kept),
        ]
    )
