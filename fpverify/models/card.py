"""The card of a bundle: what the model is, what it was made from, and what it was measured to do.

It is YAML, for people. Beside it lies the same as JSON, which is read in a hundredth of the time, with the hash of the
card that it is a copy of: it counts for that card and for no other, and where it is missing the card is read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any, get_args

from fpverify.errors import CorruptModel
from fpverify.vocabulary import AlignmentKind, BundleKind, Interval, OperatingPoint

CARD = "card.yaml"  # the file in a bundle's folder
COPY = "card.json"  # likewise
COPY_OF, COPIED = "sha256", "card"  # its fields: of the card's bytes, and what they say

INTENDED_USE = (
    "One-to-one verification of flat fingerprints from optical, capacitive and thermal sensors, 250 to 1000 ppi, "
    "at an error rate chosen by the operator."
)
LIMITS = (
    "No liveness detection: a copy of a finger is compared like a finger. Not for latent prints, rolled prints with "
    "strong distortion, or photographs of fingers. Error rates are measured on the data named with them and may "
    "differ on another sensor or population."
)
LONGEST_ID = 255  # bytes of UTF-8: what a stored template has room for
SHA256_DIGITS = 64

_NONE = type(None)
_TYPES: Mapping[str, tuple[type, ...]] = {  # of the plain values of a card
    "id": (str,),
    "kind": (str,),
    "created": (str,),
    "files": (dict,),
    "search_files": (dict,),
    "recipe": (dict,),
    "seeds": (dict,),
    "versions": (dict,),
    "training_data": (str,),
    "calibration": (dict, _NONE),
    "likelihood": (dict, _NONE),
    "operating_points": (list,),
    "measured": (list,),
    "input_px": (int, _NONE),
    "alignment": (str,),
    "intended_use": (str,),
    "limits": (str,),
}


@dataclass(frozen=True, slots=True)
class Card:
    """Contents of `card.yaml`.

    Attributes:
        id: of the model; templates carry it.
        kind: which of the two pipelines the networks belong to.
        created: date, ISO 8601.
        files: SHA-256 of each file of the bundle.
        alignment: whether prints are laid on each other as they are, `rigid`, or with skin that gives way, `bent`; of a
            model of minutiae, or of minutiae alone. `bounded` is bent, and no few minutiae are worth what many are;
            of minutiae alone, several judges are asked.
        search_files: likewise of those that only a search of many references reads; they make no template another.
        recipe: the training recipe, as plain values.
        seeds: of the synthetic fingers, by what they were for.
        versions: of the software that trained and exported.
        training_data: in words.
        calibration: `fpverify.comparison.Calibration` as plain numbers; None before it is fitted.
        likelihood: `fpverify.comparison.LikelihoodRatio` as plain numbers; None before it is fitted.
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
    seeds: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    training_data: str = ""
    calibration: dict[str, Any] | None = None
    likelihood: dict[str, Any] | None = None
    operating_points: tuple[OperatingPoint, ...] = ()
    measured: tuple[dict[str, Any], ...] = ()
    input_px: int | None = None
    search_files: dict[str, str] = field(default_factory=dict)
    alignment: AlignmentKind = "rigid"
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
        try:
            return cls(**_checked(plain))
        except ValueError as error:
            raise CorruptModel(f"{source}: not a model card of this fpverify: {error}") from error


