"""A template's working form: what every comparison with it needs, computed once."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import ModelMismatch
from fpverify.vocabulary import FloatArray, Minutiae, Scores, Template

TURN_RAD = np.float32(2 * np.pi)
# A minutia that the map is nearly sure of shows again in three of four synthetic impressions of its place. One of the
# lower quality does so half as often; below it no less is expected: real prints have more of these than synthetic ones.
EXPECTED_AT_QUALITY = (0.45, 0.68)
EXPECTED = (0.5, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTemplate:
    """A template ready to be compared many times; about 8 n^2 + 4 n d bytes (45 KB for 60 minutiae).

    Attributes:
        model_id: as in the template.
        descriptors: (n, d) float32, the template's integers, so that their inner products are exact in any order.
        inverse_norm: (n,) float32, makes the descriptors unit length; 0 for a descriptor of zeros.
        direction_turns: (n,) float32, of the minutiae; in turns (2 pi), so that a difference wraps by rounding.
        distance_px: (n, n) float32, between minutiae.
        expected: (n,) float32 in [0.5, 1], how likely another print of the place shows the minutia too, next to a
            clear one.
        radial_turns: (n, n) float32; [i, j] is the direction of i less the bearing of i seen from j.
        position: (n,) complex, x + iy, px.
        hull_normals: (e,) complex of length 1, outwards, of the edges of the minutiae's convex hull.
        hull_offsets_px: (e,) the edges' distances from the origin along them.
        vector: (m,) float64 of unit length for a whole-print model, otherwise m is 0.
        bare: the template has minutiae alone; its descriptors tell what lies around each, and no picture stands behind
            them.
        order: a total order of templates, so that comparing two is the same computation whichever is the probe.
    """

    model_id: str
    descriptors: FloatArray
    inverse_norm: FloatArray
    direction_turns: FloatArray
    expected: FloatArray
    distance_px: FloatArray
    radial_turns: FloatArray
    position: NDArray[np.complex128]
    hull_normals: NDArray[np.complex128]
    hull_offsets_px: Scores
    vector: Scores
    order: tuple[int, bytes]
    bare: bool = False

    def __len__(self) -> int:
        """The number of minutiae."""
        return len(self.direction_turns)

    @property
    def whole_print(self) -> bool:
        """Compared by its vector, not by its minutiae."""
        return len(self.vector) > 0 and len(self) == 0

    @property
    def form(self) -> str:
        """What there is to compare, in words."""
        if self.whole_print:
            return f"a vector of {len(self.vector)} numbers"
        if not len(self):
            return "no minutiae"
        return "minutiae alone" if self.bare else f"descriptors of {self.descriptors.shape[1]} numbers"


def prepare_template(template: Template | PreparedTemplate) -> PreparedTemplate:
    """The working form of a template; one that is prepared already is returned as it is.

    About 0.05 ms, and 2 ms for a template of minutiae alone, whose descriptors are made here.
    """
    if isinstance(template, PreparedTemplate):
        return template
    minutiae = template.minutiae
    bare = len(minutiae) > 0 and template.descriptors.shape[1] == 0
    descriptors = _described(minutiae) if bare else np.asarray(template.descriptors, np.float32)
    distance_px, bearing_rad = _geometry(minutiae)
    position = np.empty(len(minutiae), np.complex128)
    position.real, position.imag = minutiae.x_px, minutiae.y_px
    normals, offsets = _hull(minutiae)
    direction_turns = np.asarray(minutiae.angle_rad / TURN_RAD, np.float32)
    return PreparedTemplate(
        model_id=template.model_id,
        descriptors=descriptors,
        inverse_norm=_inverse_norm(descriptors),
        direction_turns=direction_turns,
        expected=np.interp(minutiae.quality, EXPECTED_AT_QUALITY, EXPECTED).astype(np.float32),
        distance_px=distance_px,
        radial_turns=direction_turns[:, None] - bearing_rad / TURN_RAD,
        position=position,
        hull_normals=normals,
        hull_offsets_px=offsets,
        vector=np.empty(0) if template.vector is None else _unit(template.vector),
        order=(len(minutiae), _content(template)),
        bare=bare,
    )


def require_comparable(probe: PreparedTemplate, reference: PreparedTemplate) -> None:
    """Nothing, if the two may be compared.

    Raises:
        ModelMismatch: they come from two models, or do not hold the same kind of numbers.
    """
    if probe.model_id != reference.model_id:
        raise ModelMismatch(
            f"the probe was made by the model {probe.model_id!r}, the reference by {reference.model_id!r}; "
            "only templates of one model can be compared"
        )
    alike = probe.bare == reference.bare and probe.descriptors.shape[1] == reference.descriptors.shape[1]
    if len(probe) and len(reference) and alike:
        return  # nearly always, and said without words
    empty_minutiae = "no minutiae" in (probe.form, reference.form) and not (probe.whole_print or reference.whole_print)
    if probe.form != reference.form and not empty_minutiae:
        raise ModelMismatch(
            f"of two templates of the model {probe.model_id!r} the probe has {probe.form}, the reference "
            f"{reference.form}; one of them was not made by that model"
        )


def _described(minutiae: Minutiae) -> FloatArray:
    from fpverify.comparison.neighbourhoods import described  # of no use to what has descriptors

    return described(minutiae)


def _geometry(minutiae: Minutiae) -> tuple[FloatArray, FloatArray]:
    """(n, n) distances in px, and bearings of the first minutia seen from the second."""
    x = minutiae.x_px[:, None] - minutiae.x_px
    y = minutiae.y_px[:, None] - minutiae.y_px
    return np.hypot(x, y), np.arctan2(y, x)


def _hull(minutiae: Minutiae) -> tuple[NDArray[np.complex128], Scores]:
    """Outward normals and offsets of the edges of the convex hull; none when the minutiae span no area."""
    if len(minutiae) < 3:
        return np.empty(0, np.complex128), np.empty(0)
    places = np.empty((len(minutiae), 2), np.float32)
    places[:, 0], places[:, 1] = minutiae.x_px, minutiae.y_px
    corners = cv2.convexHull(places)
    if len(corners) < 3:
        return np.empty(0, np.complex128), np.empty(0)
    z = corners.reshape(-1, 2).astype(np.float64).view(np.complex128)[:, 0]
    edges = np.concatenate([z[1:], z[:1]]) - z
    outwards = -1j * edges / np.abs(edges)
    centre = z.sum() / len(z)
    outwards *= np.sign(((z - centre) * outwards.conj()).real.sum())
    return outwards, (z * outwards.conj()).real


def _inverse_norm(descriptors: FloatArray) -> FloatArray:
    """One over the length of each row; 0 where the length is."""
    norm = np.sqrt(np.einsum("nd,nd->n", descriptors, descriptors))
    return np.asarray(np.divide(1.0, norm, out=np.zeros_like(norm), where=norm > 0))


def _unit(vector: FloatArray) -> Scores:
    exact = np.asarray(vector, np.float64)
    return np.asarray(exact / max(float(np.linalg.norm(exact)), np.finfo(np.float64).tiny))


def _content(template: Template) -> bytes:
    """All numbers a comparison reads, as bytes: equal for two templates only if these are."""
    minutiae = template.minutiae
    parts = (minutiae.x_px, minutiae.y_px, minutiae.angle_rad, minutiae.quality, template.descriptors)
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)
