"""Records of minutiae, enrolled beside templates of scans; and full templates for whom they stood in for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fpverify.errors import DuplicateFinger, FailureToEnroll, UnreadableRecord
from fpverify.features.bare import bare, template_of_view
from fpverify.features.quality import LEAST_QUALITY
from fpverify.matching import require_agreement
from fpverify.vocabulary import FINGERS, Decision, Finger, MinutiaRecord, Reference, Scan, Template

if TYPE_CHECKING:
    from fpverify.matching import Matcher, Matchers
    from fpverify.search.enrolled import Enrolled
    from fpverify.store import Store


class Keeper(Protocol):
    """A `Verifier`, as far as it is asked here."""

    matcher: Matcher
    matchers: Matchers

    @property
    def store(self) -> Store:
        """The references."""

    @property
    def enrolled(self) -> Enrolled:
        """All that is enrolled now."""

    def references(self, subject: str, finger: Finger | None = None) -> list[Reference]:
        """All impressions of a finger."""

    def enroll(self, scan: Scan, subject: str, finger: Finger) -> Reference:
        """Keeps a scan."""


def enroll_record(
    verifier: Keeper, record: MinutiaRecord, subject: str, finger: Finger | None = None, *, unchecked: bool = False
) -> list[Reference]:
    """Keeps the views of a record as impressions of a subject's fingers, all of them or none.

    Args:
        verifier: of the store; its model is theirs if it is for minutiae alone, otherwise the newest such.
        record: as `read_minutiae` reads it.
        subject: whose.
        finger: name of all of them; None takes what each view says.
        unchecked: neither compare a view with the finger's other impressions nor look for it among all records.

    Raises:
        UnreadableRecord: a view states no resolution, too few minutiae, or several fingers at once.
        FailureToEnroll: the record says that the picture was poor.
        EnrollmentError: a view does not agree with what is enrolled of the finger.
        DuplicateFinger: the finger is enrolled already by a record, under another id or name.
        StoreError: the store cannot be written; nothing was changed.
    """
    model_id = verifier.matcher.minutiae_model
    given = [
        (finger or _finger(view.finger, record.source), template_of_view(view, record.source, model_id))
        for view in record.views
    ]
    for number, (name, template) in enumerate(given):
        _require_quality(template, record.source)
        if not unchecked:
            before = [one for other, one in given[:number] if other == name]
            _require_one_finger(verifier, template, record.source, (subject, name), before)
    with verifier.store.batch():
        return [verifier.store.add(subject, name, template) for name, template in given]


def upgrade(verifier: Keeper, scan: Scan, decision: Decision) -> Reference | None:
    """Keeps a full template of a scan beside the records that it matched.

    Args:
        verifier: of the store.
        scan: what was decided on.
        decision: of it alone.

    Returns:
        The new impression; None if the decision is no match, or the finger has a full template already.

    Raises:
        FailureToEnroll: the scan is too poor to be verified against later.
        EnrollmentError, StoreError: as in `Verifier.enroll`.
    """
    if not decision.match or decision.subject is None or decision.finger is None:
        return None
    known = verifier.references(decision.subject, decision.finger)
    if any(one.model_id == verifier.matcher.model_id for one in known):
        return None
    return verifier.enroll(scan, decision.subject, decision.finger)


def _finger(code: int, source: str) -> Finger:
    if code >= len(FINGERS):
        raise UnreadableRecord(f"{source}: finger position {code} means several fingers; give a record of each")
    return FINGERS[code]


def _require_quality(template: Template, source: str) -> None:
    if template.quality < LEAST_QUALITY:
        raise FailureToEnroll(
            f"{source}: its picture had the quality {template.quality:.2f}, at least {LEAST_QUALITY:.2f} needed"
        )


def _require_one_finger(
    verifier: Keeper, template: Template, source: str, whose: tuple[str, Finger], before: list[Template]
) -> None:
    """Returns if a view is of the finger it is said to be of, as far as minutiae tell.

    Full templates of the finger are seen by their minutiae; duplicates are looked for among records.
    """
    subject, finger = whose
    enrolled = verifier.enrolled
    mine = [one for register in enrolled.registers for one in register.impressions(subject, finger)]
    comparable = [one for one in mine if one.template.vector is None and not one.learnt]
    require_agreement(
        verifier.matchers,
        lambda _: template,
        [*before, *(bare(one.template, template.model_id) for one in comparable)],
        source,
        f"{subject!r}, {finger}",
    )
    records = enrolled.of_models([one.matcher.model_id for one in enrolled.records])
    if not records.registers:
        return
    for match in records.duplicates(lambda model_id: bare(template, model_id), records.searched(mine)):
        raise DuplicateFinger(
            f"{source}: this finger is enrolled already, of {match.subject!r}, {match.finger} (score "
            f"{match.score.value:.1f}); enroll it unchecked if that is meant"
        )
