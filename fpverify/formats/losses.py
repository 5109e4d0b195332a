"""What a format does not keep of a record: seen by reading back what was written."""

from __future__ import annotations

from collections.abc import Callable

from fpverify.vocabulary import NOT_STATED, FingerView, MinutiaRecord

Trait = Callable[[FingerView], object]

_TRAITS: tuple[tuple[str, Trait], ...] = (
    ("the types of minutiae", lambda view: view.types.tolist()),
    ("the qualities of minutiae", lambda view: [_told(one) for one in view.quality.tolist()]),
    ("the finger", lambda view: view.finger),
    ("the impression type", lambda view: view.impression),
    ("the picture's size", lambda view: (view.width_px, view.height_px)),
    ("the resolution", lambda view: (round(view.ppcm_x), round(view.ppcm_y))),
    ("the picture's quality", lambda view: [max(one.value, 1) for one in view.ratings if one.value >= 0]),
    ("who measured the quality", lambda view: [(one.vendor, one.algorithm) for one in view.ratings if one.value >= 0]),
    ("how it was captured", lambda view: view.capture),
    ("extended data", lambda view: view.extended),
)


def lost(before: MinutiaRecord, after: MinutiaRecord) -> tuple[str, ...]:
    """What of a record is not in another that was made of it, beyond rounding; a few words each."""
    named = [
        name
        for name, trait in _TRAITS
        if any(_is_lost(trait(old), trait(new)) for old, new in zip(before.views, after.views, strict=True))
    ]
    if before.product not in {(0, 0), after.product}:
        named.append("who made it")
    return tuple(named)


def _is_lost(old: object, new: object) -> bool:
    """Whether something was said that is not said any more, or is said otherwise."""
    return old != new and not _is_nothing(old)


def _told(quality: int) -> int:
    """A quality as every format can say it: where 0 says that none is given, 1 is the lowest."""
    return max(quality, 1) if quality >= 0 else NOT_STATED


def _is_nothing(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_nothing(one) for one in value)
    return not value or value == NOT_STATED
