"""The card of a bundle: what the model is, what it was made from, and what it was measured to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_args

from fpverify.errors import CorruptModel
from fpverify.vocabulary import BundleKind, Interval, OperatingPoint

INTENDED_USE = (
    "One-to-one verification of flat fingerprints from optical, capacitive and thermal sensors, 250 to 1000 ppi, "
    "at an error rate chosen by the operator."
)
LIMITS = (
    "No liveness detection: a copy of a finger is compared like a finger. Not for latent prints, rolled prints with "
    "strong distortion, or photographs of fingers. Error rates are measured on the data named with them and may "
    "differ on another sensor or population."
)


@dataclass(frozen=True, slots=True)
class Card:
    """Contents of `card.yaml`.

    Attributes:
        id: of the model; templates carry it.
        kind: which of the two pipelines the networks belong to.
        created: date, ISO 8601.
        files: SHA-256 of each file of the bundle.
        recipe: the training recipe, as plain values.
        versions: of the software that trained and exported.
        training_data: in words.
        calibration: `fpverify.comparison.Calibration` as plain numbers; None before it is fitted.
        operating_points: thresholds with their evidence, highest rate first.
        measured: error rates on named data, one mapping a set.
        input_px: side of the network's input, for whole prints.
        intended_use, limits: in words.
    """

    id: str
    kind: BundleKind
    created: str
    files: dict[str, str]
    recipe: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    training_data: str = ""
    calibration: dict[str, Any] | None = None
    operating_points: tuple[OperatingPoint, ...] = ()
    measured: tuple[dict[str, Any], ...] = ()
    input_px: int | None = None
    intended_use: str = INTENDED_USE
    limits: str = LIMITS

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for YAML."""
        plain = asdict(self)
        plain["operating_points"] = [asdict(point) for point in self.operating_points]
        plain["measured"] = list(self.measured)
        return plain

    @classmethod
    def from_dict(cls, plain: Any, source: str) -> Card:
        """The card of plain values.

        Raises:
            CorruptModel: a field is missing, unknown or of the wrong type; names it and `source`.
        """
        if not isinstance(plain, dict):
            raise CorruptModel(f"{source}: not a model card: a mapping of fields was expected")
        known = {one.name for one in fields(cls)}
        if unknown := sorted(set(plain) - known, key=str):
            raise CorruptModel(f"{source}: unknown field {unknown[0]!r} in the model card")
        try:
            points = tuple(_operating_point(point) for point in plain.get("operating_points") or ())
            measured = tuple(plain.get("measured") or ())
            card = cls(**{**plain, "operating_points": points, "measured": measured})
        except (TypeError, ValueError, KeyError) as error:
            raise CorruptModel(f"{source}: the model card is incomplete or malformed: {error}") from error
        if card.kind not in get_args(BundleKind) or not card.id or not isinstance(card.files, dict):
            raise CorruptModel(f"{source}: the model card needs an id, a kind of {get_args(BundleKind)} and its files")
        return card


def _operating_point(plain: dict[str, Any]) -> OperatingPoint:
    intervals = {name: Interval(**plain[name]) for name in ("fmr_interval", "fnmr_interval")}
    return OperatingPoint(**{**plain, **intervals})