def read_card(path: Path) -> Card:
    """The card in a file.

    Raises:
        CorruptModel: it cannot be read, or is no card.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptModel(f"{path}: the model card cannot be read: {str(error).splitlines()[0]}") from error
    plain = _copied(path.with_name(COPY), content)
    return Card.from_dict(_plain_yaml(content, path) if plain is None else plain, str(path))


def written(card: Card) -> dict[str, bytes]:
    """A card as its files, the copy first: name to bytes."""
    import yaml  # here: whoever compares prints reads the copy alone

    text = yaml.safe_dump(card.to_dict(), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    content = text.encode()
    copy = _copy_of(content)
    return {**({} if copy is None else {COPY: copy}), CARD: content}


def _copy_of(content: bytes) -> bytes | None:
    """The copy of a card; None of one that JSON would change, such as a recipe with numbers for names."""
    plain = _plain_yaml(content, CARD)
    try:
        copy = json.dumps({COPY_OF: hashlib.sha256(content).hexdigest(), COPIED: plain}, ensure_ascii=False)
    except TypeError:
        return None
    return copy.encode() if json.loads(copy)[COPIED] == plain else None


def _copied(path: Path, content: bytes) -> object | None:
    """What the copy says, if it is one of this card; None where it is not or there is none."""
    try:
        copy = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(copy, dict) or copy.get(COPY_OF) != hashlib.sha256(content).hexdigest():
        return None
    found: object | None = copy.get(COPIED)
    return found


def _plain_yaml(content: bytes, path: Path | str) -> object:
    """What `yaml.safe_load` gives, by the C parser where there is one: ten times as fast.

    Raises:
        CorruptModel: it is no YAML; names `path`.
    """
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(content.decode())
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorruptModel(f"{path}: the model card cannot be read: {str(error).splitlines()[0]}") from error


def _checked(plain: Any) -> dict[str, Any]:
    """The fields of a card; ValueError says what is wrong with them."""
    if not isinstance(plain, dict):
        raise ValueError("a mapping of fields was expected")
    _check_types(plain)
    _check_words(plain)
    _check_files(plain["files"] | plain.get("search_files", {}))
    points = tuple(_operating_point(point, plain["id"]) for point in plain.get("operating_points", ()))
    if not all(isinstance(figures, dict) for figures in plain.get("measured", ())):
        raise ValueError("measured is a list of mappings")
    return {**plain, "operating_points": points, "measured": tuple(plain.get("measured", ()))}


def _check_types(plain: dict[str, Any]) -> None:
    for name, value in plain.items():
        if name not in _TYPES:
            raise ValueError(f"unknown field {name!r}")
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise ValueError(f"{name} cannot be {value!r:.40}")
    for name in ("id", "kind", "created", "files"):
        if name not in plain:
            raise ValueError(f"no field {name!r}")


def _check_words(plain: dict[str, Any]) -> None:
    if not 1 <= len(plain["id"].encode()) <= LONGEST_ID:
        raise ValueError(f"id has 1 to {LONGEST_ID} bytes")
    if plain["kind"] not in get_args(BundleKind):
        raise ValueError(f"kind is one of {', '.join(get_args(BundleKind))}, not {plain['kind']!r:.40}")
    if (alignment := plain.get("alignment", "rigid")) not in get_args(AlignmentKind):
        raise ValueError(f"alignment is one of {', '.join(get_args(AlignmentKind))}, not {alignment!r:.40}")
    side = plain.get("input_px")
    if plain["kind"] == "whole-print" and (side is None or side < 1):
        raise ValueError("a whole-print model needs input_px, the side of its network's input")


def _check_files(files: dict[Any, Any]) -> None:
    for name, digest in files.items():
        if not isinstance(name, str) or PurePath(name).name != name:
            raise ValueError(f"{name!r:.40} is not the name of a file in the bundle's folder")
        if not isinstance(digest, str) or len(digest) != SHA256_DIGITS:
            raise ValueError(f"the hash of {name} is not a SHA-256")


def _operating_point(plain: dict[str, Any], model_id: str) -> OperatingPoint:
    try:
        intervals = {name: Interval(**plain[name]) for name in ("fmr_interval", "fnmr_interval")}
        point = OperatingPoint(**{**plain, **intervals})
    except (TypeError, KeyError) as error:
        raise ValueError(f"an operating point is incomplete or malformed: {error}") from error
    ends = [end for interval in intervals.values() for end in (interval.low, interval.high)]
    for number in (point.target_fmr, point.threshold, point.fmr, point.fnmr, point.fta, *ends):
        if not isinstance(number, float | int) or not math.isfinite(number):
            raise ValueError(f"an operating point holds {number!r:.40} where a number was expected")
    if point.model_id != model_id:
        raise ValueError(f"an operating point belongs to the model {point.model_id!r:.40}")
    return point
