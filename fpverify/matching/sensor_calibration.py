"""A calibration of one's own: what a model's similarities mean on one sensor, one population, one way of use."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from fpverify.comparison import Calibration, LikelihoodRatio
from fpverify.errors import CorruptModel, ModelMismatch
from fpverify.models import Card
from fpverify.vocabulary import OperatingPoint


@dataclass(frozen=True, slots=True)
class SensorCalibration:
    """What takes the place of a model card's calibration for one sensor.

    Attributes:
        model_id: the model it belongs to.
        calibration: raw similarity to score.
        likelihood: score to likelihood ratio.
        operating_points: measured on fingers that the curve judging them was not fitted on.
        evidence: which data, in words.
        data_hash: SHA-256 over that data.
        created: ISO 8601, UTC.
    """

    model_id: str
    calibration: Calibration
    likelihood: LikelihoodRatio
    operating_points: tuple[OperatingPoint, ...]
    evidence: str
    data_hash: str
    created: str

    def write(self, path: str | Path) -> None:
        """Writes it as YAML."""
        plain = {
            "model_id": self.model_id,
            "created": self.created,
            "evidence": self.evidence,
            "data_hash": self.data_hash,
            "calibration": self.calibration.to_dict(),
            "likelihood": self.likelihood.to_dict(),
            "operating_points": [asdict(point) for point in self.operating_points],
        }
        Path(path).write_text(yaml.safe_dump(plain, sort_keys=False, width=120), encoding="utf-8")


def calibrated_card(card: Card, path: str | Path) -> Card:
    """A model's card with the calibration of a file in place of its own.

    Args:
        card: of the model.
        path: the file; or a folder of such files, each for its model: without one for this, the card stays as it is.

    Raises:
        CorruptModel: a file cannot be read or is no such calibration, or two are for one model; names it.
        ModelMismatch: it was made for another model.
    """
    if not Path(path).is_dir():
        return _calibrated(card, Path(path), _read(Path(path)))
    plains = {file: _read(file) for file in sorted(Path(path).glob("*.yaml"))}
    own = [file for file, plain in plains.items() if plain["model_id"] == card.id]
    if len(own) > 1:
        raise CorruptModel(f"{own[0]} and {own[1]} are both for the model {card.id}; leave one")
    return _calibrated(card, own[0], plains[own[0]]) if own else card


def _read(path: Path) -> dict[str, Any]:
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not YAML"
        raise CorruptModel(f"{path}: cannot be read as a calibration: {reason}") from error
    if not isinstance(plain, dict) or "model_id" not in plain:
        raise CorruptModel(f"{path}: no calibration; a file that `fpverify calibrate` wrote was expected")
    return plain


def _calibrated(card: Card, path: Path, plain: dict[str, Any]) -> Card:
    if plain["model_id"] != card.id:
        raise ModelMismatch(
            f"{path}: made for the model {str(plain['model_id'])!r:.60}, this is {card.id!r}; calibrate anew"
        )
    parts = {name: plain.get(name) for name in ("calibration", "likelihood", "operating_points")}
    made = Card.from_dict({**card.to_dict(), **parts}, source=str(path))
    Calibration.from_dict(made.calibration or {})
    LikelihoodRatio.from_dict(made.likelihood or {})
    return made
