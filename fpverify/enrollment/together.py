"""Several scans of one subject, enrolled together: all of them or none.

Each becomes an impression. Of a small sensor, all touches of a finger become one, where the model can join them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fpverify.comparison import joint_threshold
from fpverify.errors import DuplicateFinger, EnrollmentError, ProofNeeded
from fpverify.matching import Matcher, Matchers, Probes, require_agreement, require_different, require_quality
from fpverify.search.register import DUPLICATE_FPIR
from fpverify.store import UNKNOWN_FINGER, Store, subject_id
from fpverify.vocabulary import Reference, Scan, Template

MOST_TOGETHER = 40  # scans: of a finger twenty touches, or a card of ten rolled fingers and ten plain ones, twice

Given = tuple[str, str, Probes]  # a scan's name, that of its finger, and what models make of it
Kept = Callable[[list[Reference]], None]  # told what is about to be on disk
Check = Callable[[Probes, str, str, str], None]  # of a scan, its name, subject and finger


def enroll_together(
    store: Store,
    matchers: Matchers,
    impressions: Sequence[tuple[Scan, str]],
    subject: str,
    *,
    check: Check | None,
    keeps_scans: bool = False,
    keeps_skin: bool = False,
    must_be_new: bool = False,
    replaces: bool = False,
    kept: Kept | None = None,
) -> list[Reference]:
    """Keeps scans as impressions of a subject's fingers, all of them or none; when this returns, they are on disk.

    Of each scan the impression that it became; touches of a small sensor that became one have the same.

    Args:
        store: where they are kept.
        matchers: the model that enrolls, and former ones.
        impressions: scans, each with the name of its finger.
        subject: whose.
        check: raises if a print is not of the finger it is said to be of, as far as the store can tell; None compares
            them neither with what is enrolled nor with each other.
        keeps_scans: keep the scans beside their templates.
        keeps_skin: keep the skin of whole prints, see `Matcher.enrolled`.
        must_be_new: refuse a subject that has anything enrolled.
        replaces: in place of what is enrolled of these fingers, which goes in the same change; of a subject that is
            enrolled by then.
        kept: told of the impressions within the change that keeps them; if it raises, nothing is kept.

    Raises:
        ProofNeeded: the subject is enrolled, and `must_be_new`.
        NotEnrolled: the subject is not, and `replaces`.
        FailureToAcquire, FailureToEnroll: there is no usable print in a scan, or a poor one; names it.
        DuplicateFinger: a finger is enrolled already.
        EnrollmentError: a finger is given twice under two names; a scan does not agree with the finger's other
            impressions; the id, or a finger, cannot be kept.
        StoreError: the store cannot be written.
    """
    require_different([scan for scan, _ in impressions], MOST_TOGETHER, "an enrollment")
    if must_be_new:
        _require_new(store, subject)
    given = [(scan.source, finger, Probes(matchers, [scan])) for scan, finger in impressions]
    templates = [_template(matchers, probes) for _, _, probes in given]
    for number, (source, _, _) in enumerate(given):
        require_quality(templates[number], source)
        if check is not None:
            _require_one_finger(matchers, given[:number], given[number])
    kept_as = _impressions(matchers.own, impressions, templates, checked=check is not None, keeps_skin=keeps_skin)
    if check is not None:
        for members in kept_as:
            _check_members([given[k] for k in members], subject, check)
    with store.batch():
        if must_be_new:
            _require_new(store, subject)
        noted = _cleared(store, subject, [finger for _, finger in impressions]) if replaces else {}
        found = dict[int, Reference]()
        for members, template in kept_as.items():
            scan, finger = impressions[members[0]]
            one = store.add(subject, finger, template, scan=scan if keeps_scans and len(members) == 1 else None)
            found |= dict.fromkeys(members, one)
        added = [found[k] for k in range(len(impressions))]
        if noted:
            store.update(subject, metadata=noted)
        if kept is not None:
            kept(added)
        return added


def _impressions(
    matcher: Matcher,
    given: Sequence[tuple[Scan, str]],
    templates: Sequence[Template],
    *,
    checked: bool,
    keeps_skin: bool,
) -> dict[tuple[int, ...], Template]:
    """What is kept, by the numbers of the scans that it is made of: each by itself, or touches of a finger as one."""
    touches: dict[str, list[int]] = {}
    if matcher.compares_touches:
        for k, (_, finger) in enumerate(given):
            if templates[k].of_touches:
                touches.setdefault(finger, []).append(k)
    together = {members[0]: tuple(members) for members in touches.values() if len(members) > 1}
    kept: dict[tuple[int, ...], Template] = {}
    for k, template in enumerate(templates):
        if k in together:
            from fpverify.enrollment.touched import joined

            kept[together[k]] = joined(matcher, [given[one][0] for one in together[k]], checked=checked).template
        elif not any(k in members for members in together.values()):
            kept[k,] = matcher.enrolled(given[k][0], template, keeps_skin=keeps_skin)
    return kept


def _check_members(members: Sequence[Given], subject: str, check: Check) -> None:
    """Has scans that become one impression checked: one that agrees with what the finger has speaks for the others.

    Raises:
        DuplicateFinger: one of them is of a finger that is enrolled already.
        EnrollmentError: none agrees with what is enrolled of the finger.
    """
    failures = []
    for source, finger, probes in members:
        try:
            check(probes, source, subject, finger)
        except DuplicateFinger:
            raise
        except EnrollmentError as failure:
            failures.append(failure)
    if len(failures) == len(members):
        raise failures[0]


def _cleared(store: Store, subject: str, fingers: Sequence[str]) -> dict[str, Any]:
    """Removes what is enrolled of fingers; what was noted of the subject, which may be gone with the last of them."""
    noted, there = store.metadata(subject), {one.finger for one in store.references(subject)}
    for finger in there & set(fingers):
        store.delete(subject, finger)
    return {} if store.has(subject) else noted


def _template(matchers: Matchers, probes: Probes) -> Template:
    """Of the model that enrolls."""
    return probes.of(matchers.own.model_id).templates[0]


def _require_new(store: Store, subject: str) -> None:
    if store.has(subject):
        raise ProofNeeded(
            f"{subject_id(subject)!r} is enrolled: a finger is added with proof, a scan of one that is, or by an "
            "administrator"
        )


def _require_one_finger(matchers: Matchers, before: Sequence[Given], one: Given) -> None:
    """Returns if a print is of the finger it is said to be of, as far as those given before it can tell."""
    source, finger, probes = one
    mine = [_template(matchers, other) for _, name, other in before if name == finger]
    if matchers.own.compares_touches and _template(matchers, probes).of_touches:
        mine = [one for one in mine if not one.of_touches]  # touches need not meet: joining them tells
    named = "this finger" if finger == UNKNOWN_FINGER else finger
    require_agreement(matchers, probes.each()[0], mine, source, f"{named}, of the scans before")
    others = [(name, _template(matchers, other)) for _, name, other in before if name != finger]
    scores = matchers.own.scores(_template(matchers, probes), [other for _, other in others])
    for (name, _), score in zip(others, scores, strict=True):
        if score.value >= joint_threshold(DUPLICATE_FPIR, len(others)):
            raise EnrollmentError(f"{source}: this finger is given as {name} as well; name it once")
