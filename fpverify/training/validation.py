"""How well a network does in the middle of its training, on synthetic fingers it never learns from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from fpverify.comparison import similarities
from fpverify.evaluation.rates.error_rates import equal_error_rate
from fpverify.features.extraction import NO_DESCRIPTORS, NO_MINUTIAE, Network
from fpverify.features.grid import descriptors_on_grid, minutiae_on_grid
from fpverify.features.minutiae import decode_minutiae, foreground_cells, selected
from fpverify.features.patches import sample_patches
from fpverify.features.preparation import normalise
from fpverify.synthesis.dataset import ORDINARY, master
from fpverify.synthesis.impression import Impression, draw_impression
from fpverify.training.batches import Batches
from fpverify.vocabulary import FloatArray, Minutiae, Template

FOUND_WITHIN_PX = 6.0  # about a ridge period: a detection nearer than this to a true minutia counts as it
MIDDLE = "in training"  # the model id of templates that no bundle made


@dataclass(frozen=True, slots=True)
class DetectionValidation:
    """Recall and precision of the minutia map network.

    Attributes:
        seed: of the fingers; not the one of training.
        fingers: how many, one impression each.
    """

    seed: int
    fingers: int = 24

    def __call__(self, network: Network) -> dict[str, float]:
        """`recall` and `precision`, in [0, 1]."""
        truth = found = recalled = confirmed = 0
        for finger in range(self.fingers):
            made = _impressions(self.seed, finger, 1)[0]
            answer = network(normalise(made.image)[None, ..., None])[0]
            detected = decode_minutiae(answer, foreground_cells(answer))
            distance = np.hypot(
                made.minutiae.x_px[made.visible][:, None] - detected.x_px,
                made.minutiae.y_px[made.visible][:, None] - detected.y_px,
            )
            near = distance < FOUND_WITHIN_PX
            truth, found = truth + near.shape[0], found + near.shape[1]
            recalled, confirmed = recalled + int(near.any(1).sum()), confirmed + int(near.any(0).sum())
        return {"recall": recalled / max(truth, 1), "precision": confirmed / max(found, 1)}


@dataclass(frozen=True, slots=True)
class DescriptorValidation:
    """EER of the descriptors at the true minutiae: the Siamese network alone, whatever the detector does.

    Attributes:
        seed: of the fingers; not the one of training.
        fingers, impressions: how many.
    """

    seed: int
    fingers: int = 20
    impressions: int = 3

    def __call__(self, network: Network) -> dict[str, float]:
        """`eer`, in [0, 1]."""
        fingers = range(self.fingers)
        shown = [made for finger in fingers for made in _impressions(self.seed, finger, self.impressions)]
        truths = [selected(made.minutiae, made.visible) for made in shown]
        patches = [_patches(made, truth) for made, truth in zip(shown, truths, strict=True)]
        ends = np.cumsum([len(part) for part in patches])[:-1]
        descriptors = np.split(descriptors_on_grid(network(np.concatenate(patches))), ends)
        templates = [
            Template(MIDDLE, 1.0, minutiae_on_grid(truth), part)
            for truth, part in zip(truths, descriptors, strict=True)
        ]
        return {"eer": _eer(templates, np.repeat(fingers, self.impressions))}


@dataclass(frozen=True, slots=True)
class WholePrintValidation:
    """EER of a whole-print network on batches it never learns from."""

    batches: Batches

    def __call__(self, network: Network) -> dict[str, float]:
        """`eer`, in [0, 1]."""
        images, mated = self.batches(0)
        vectors = network(images)
        pairs = len(vectors) // 2
        raw = np.array(
            [float(similarities(_vector(vectors[k]), [_vector(vectors[pairs + k])])[0]) for k in range(pairs)]
        )
        truth = mated[:pairs] > 0
        return {"eer": equal_error_rate(raw[truth], raw[~truth])}


def _impressions(seed: int, finger: int, count: int) -> list[Impression]:
    drawn = master(seed, finger)
    generators = [np.random.default_rng([seed, finger, number]) for number in range(1, count + 1)]
    return [draw_impression(rng, drawn.ridges, drawn.minutiae, ORDINARY) for rng in generators]


def _patches(made: Impression, minutiae: Minutiae) -> FloatArray:
    patches = sample_patches(normalise(made.image), minutiae.x_px, minutiae.y_px, minutiae.angle_rad)
    return patches[..., None]


def _vector(vector: FloatArray) -> Template:
    return Template(MIDDLE, 1.0, NO_MINUTIAE, NO_DESCRIPTORS, vector)


def _eer(templates: list[Template], owners: np.ndarray) -> float:
    pairs = list(combinations(range(len(templates)), 2))
    raw = np.array([float(similarities(templates[i], [templates[j]])[0]) for i, j in pairs])
    mated = np.array([owners[i] == owners[j] for i, j in pairs])
    return equal_error_rate(raw[mated], raw[~mated])
