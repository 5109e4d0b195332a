"""verify: is it the finger it claims to be?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from fpverify.cli.captures import Live, Slaps, live_options, say_notes, slap_options
from fpverify.cli.failures import EXIT_NON_MATCH
from fpverify.cli.options import CALIBRATION, DB, FINGERS, FMR, JSON, KEY, MODEL, PPI, RAW, SCANS, SUBJECT, options
from fpverify.cli.streams import given_scans
from fpverify.cli.words import (
    basis_words,
    in_colour,
    operating_point_facts,
    pad_facts,
    print_facts,
    print_json,
    scan_facts,
)
from fpverify.settings import load_settings

if TYPE_CHECKING:
    from fpverify.hands import Hands
    from fpverify.verifier import Verifier
    from fpverify.vocabulary import AssignedProbe, Decision, Finger, Reference, Scan


@click.command(
    "verify",
    epilog="""\b
Examples:
  fpverify verify scan.bmp --id A
  fpverify verify scan.bmp --id A --finger right-index --fmr 0.0001
  fpverify verify scan.bmp --id A --json
  fpverify verify - --id A < scan.bmp
  fpverify verify card.an2 --id A
  fpverify verify slap.png --id A --slap right
  fpverify verify --reader --id A
  fpverify verify scan.bmp --id A --learn
  fpverify verify a.bmp b.bmp --id A
  fpverify verify a.bmp b.bmp --id A --finger right-index --finger left-index

\b
Exit codes: 0 match, 1 non-match, 2 wrong use, 3 no decision could be made.
""",
)
@options(SCANS, SUBJECT, FINGERS, FMR)
@live_options
@slap_options
@click.option(
    *("--learn/--no-learn", "learn"),
    default=None,
    help="After a strong match, keep the scan as a further impression.  [default: as `learn` is set, no]",
)
@click.option("--upgrade", is_flag=True, help="After a match with a record of minutiae, enroll the scan beside it.")
@options(PPI, RAW, MODEL, CALIBRATION, DB, KEY, JSON)
def verify_command(
    *,
    scans: tuple[str, ...],
    subject: str,
    fingers: tuple[Finger, ...],
    fmr: float | None,
    live: Live,
    slaps: Slaps,
    learn: bool | None,
    upgrade: bool,
    ppi: float | None,
    model: str | None,
    calibration: str | None,
    db: str | None,
    key: str | None,
    as_json: bool,
) -> int:
    """Decide whether a scan shows an enrolled finger, or several scans those of one person.

    Without --finger any finger of the subject will do, for each scan another one. Scans of one finger count as
    impressions of it. However many scans there are, and impressions enrolled, the false match rate is that of the whole
    decision. A scan named - comes from standard input. With --reader a finger is captured in place of each file: one,
    or each that --finger names. Of a card, such as an ANSI/NIST file, and of a slap (--slap) those fingers count that
    are enrolled, one scan of each.
    """
    from fpverify.matching import names_for
    from fpverify.verifier import Verifier

    count, several = live.count(scans, fingers), slaps.holds_several(scans)
    try:
        names_for(len(fingers) if several else count, fingers)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    stated = load_settings(ppi=ppi).ppi
    probes = [] if several else live.captured(fingers, stated) or given_scans(scans, stated)
    if upgrade and (several or len(probes) > 1):
        raise click.UsageError("--upgrade takes one scan")
    with Verifier.open(db, model=model, calibration=calibration, fmr=fmr, key=key, create=False) as verifier:
        if several:
            probes, fingers = _of_hands(slaps.hands(scans, stated), subject, fingers, verifier)
        learn = verifier.learns if learn is None else learn
        decision = verifier.verify(probes, subject, fingers, learn=learn)
        added = verifier.upgrade(probes[0], decision) if upgrade else None
    if as_json:
        from fpverify.answers import decision_answer

        asked = {"upgraded": added.to_dict() if added else None} if upgrade else {}
        kept = {"learnt": [one.to_dict() for one in decision.learnt]} if learn else {}
        print_json({**decision_answer(decision, *probes), **asked, **kept})
    else:
        print_decision(decision, *probes)
        if upgrade:
            print_facts([("upgraded", upgrade_words(added))])
        print_facts([("learnt", f"finger {one.finger}, impression {one.impression}") for one in decision.learnt])
    return 0 if decision.match else EXIT_NON_MATCH


def _of_hands(
    hands: Hands, subject: str, fingers: tuple[Finger, ...], verifier: Verifier
) -> tuple[list[Scan], tuple[Finger, ...]]:
    """One scan for each finger that cards and slaps show and that is enrolled or asked for; their names."""
    from fpverify.hands import chosen_probes

    enrolled = {one.finger for one in verifier.references(subject)}
    chosen, names, notes = chosen_probes(hands, fingers, enrolled, partial(verifier.refusal, enrolls=False))
    say_notes([*hands.notes, *notes])
    return chosen, names


def print_decision(decision: Decision, *probes: Scan) -> None:
    """The decision in words, and what it was based on."""
    score, threshold = decision.score, decision.operating_point.threshold
    tail = "; the score is extrapolated beyond the evidence" if score.extrapolated else ""
    several = len(probes) > 1
    click.echo(in_colour(decision.word))
    print_facts(
        [
            ("subject", f"{decision.subject}" if several else f"{decision.subject}, finger {decision.finger}"),
            *(("scan", assigned_words(one)) for one in decision.probes if several),
            ("score", f"{score.value:.1f}{', all together' * several}, threshold {threshold:.1f}{tail}"),
            *operating_point_facts(decision.operating_point, whole=several),
            ("rests on", basis_words(decision.rests_on)),
            *scan_facts(*probes),
            *pad_facts(decision.pad),
        ]
    )


def upgrade_words(added: Reference | None) -> str:
    """What became of --upgrade."""
    return f"finger {added.finger}, impression {added.impression} is of this scan" if added else "nothing to add"


def assigned_words(probe: AssignedProbe) -> str:
    """A scan among several, and the finger that it is taken for."""
    taken = "for no finger" if probe.finger is None else f"for {probe.finger}"
    return f"{probe.source}, taken {taken}: {probe.score.value:.1f} alone"
