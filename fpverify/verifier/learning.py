"""Fingers that grow with later matches: which probe is kept, and which is not.

Off unless the operator wants it. What was learnt is marked, bounded, and goes by `Store.forget`; what makes a false
match that happens once stay is kept out as far as it can be:

- Only what was enrolled decides on what is learnt; what was learnt vouches for nothing.
- A match has to be ten times surer than one that is believed, by a score that was measured and not only extrapolated.
- Of several scans each has to be, by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fpverify.errors import EnrollmentError, FailureToEnroll, StoreError
from fpverify.log import tell
from fpverify.matching import Judged, Matchers, Probes, require_quality
from fpverify.vocabulary import Decision, Reference, Scan, Score, Template

if TYPE_CHECKING:
    from fpverify.matching import Matcher
    from fpverify.store import Store

STRONGER = 10.0  # of a score above the decision's threshold: a false match rate ten times lower
# Likewise, with all that is known of a finger: from there on a probe adds nothing. On 16 fingers of a synthetic sensor
# of 4.9 mm, which matched 16 touches each, misses fell from 24 to 20 % so, as by each strong match; with 20, to 23 %.
KNOWN = 30.0


class Learner(Protocol):
    """A `Verifier`, as far as it is asked here."""

    matcher: Matcher
    matchers: Matchers
    keeps_scans: bool

    @property
    def store(self) -> Store:
        """The references."""


def learnt(
    verifier: Learner, scans: Sequence[Scan], probes: Probes, references: Sequence[Reference], decision: Decision
) -> tuple[Reference, ...]:
    """Keeps what a decision was made on, if it is strong enough and adds something.

    Args:
        verifier: of the store.
        scans: what was decided on.
        probes: of these scans.
        references: what they were compared with.
        decision: about them.

    Returns:
        The impressions that were learnt. A store that cannot be written learns nothing, which is no error of a
        decision.
    """
    if not decision.match or decision.subject is None:
        return ()
    templates = _own_templates(verifier, probes, references)
    judged = _judged(probes, references, templates)
    if judged is None:
        return ()
    limit = decision.operating_point.threshold + STRONGER
    scores = [judged.score, *(one.score for one in judged.probes)]
    if not all(_measured(verifier.matcher, one) >= limit for one in scores):
        return ()
    if not all(one.finger is not None and _is_good(each) for one, each in zip(judged.probes, templates, strict=True)):
        return ()
    found = list[Reference]()
    for k, one in enumerate(judged.probes):
        if decision.probes[k].score.value < decision.operating_point.threshold + KNOWN:
            like = [each for each in references if each.finger == one.finger and _is_like(each, templates[k])]
            found += _kept(verifier, scans[k], templates[k], like=like, score=one.score)
    return tuple(found)


def _own_templates(verifier: Learner, probes: Probes, references: Sequence[Reference]) -> tuple[Template, ...]:
    """Of the model that enrolls; none if nothing of the subject was enrolled with it."""
    own = verifier.matcher.model_id
    return probes.of(own).templates if any(one.model_id == own for one in references) else ()


def _judged(probes: Probes, references: Sequence[Reference], templates: Sequence[Template]) -> Judged | None:
    """What the fingers say as they were enrolled, by impressions of the probes' own kind; None if there are none."""
    like = [one for one in references if templates and _is_like(one, templates[0])]
    if not like or any(_kind(one) != _kind(templates[0]) for one in templates):
        return None
    named = set(probes.of(like[0].model_id).names or ())
    return probes.judged(like) if named <= {one.finger for one in like} else None


def _is_like(reference: Reference, probe: Template) -> bool:
    """Whether an impression was enrolled, and a probe may join it: of its model, a touch like it or a print."""
    return not reference.learnt and reference.model_id == probe.model_id and _kind(reference.template) == _kind(probe)


def _kind(template: Template) -> bool:
    return template.of_touches


def _measured(matcher: Matcher, score: Score) -> float:
    """A score, as far as the evidence of the model's calibration goes."""
    return min(score.value, matcher.calibration.evidence_score) if score.extrapolated else score.value


def _is_good(template: Template) -> bool:
    try:
        require_quality(template, "")
    except FailureToEnroll:
        return False
    return True


def _kept(
    verifier: Learner, scan: Scan, template: Template, *, like: Sequence[Reference], score: Score
) -> list[Reference]:
    """Keeps one probe of the finger that it is like, if that can be done."""
    kept, image = template, scan if verifier.keeps_scans else None
    if template.of_touches:
        from fpverify.comparison.touches.growing import as_ground

        kept, image = as_ground(template), None
    subject, finger = like[0].subject, like[0].finger
    try:
        return [verifier.store.learn(subject, finger, kept, like=like, score=score.value, scan=image)]
    except (StoreError, EnrollmentError) as error:
        tell("learnt nothing of %s: %s", finger, error)
        return []
