"""One impression of a finger on a sensor, with exact labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpverify.synthesis.creases import creased, pressed
from fpverify.synthesis.fields import smooth_field
from fpverify.synthesis.harsh_skin import draw_glare, draw_net, draw_scraps, draw_slits
from fpverify.synthesis.placement import DISTORTION_PX, STRETCH_DEVIATION, Map, draw_placement, draw_rolling
from fpverify.synthesis.plate import draw_specks, draw_streaks
from fpverify.synthesis.sensor import VARIED, Range, Sensor, draw_image, draw_window
from fpverify.synthesis.skin import draw_beads, draw_blotches, draw_ink, draw_wrinkles
from fpverify.synthesis.twist import draw_twist
from fpverify.vocabulary import BoolArray, FloatArray, Minutiae

FAINT_INK = (0.15, 0.6)  # of full contact: a dry finger put down lightly, down to what is refused as too faint
GHOST_INK = (0.03, 0.2)  # of the print's: from what local normalisation only just shows to what one sees at once
SMALL_STEP_PX, SMALL_STEPS = 8, (9, 16)  # sides of small sensors: 72 to 128 px, 7.3 to 13 mm
SMALL_OFF_PX = 25.0  # deviation of a small sensor's middle from the finger's, 2.5 mm: few fingers are put down centred
BEADED_HARDNESS = 0.7  # most: a worse press hides that ridges are in dots
PLAIN_SPREAD: tuple[Range, Range] = ((0.45, 1.05), (0.5, 1.1))  # of a contact area, in 0.42 of the master's sides
ROLLED_SPREAD: tuple[Range, Range] = ((1.1, 1.35), (0.95, 1.25))  # nearly all of the master: from nail to nail
TWIST_RAD = 0.35  # 20 degrees: what people do who are asked to twist; the skin holds no more
PUSH_PX = 20.0  # 2 mm: about where skin begins to slip
GHOST_SHIFT_PX = 90.0  # most, along each axis: half of the image, so that ghosts lie beside prints too


@dataclass(frozen=True, slots=True)
class ImpressionSettings:
    """How impressions of a set vary.

    Attributes:
        shape: (height, width) px of the image at 250 ppi, the most where sensors are small.
        rotation_rad: most rotation either way.
        shift_px: most shift either way.
        centre_px: deviation of the middle of the contact area from the middle of the finger, across and along.
        hardness: range of `skin.draw_ink`'s hardness.
        sensor: how the sensor draws.
        bend_px: most bending of the skin.
        stretch: deviation of the scale of the whole print, relative.
        faint: how often the print is faint all over, so that faintness alone does not make a ghost.
        ghosts: how often the last finger's print still shows, faintly.
        blotches: how often there is sweat between the ridges.
        wrinkles: how often fine wrinkles cover all of the skin.
        roughness: range of `skin.draw_ink`'s roughness.
        swept: how often the finger is drawn over a sensor of one line.
        small: how often the sensor is a small one, which sees a part of the finger.
        beads: how often ridges, or valleys, are in dots, under a press that is not bad besides.
        specks: how often dust of dry skin lies on and around the print.
        streaks: how often lines of the sensor differ.
        scraps: how often ridges are dry, in dots and scraps along their run, under a press that is not bad besides.
        slits: how often ridges are wet, valleys slits that close in parts, likewise.
        nets: how often fine waving wrinkles and wide creases cross the print.
        glare: how often some valleys shine and others hardly show.
        rolled: how often the finger is rolled from nail to nail; `shape` should then hold all of it, as in `ROLLED`.
        twisted: how often the finger is twisted and pushed aside while its middle sticks to the plate.
        twist_rad: most that it is twisted then, either way.
        push_px: most that it is pushed aside then.
    """

    shape: tuple[int, int] = (192, 192)  # 19.5 mm square
    rotation_rad: float = 0.7  # 40 degrees, the most a guided user turns a finger
    shift_px: float = 30.0  # 3 mm
    centre_px: tuple[float, float] = (8.0, 14.0)  # 0.8 and 1.4 mm
    hardness: tuple[float, float] = (0.6, 1.9)
    sensor: Sensor = VARIED
    bend_px: float = DISTORTION_PX
    stretch: float = STRETCH_DEVIATION
    faint: float = 0.0
    ghosts: float = 0.0
    blotches: float = 0.0
    wrinkles: float = 0.0
    roughness: tuple[float, float] = (0.0, 0.0)
    swept: float = 0.0
    small: float = 0.0
    beads: float = 0.0
    specks: float = 0.0
    streaks: float = 0.0
    scraps: float = 0.0
    slits: float = 0.0
    nets: float = 0.0
    glare: float = 0.0
    rolled: float = 0.0
    twisted: float = 0.0
    twist_rad: float = TWIST_RAD
    push_px: float = PUSH_PX


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """A synthetic scan and what is true of it.

    Attributes:
        image: (height, width) float32 in [0, 1], ridges dark, 250 ppi.
        foreground: (height, width) bool, where the finger shows.
        minutiae: all of the master's, in pixels of `image`.
        visible: (n,) bool, which of them lie in the foreground.
        placement: the map to the master.
    """

    image: FloatArray
    foreground: BoolArray
    minutiae: Minutiae
    visible: BoolArray
    placement: Map


def draw_impression(
    rng: np.random.Generator,
    ridges: FloatArray,
    minutiae: Minutiae,
    settings: ImpressionSettings,
    creases: FloatArray | None = None,
) -> Impression:
    """A new impression; about 6 ms, with streaks 2 more.

    Args:
        rng: source of randomness.
        ridges: (height, width) float32 in [-1, 1], the master.
        minutiae: the master's.
        settings: how impressions vary.
        creases: (n, height, width) of the master, see `creases.draw_creases`; None for skin without.
    """
    rotation, shift = settings.rotation_rad, settings.shift_px
    placement = draw_placement(
        rng,
        settings.shape,
        ridges.shape,
        rotation_rad=rotation,
        shift_px=shift,
        bend_px=settings.bend_px,
        stretch=settings.stretch,
        swept=_happens(rng, settings.swept),
    )
    rolled = _happens(rng, settings.rolled)
    if rolled:
        placement = draw_rolling(rng, placement, ridges.shape)
    if _happens(rng, settings.twisted):
        turn, push = rng.uniform(-settings.twist_rad, settings.twist_rad), rng.uniform(0, settings.push_px)
        placement = draw_twist(rng, ridges.shape, turn, push)(placement)
    if _happens(rng, settings.small):
        placement = _small_part(rng, placement, ridges.shape)
    shape = placement.x.shape
    hardness = rng.uniform(*settings.hardness)
    roughness = rng.uniform(*settings.roughness) if settings.roughness[1] > 0 else 0.0
    relief, hardness = _relief(rng, placement.taken(ridges), hardness, settings)
    ink = _on_skin(rng, draw_ink(rng, relief, hardness, roughness), settings)
    if creases is not None:
        ink = creased(rng, ink, placement.taken(pressed(rng, creases)))
    spread = ROLLED_SPREAD if rolled else PLAIN_SPREAD
    contact = _contact_area(rng, placement, ridges.shape, settings.centre_px, hardness, spread=spread)
    window = draw_window(rng, shape, settings.sensor)
    strength = rng.uniform(*FAINT_INK) if _happens(rng, settings.faint) else 1.0
    mark = np.asarray(strength * ink * contact, np.float32)
    if _happens(rng, settings.ghosts):
        mark = np.maximum(mark, np.float32(strength) * _ghost(rng, ridges, shape, settings))
    if _happens(rng, settings.specks):
        mark = np.maximum(mark, draw_specks(rng, shape))
    if _happens(rng, settings.streaks):
        mark = mark + (1 - mark) * draw_streaks(rng, shape)
    image = draw_image(rng, mark, window, settings.sensor)
    foreground = (contact > 0.5) & window
    projected, inside = placement.project(minutiae)
    return Impression(image, foreground, projected, inside & _at(foreground, projected), placement)


def _happens(rng: np.random.Generator, how_often: float) -> bool:
    """Draws nothing for what never happens, so that sets without it stay what they were."""
    return how_often > 0 and rng.random() < how_often


def _relief(
    rng: np.random.Generator, relief: FloatArray, hardness: float, settings: ImpressionSettings
) -> tuple[FloatArray, float]:
    """The ridges as dry or wet skin has them, and how hard the press is besides."""
    for how_often, draw in ((settings.beads, draw_beads), (settings.scraps, draw_scraps), (settings.slits, draw_slits)):
        if _happens(rng, how_often):
            relief, hardness = draw(rng, relief), min(hardness, BEADED_HARDNESS)
    return relief, hardness


def _on_skin(rng: np.random.Generator, ink: FloatArray, settings: ImpressionSettings) -> FloatArray:
    """What lies on the skin or crosses it."""
    for how_often, draw in (
        (settings.blotches, draw_blotches),
        (settings.wrinkles, draw_wrinkles),
        (settings.nets, draw_net),
        (settings.glare, draw_glare),
    ):
        if _happens(rng, how_often):
            ink = draw(rng, ink)
    return ink


def _small_part(rng: np.random.Generator, placement: Map, master_shape: tuple[int, int]) -> Map:
    """What a small sensor sees, near the middle of the finger."""
    height, width = master_shape
    distance2 = (placement.x - width / 2) ** 2 + (placement.y - height / 2) ** 2
    middle = np.unravel_index(distance2.argmin(), distance2.shape) + rng.normal(0, SMALL_OFF_PX, 2)
    sides = SMALL_STEP_PX * rng.integers(*SMALL_STEPS, 2, endpoint=True)
    top, left = np.clip(np.rint(middle - sides / 2), 0, np.array(distance2.shape) - sides).astype(int)
    seen = slice(top, top + sides[0]), slice(left, left + sides[1])
    return Map(placement.x[seen], placement.y[seen])


def _ghost(
    rng: np.random.Generator, ridges: FloatArray, shape: tuple[int, int], settings: ImpressionSettings
) -> FloatArray:
    """What the finger before has left on the plate; its ridges are the mirrored ones. (height, width) in [0, 1]."""
    placement = draw_placement(
        rng, shape, ridges.shape, rotation_rad=np.pi, shift_px=GHOST_SHIFT_PX, bend_px=settings.bend_px
    )
    left = draw_ink(rng, placement.taken(np.ascontiguousarray(ridges[:, ::-1])), rng.uniform(*settings.hardness))
    contact = _contact_area(rng, placement, ridges.shape, settings.centre_px, settings.hardness[1])
    return np.asarray(rng.uniform(*GHOST_INK) * left * contact, np.float32)


def _contact_area(
    rng: np.random.Generator,
    placement: Map,
    master_shape: tuple[int, int],
    centre_px: tuple[float, float],
    hardness: float,
    *,
    spread: tuple[Range, Range] = PLAIN_SPREAD,
) -> FloatArray:
    """Where skin meets the plate: an ellipse with a ragged edge, sometimes small, with holes; in [0, 1].

    `spread` are the least and the most of its half width and its half height, in shares of 0.42 of the master's sides.
    """
    height, width = master_shape
    half_width, half_height = rng.uniform(*spread[0]) * 0.42 * width, rng.uniform(*spread[1]) * 0.42 * height
    centre_x, centre_y = width / 2 + rng.normal(0, centre_px[0]), height / 2 + rng.normal(0, centre_px[1])
    radius = ((placement.x - centre_x) / half_width) ** 2 + ((placement.y - centre_y) / half_height) ** 2
    radius = radius + 0.12 * smooth_field(rng, placement.x.shape, 6)
    on_master = (placement.x > 2) & (placement.x < width - 3) & (placement.y > 2) & (placement.y < height - 3)
    contact = on_master / (1 + np.exp(np.clip((radius - 1) * rng.uniform(8, 25), -50, 50)))
    for _ in range(int(rng.poisson(0.4 * hardness))):
        contact = contact * (1 - _hole(rng, placement))
    return np.asarray(contact, np.float32)


def _hole(rng: np.random.Generator, placement: Map) -> FloatArray:
    row, column = (int(rng.integers(0, side)) for side in placement.x.shape)
    distance2 = (placement.x - placement.x[row, column]) ** 2 + (placement.y - placement.y[row, column]) ** 2
    return np.asarray(np.exp(-distance2 / (2 * rng.uniform(5, 22) ** 2)))


def _at(mask: BoolArray, minutiae: Minutiae) -> BoolArray:
    row = np.clip(np.rint(minutiae.y_px), 0, mask.shape[0] - 1).astype(int)
    column = np.clip(np.rint(minutiae.x_px), 0, mask.shape[1] - 1).astype(int)
    return np.asarray(mask[row, column])
