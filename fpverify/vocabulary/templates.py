"""What is extracted from a scan, and kept of a finger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary.arrays import FloatArray
from fpverify.vocabulary.scans import WORKING_PPI

Finger = Literal[
    "unknown",
    "right-thumb",
    "right-index",
    "right-middle",
    "right-ring",
    "right-little",
    "left-thumb",
    "left-index",
    "left-middle",
    "left-ring",
    "left-little",
]
FINGERS: tuple[Finger, ...] = (  # names by code; ISO/IEC 19794-2:2005, finger position
    "unknown",
    *("right-thumb", "right-index", "right-middle", "right-ring", "right-little"),
    *("left-thumb", "left-index", "left-middle", "left-ring", "left-little"),
)
LEARNT = "fpverify.learnt"  # in the metadata of an impression that was kept after a match: its score with enrolled ones
PIXEL_MM2 = (25.4 / WORKING_PPI) ** 2
BundleKind = Literal["minutiae", "whole-print", "bare"]
# How two prints are laid on each other: as they are; with skin that gives way; or so, and a neighbourhood that its own
# print shows elsewhere, too, counts less.
AlignmentKind = Literal["rigid", "bent", "bounded"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Minutiae:
    """The minutiae of one print, n of them, best first.

    Attributes:
        x_px, y_px: (n,) float32, at the working resolution.
        angle_rad: (n,) float32 in (-pi, pi]; the direction in which the ridge runs away from its ending,
            or the valley from its own (a bifurcation).
        quality: (n,) float32 in [0, 1].
    """

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    quality: FloatArray

    def __len__(self) -> int:
        return len(self.x_px)

    def __repr__(self) -> str:
        return f"Minutiae({len(self)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Skin:
    """The skin that touches of a small sensor show, one touch or several of a finger in one frame; or a whole print.

    What could be laid on one another lies so; what could not lies apart, so far that no touch reaches two such parts.
    The frame is at the working resolution, and the template's minutiae lie in it too.

    Attributes:
        x_px, y_px: (n,) float32 of the places, whole numbers on a lattice.
        angle_rad: (n,) float32 in [0, pi), along the ridges, in steps of 1/256 of half a turn.
        descriptors: (n, d) int8 of the places' neighbourhoods, turned so that the ridges run along +x.
        opposite: (n, d) int8, the same turned the other way, for a ridge has no sense; (0, d) of several touches and of
            whole prints, which need but one.
        picture: (h, w) int8, ridges negative, 0 exactly where nothing is shown: in steps of 3/127 of a local deviation
            of a single touch, -1 or 1 of several; (0, 0) of a whole print.
        touches: how many it is made of; 2 of one alone that has the form of several; 0 of a whole print.
    """

    x_px: FloatArray
    y_px: FloatArray
    angle_rad: FloatArray
    descriptors: NDArray[np.int8]
    opposite: NDArray[np.int8]
    picture: NDArray[np.int8]
    touches: int = 1

    def __len__(self) -> int:
        return len(self.x_px)

    @property
    def whole(self) -> bool:
        """Whether it is a whole print's, kept for touches to be compared with."""
        return self.touches == 0

    @property
    def area_mm2(self) -> float:
        """Of the picture that is shown."""
        return float(np.count_nonzero(self.picture)) * PIXEL_MM2

    def to_dict(self) -> dict[str, Any]:
        """What there is, in plain values."""
        if self.whole:
            return {"keeps_skin": True}
        return {"touches": self.touches, "touched_mm2": round(self.area_mm2, 1)}

    def __repr__(self) -> str:
        if self.whole:
            return f"Skin(a whole print, {len(self)} places)"
        touches = f"{self.touches} touches" if self.touches > 1 else "a touch"
        return f"Skin({touches}, {self.area_mm2:.0f} mm², {len(self)} places)"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Template:
    """What is kept of a scan: enough to compare, not to draw it again.

    Every number lies on the grid of the binary form (`fpverify.store.template_format`), so a stored template scores
    exactly as a fresh one.

    Attributes:
        model_id: the bundle that made it; templates of two bundles cannot be compared.
        quality: of the scan, in [0, 1].
        minutiae: n of them; none for a whole-print model.
        descriptors: (n, d) int8, one for each minutia, a unit vector in steps of 1/15 of its largest component; d is 0
            where minutiae are all that is known, as in records of them.
        vector: (m,) float32 of unit length for a whole-print model, otherwise None.
        skin: of a touch of a small sensor, of a finger that was enrolled from touches, or of a print that was enrolled
            for touches to be compared with; otherwise None.
    """

    model_id: str
    quality: float
    minutiae: Minutiae
    descriptors: NDArray[np.int8]
    vector: FloatArray | None = None
    skin: Skin | None = None

    @property
    def of_touches(self) -> bool:
        """Whether it is of a small sensor: of one touch, or of several."""
        return self.skin is not None and not self.skin.whole

    def __repr__(self) -> str:
        found = f", {len(self.minutiae)} minutiae" if self.vector is None else ""
        skin = f", {self.skin!r}" if self.skin is not None else ""
        return f"Template({self.model_id}, quality {self.quality:.2f}{found}{skin})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reference:
    """An enrolled impression."""

    subject: str
    finger: Finger
    impression: int  # 1, 2, ... within the finger
    template: Template
    enrolled_at: datetime  # UTC
    metadata: Mapping[str, Any] = field(default_factory=dict)  # of the impression, a small JSON object

    @property
    def model_id(self) -> str:
        """The bundle that made the template."""
        return self.template.model_id

    @property
    def learnt(self) -> bool:
        """Whether nobody enrolled it: it was kept after a match, at `enrolled_at`."""
        return LEARNT in self.metadata

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for programs, without the template."""
        return {
            "subject": self.subject,
            "finger": self.finger,
            "impression": self.impression,
            "quality": self.template.quality,
            "minutiae": len(self.template.minutiae),
            **({} if self.template.skin is None else self.template.skin.to_dict()),
            **({"touches": 1} if self.template.of_touches and self.learnt else {}),
            "learnt": self.learnt,
            "model": self.model_id,
            "enrolled_at": self.enrolled_at.isoformat(),
        }

    def __repr__(self) -> str:
        return f"Reference({self.subject!r}, {self.finger}, impression {self.impression}, {self.template!r})"
