"""Two templates in, a score out.

similarity, similarities   raw, in [0, 1]: minutiae of the common area, or the cosine of whole-print vectors
consensus                  the pairs that agree, by which two prints are aligned
bare                       the same of templates without descriptors, judged by how the minutiae lie
witnesses                  likewise, judged by what those without a partner say, too
overlap                    two prints laid on each other: the partners in their common area
Calibration                raw similarity -> Score, -10 log10(FMR)
LikelihoodRatio            score -> log10 of the likelihood ratio
fuse, joint_threshold      the best of several scores, at the FMR of the whole decision
assign, combine            the scores of several fingers, likewise: each probe with a finger of its own
"""

from __future__ import annotations

from collections.abc import Sequence

from fpverify.comparison.assignment import Assignment, assign, combine
from fpverify.comparison.calibration import Calibration
from fpverify.comparison.consensus import Consensus, ConsensusSettings, consensus
from fpverify.comparison.fusion import fuse, joint_threshold
from fpverify.comparison.likelihood import LikelihoodRatio
from fpverify.comparison.overlap import SETTINGS, Alignment, Overlap, overlap, overlap_similarities
from fpverify.comparison.prepared import PreparedTemplate, prepare_template, require_comparable
from fpverify.vocabulary import AlignmentKind, Scores, Template

__all__ = [
    "Alignment",
    "Assignment",
    "Calibration",
    "Consensus",
    "ConsensusSettings",
    "LikelihoodRatio",
    "Overlap",
    "PreparedTemplate",
    "assign",
    "combine",
    "consensus",
    "fuse",
    "joint_threshold",
    "overlap",
    "prepare_template",
    "similarities",
    "similarity",
]


def similarity(
    probe: Template | PreparedTemplate, reference: Template | PreparedTemplate, *, alignment: AlignmentKind = "rigid"
) -> float:
    """How alike two prints are, raw: comparable only among templates of one model, and calibrated by `Calibration`.

    Exactly symmetric.

    Args:
        probe: template of the scan in question.
        reference: of the probe's model.
        alignment: see `similarities`.

    Returns:
        In [0, 1]; 0 also when there are too few minutiae to compare.

    Raises:
        ModelMismatch: the templates come from two models.
    """
    return float(similarities(probe, [reference], alignment=alignment)[0])


def similarities(
    probe: Template | PreparedTemplate,
    references: Sequence[Template | PreparedTemplate],
    *,
    alignment: AlignmentKind = "rigid",
) -> Scores:
    """The similarity of one probe to each of many references; exactly the numbers `similarity` gives.

    Args:
        probe: prepared here, once, if it is not yet.
        references: of the probe's model. Those compared more than once are better given prepared.
        alignment: how prints are laid on each other, as the model's card says (`Card.alignment`); of minutiae alone,
            unless they are rigid, those that have no partner are heard as well (`comparison/witnesses`), by several
            judges if they are bounded.

    Returns:
        (k,) float64 in [0, 1].

    Raises:
        ModelMismatch: a reference comes from another model than the probe.
    """
    one = prepare_template(probe)
    many = [prepare_template(reference) for reference in references]
    for reference in many:
        require_comparable(one, reference)
    if one.whole_print:
        from fpverify.comparison.whole_print import vector_similarities

        return vector_similarities(one, many)
    if one.bare:
        if alignment != "rigid":
            from fpverify.comparison.witnesses import witnessed_similarities

            return witnessed_similarities(one, many, alignment)
        from fpverify.comparison.bare import bare_similarities

        return bare_similarities(one, many)
    return overlap_similarities(one, many, SETTINGS[alignment])
