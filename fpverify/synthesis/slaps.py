"""Fingers of one hand put down together: a slap, and what is true of it.

Four fingers lie beside each other, fanned a little, the middle one farthest out and the little one far behind; two
thumbs lie side by side. Behind the print of a fingertip may lie that of the next joint. Lengths are those of adults'
hands: fingers 14 to 20 mm wide on the glass, 17 to 23 mm from one to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np

from fpverify.synthesis.fields import pixel_grid, smooth_field
from fpverify.synthesis.placement import Map
from fpverify.synthesis.sensor import SENSORS, Sensor, draw_image
from fpverify.synthesis.skin import draw_ink
from fpverify.synthesis.slap_surroundings import NOTHING, Surroundings, surrounded
from fpverify.vocabulary import WORKING_PPI, BoolArray, Finger, FloatArray

PX_PER_MM = WORKING_PPI / 25.4
PLATE_MM = (76.0, 81.0)  # height and width of most slap scanners
RIGHT_FOUR: tuple[Finger, ...] = ("right-index", "right-middle", "right-ring", "right-little")
LEFT_FOUR: tuple[Finger, ...] = ("left-little", "left-ring", "left-middle", "left-index")
BOTH_THUMBS: tuple[Finger, ...] = ("left-thumb", "right-thumb")
SHAPES = {"right-four": RIGHT_FOUR, "left-four": LEFT_FOUR, "both-thumbs": BOTH_THUMBS}
PLACES: dict[str, tuple[float, float]] = {  # mm behind the middle finger's tip: the least and the most
    "index": (5.0, 12.0),
    "middle": (0.0, 0.0),
    "ring": (2.0, 9.0),
    "little": (17.0, 29.0),
    "thumb": (0.0, 5.0),
}
WIDTHS: dict[str, tuple[float, float]] = {  # mm on the glass
    "index": (13.5, 18.0),
    "middle": (13.5, 18.5),
    "ring": (13.0, 17.5),
    "little": (11.0, 15.0),
    "thumb": (17.0, 22.0),
}
LENGTHS = (1.2, 1.6)  # of the fingertip's print, in its widths
GAP_MM = (-0.6, 7.0)  # between neighbours' prints; below 0 they touch
FAN_RAD = (0.0, 0.16)  # between the outer fingers and the hand
TURN_RAD = 0.35  # of the hand, most; 20 degrees
JOINT = 0.6  # how often the next joint shows
CREASE_MM = (1.5, 4.0)  # without print between the two
JOINT_WIDTH, JOINT_LENGTH = (0.78, 0.95), (1.1, 1.8)  # of its print, in the fingertip's widths
JOINT_INK = (0.4, 1.0)  # of the fingertip's
PALM_MM, PALM_WAVE_MM = (3.0, 14.0), 2.0  # of the palm above the lower border; deviation of its edge
ROUND, SQUARE = 2.4, 5.0  # powers of the outlines of a fingertip and of a joint
PATCH_PX, LONG_PATCH_PX = (560, 460), (760, 700)  # of one finger with its next joint, or with both, turned
USUAL_WIDTH = 0.72  # of a fingertip on the glass, in its master's width
RIDGES_GROW = 0.35  # power of a finger's size with which its ridges widen: those of thumbs are a tenth wider
HIGH = 1.0  # of the patch is above the middle of the tip, in its widths
BEND_PX = 3.0  # of the skin, most, as in `placement`


@dataclass(frozen=True, slots=True)
class SlapSettings:
    """How slaps vary.

    Attributes:
        hardness: range of `skin.draw_ink`'s hardness.
        pressure: deviation of the pressure from finger to finger, in units of ridges.
        gap_mm: between neighbours' prints; below 0 they touch.
        turn_rad: most turn of the hand either way.
        sensor: how the scanner draws.
        second: how often the next joint shows behind a fingertip.
        third: how often, where it does, the joint behind that shows as well.
        palm: how often the palm shows below.
        crease_mm: without print between two joints.
        size: of the hand, against an adult's of middle size, the least and the most.
        shift_mm: most of the hand out of its usual place, across and down: prints may reach the border.
        around: what else is in the picture.
    """

    hardness: tuple[float, float] = (0.2, 1.0)
    pressure: float = 0.25
    gap_mm: tuple[float, float] = GAP_MM
    turn_rad: float = TURN_RAD
    sensor: Sensor = SENSORS["optical"]
    second: float = JOINT
    third: float = 0.0
    palm: float = 0.0
    crease_mm: tuple[float, float] = CREASE_MM
    size: tuple[float, float] = (1.0, 1.0)
    shift_mm: tuple[float, float] = (0.0, 0.0)
    around: Surroundings = NOTHING


WIDE = SlapSettings(  # as slaps of registers are: whole fingers, palms, cards' lines, dirt, all sizes of hands
    hardness=(0.1, 1.0),
    second=0.8,
    third=0.5,
    palm=0.2,
    crease_mm=(0.3, 4.0),
    size=(0.82, 1.15),
    shift_mm=(5.0, 7.0),
    around=Surroundings(frame=0.35, words=0.25, dirt=0.4, light=0.5, halo=0.25, faint=0.25),
)


@dataclass(frozen=True, slots=True, eq=False)
class Slap:
    """A picture of several fingers.

    Attributes:
        image: (height, width) float32 in [0, 1], ridges dark, 250 ppi.
        fingers: names from left to right, of those that are there.
        tips: (height, width) bool of each, where its fingertip touches.
    """

    image: FloatArray
    fingers: tuple[Finger, ...]
    tips: tuple[BoolArray, ...]


def draw_slap(
    rng: np.random.Generator,
    masters: Sequence[FloatArray],
    shape: str,
    settings: SlapSettings | None = None,
    *,
    missing: Sequence[Finger] = (),
) -> Slap:
    """A slap; about 0.1 s.

    Args:
        rng: source of randomness.
        masters: ridges of the fingers from left to right, those of missing ones too.
        shape: a key of `SHAPES`.
        settings: how it varies.
        missing: fingers that are not put down.
    """
    settings = settings or SlapSettings()
    names = SHAPES[shape]
    plate = tuple(round(side * PX_PER_MM) for side in PLATE_MM)
    mark = np.zeros(plate, np.float32)
    hardness = rng.uniform(*settings.hardness)
    tips: list[BoolArray] = []
    for master, name, place in zip(masters, names, _places(rng, names, settings), strict=True):
        if name in missing:
            continue
        pressed = _Pressed(hardness, rng.normal(0, settings.pressure), settings)
        ink, tip = _finger(rng, master, place, pressed, plate)
        mark = np.maximum(mark, ink)
        tips.append(tip)
    if settings.palm and len(names) > 2 and rng.random() < settings.palm:
        mark = np.maximum(mark, _palm(rng, masters[0], hardness, plate))
    image = draw_image(rng, mark, np.ones(plate, np.bool_), settings.sensor)
    if settings.around != NOTHING:
        image = surrounded(rng, image, mark, settings.around)
    return Slap(image, tuple(name for name in names if name not in missing), tuple(tips))


@dataclass(frozen=True, slots=True)
class _Pressed:
    """How a finger is put down: the hand's hardness, how much harder it is pressed than others, and how slaps vary."""

    hardness: float
    harder: float
    settings: SlapSettings


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a finger: the middle of its tip (across, down) and its width in pixels, and its turn."""

    x: float
    y: float
    width: float
    turn_rad: float


def _places(rng: np.random.Generator, names: Sequence[Finger], settings: SlapSettings) -> list[_Place]:
    kinds = [name.split("-")[1] for name in names]
    size = 1.0 if settings.size == (1.0, 1.0) else rng.uniform(*settings.size)
    widths = [size * rng.uniform(*WIDTHS[kind]) for kind in kinds]
    gaps = rng.uniform(*settings.gap_mm, len(names) - 1)
    steps = [(a + b) / 2 + gap for a, b, gap in zip(widths, widths[1:], gaps, strict=False)]
    across = np.concatenate([[0.0], np.cumsum(steps)])
    across -= across.mean()
    down = np.array([size * rng.uniform(*PLACES[kind]) for kind in kinds])
    down -= (down.min() + down.max()) / 2
    down += rng.uniform(-14, -6)  # the tips lie in the upper part: the palm is below
    fan = rng.uniform(*FAN_RAD) * across / max(1.0, float(np.abs(across).max()))
    turn = rng.uniform(-settings.turn_rad, settings.turn_rad)
    aside, below = (rng.uniform(-most, most) if most else 0.0 for most in settings.shift_mm)
    places = []
    for x, y, width, own in zip(across, down, widths, fan, strict=True):
        spread = x + y * sin(own) * -1
        px, py = cos(turn) * spread - sin(turn) * y, sin(turn) * spread + cos(turn) * y
        height_mm, width_mm = PLATE_MM
        places.append(
            _Place(
                (width_mm / 2 + px + aside) * PX_PER_MM,
                (height_mm / 2 + py + below) * PX_PER_MM,
                width * PX_PER_MM,
                turn + own,
            )
        )
    return places


def _finger(
    rng: np.random.Generator,
    master: FloatArray,
    place: _Place,
    pressed: _Pressed,
    plate: tuple[int, ...],
) -> tuple[FloatArray, BoolArray]:
    """The ink of a finger on the plate, and where its tip touches."""
    settings = pressed.settings
    patch = LONG_PATCH_PX if settings.third else PATCH_PX
    x, y = pixel_grid(patch)
    y = y + patch[0] / 2 - HIGH * place.width  # the middle of the tip lies high in the patch
    c, s = cos(place.turn_rad), sin(place.turn_rad)
    u, v = np.asarray(c * x + s * y, np.float32), np.asarray(c * y - s * x, np.float32)
    size = (place.width / (USUAL_WIDTH * master.shape[1])) ** RIDGES_GROW
    bend = rng.uniform(0, BEND_PX)
    to = Map(
        np.asarray(u / size + master.shape[1] / 2 + bend * smooth_field(rng, patch, 3), np.float32),
        np.asarray(v / size + 0.5 * master.shape[0] + bend * smooth_field(rng, patch, 3), np.float32),
    )
    length = rng.uniform(*LENGTHS) * place.width
    tip = _ellipse(rng, u, v, (place.width / 2, length / 2), ROUND)
    relief = to.taken(master)
    contact = tip
    ends = length / 2
    for chance in (settings.second, settings.third):
        if rng.random() >= chance:
            break
        half_width = rng.uniform(*JOINT_WIDTH) * place.width / 2
        half_length = rng.uniform(*JOINT_LENGTH) * place.width / 2
        begins = ends + rng.uniform(*settings.crease_mm) * PX_PER_MM
        joint = _ellipse(rng, u, np.asarray(v - begins - half_length, np.float32), (half_width, half_length), SQUARE)
        relief = np.asarray(np.where(v > begins - 2, _joint_skin(master, to), relief), np.float32)
        contact = np.maximum(contact, joint * rng.uniform(*JOINT_INK))
        ends = begins + 2 * half_length
        if not settings.third:
            break
    ink = draw_ink(rng, relief + np.float32(pressed.harder), pressed.hardness) * contact
    return _on_plate(ink, place, plate), _on_plate(np.asarray(tip, np.float32), place, plate) > 0.5


def _palm(rng: np.random.Generator, master: FloatArray, hardness: float, plate: tuple[int, ...]) -> FloatArray:
    """The ink of the palm's upper edge along the lower border."""
    height, width = plate[0], plate[1]
    x, y = pixel_grid((height, width))
    upper = height / 2 - rng.uniform(*PALM_MM) * PX_PER_MM
    edge = upper + PALM_WAVE_MM * PX_PER_MM * smooth_field(rng, (height, width), 4)
    contact = 1 / (1 + np.exp(np.clip((edge - y) / 2, -50, 50)))
    middle = Map(x + master.shape[1] / 2, y + master.shape[0] / 2)
    return np.asarray(draw_ink(rng, _joint_skin(master, middle), hardness) * contact, np.float32)


