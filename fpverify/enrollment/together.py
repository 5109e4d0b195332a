"""Several scans of one subject, enrolled together: all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fpverify.comparison import joint_threshold
from fpverify.errors import DuplicateFinger, ProofNeeded
from fpverify.matching import Matcher, require_agreement, require_different, require_quality
from fpverify.search.register import DUPLICATE_FPIR
from fpverify.store import Store, subject_id
from fpverify.vocabulary import Reference, Scan, Template

Given = tuple[Scan, str, Template]  # a scan, the name of its finger, and its template
Check = Callable[[Template, str, str, str], None]  # of a template, its scan's name, subject and finger


def enroll_together(
    store: Store,
    matcher: Matcher,
    impressions: Sequence[tuple[Scan, str]],
    subject: str,
    *,
    check: Check | None,
    keeps_scans: bool = False,
    must_be_new: bool = False,
) -> list[Reference]:
    """Keeps scans as impressions of a subject's fingers, all of them or none; when this returns, they are on disk.

    Args:
        store: where they are kept.
        matcher: the model.
        impressions: scans, each with the name of its finger.
        subject: whose.
        check: raises if a print is not of the finger it is said to be of, as far as the store can tell; None compares
            them neither with what is enrolled nor with each other.
        keeps_scans: keep the scans beside their templates.
        must_be_new: refuse a subject that has anything enrolled.

    Raises:
        ProofNeeded: the subject is enrolled, and `must_be_new`.
        FailureToAcquire, FailureToEnroll: there is no usable print in a scan, or a poor one; names it.
        DuplicateFinger: a finger is enrolled already, or given twice under two names.
        EnrollmentError: a scan does not agree with the finger's other impressions; the id, or a finger, cannot be kept.
        StoreError: the store cannot be written.
    """
    require_different([scan for scan, _ in impressions])
    if must_be_new:
        _require_new(store, subject)
    given = [(scan, finger, matcher.template(scan)) for scan, finger in impressions]
    for number, (scan, finger, template) in enumerate(given):
        require_quality(template, scan.source)
        if check is not None:
            check(template, scan.source, subject, finger)
            _require_one_finger(matcher, given[:number], given[number])
    with store.batch():
        if must_be_new:
            _require_new(store, subject)
        return [
            store.add(subject, finger, template, scan=scan if keeps_scans else None) for scan, finger, template in given
        ]


def _require_new(store: Store, subject: str) -> None:
    if store.has(subject):
        raise ProofNeeded(
            f"{subject_id(subject)!r} is enrolled: a finger is added with proof, a scan of one that is, or by an "
            "administrator"
        )


def _require_one_finger(matcher: Matcher, before: Sequence[Given], one: Given) -> None:
    """Returns if a print is of the finger it is said to be of, as far as those given before it can tell."""
    scan, finger, template = one
    mine = [other for _, name, other in before if name == finger]
    require_agreement(matcher, template, mine, scan.source, f"{finger}, of the scans before")
    others = [(name, other) for _, name, other in before if name != finger]
    scores = matcher.scores(template, [other for _, other in others])
    for (name, _), score in zip(others, scores, strict=True):
        if score.value >= joint_threshold(DUPLICATE_FPIR, len(others)):
            raise DuplicateFinger(f"{scan.source}: this finger is given as {name} as well; name it once")
