"""One of the two prints of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fpverify.features import Acquired
from fpverify.vocabulary import Scan, Template


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One print, as it was given and what was found in it.

    Attributes:
        role: "probe" or "reference".
        scan: as it was given.
        acquired: what was found in it.
    """

    role: Literal["probe", "reference"]
    scan: Scan
    acquired: Acquired

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return Path(self.scan.source).name

    @property
    def template(self) -> Template:
        """The template that was compared."""
        return self.acquired.template

    def to_dict(self) -> dict[str, Any]:
        """Plain values; positions in px of 250 ppi from the top left corner."""
        minutiae = self.template.minutiae
        columns = (minutiae.x_px, minutiae.y_px, minutiae.angle_rad, minutiae.quality)
        area_mm2 = self.acquired.area_mm2
        return {
            "source": self.scan.source,
            "ppi": self.scan.ppi,
            "ppi_estimated": self.scan.ppi_estimated,
            "ppi_source": self.scan.ppi_source,
            "ppi_note": self.scan.ppi_note,
            "inverted": self.scan.inverted,
            "quality": self.template.quality,
            "area_mm2": None if area_mm2 is None else round(area_mm2, 2),
            "minutiae": [
                {"x_px": x, "y_px": y, "angle_rad": angle, "quality": quality}
                for x, y, angle, quality in np.stack(columns, axis=1).astype(float).round(4).tolist()
            ],
        }