def _joint_skin(master: FloatArray, to: Map) -> FloatArray:
    """Another piece of skin: the same, turned and going on and on."""
    height, width = master.shape
    turned = Map(np.mod(to.y, 2 * width - 1), np.mod(to.x, 2 * height - 1))
    return turned.taken(np.block([[master, master[:, ::-1]], [master[::-1], master[::-1, ::-1]]]))


def _ellipse(
    rng: np.random.Generator, u: FloatArray, v: FloatArray, half: tuple[float, float], power: float
) -> FloatArray:
    """A contact area that is nearly an ellipse, the squarer the higher the power, with a ragged edge; in [0, 1]."""
    radius = np.abs(u / half[0]) ** power + np.abs(v / half[1]) ** power
    radius = radius + 0.08 * smooth_field(rng, (u.shape[0], u.shape[1]), 6)
    return np.asarray(1 / (1 + np.exp(np.clip((radius - 1) * rng.uniform(10, 25), -50, 50))), np.float32)


def _on_plate(patch: FloatArray, place: _Place, plate: tuple[int, ...]) -> FloatArray:
    """A patch where it lies on the plate; what falls beside the plate is lost."""
    whole = np.zeros(plate, np.float32)
    top, left = round(place.y - HIGH * place.width), round(place.x - patch.shape[1] / 2)
    rows = slice(max(top, 0), min(top + patch.shape[0], plate[0]))
    columns = slice(max(left, 0), min(left + patch.shape[1], plate[1]))
    if rows.start < rows.stop and columns.start < columns.stop:
        whole[rows, columns] = patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return whole


def enlarged(image: FloatArray, factor: float = 2.0) -> np.ndarray:
    """A picture at a scanner's resolution, 500 ppi where the factor is 2; (height, width) uint8."""
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(np.rint(large * 255), 0, 255), np.uint8)
