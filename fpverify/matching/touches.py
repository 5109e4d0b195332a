"""Touches of small sensors, by a model that can compare them: fingers from touches, and probes against them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fpverify.comparison import PreparedTemplate, prepare_template, similarities
from fpverify.comparison.calibration import Calibration
from fpverify.comparison.touches.comparison import Opinions, TouchModel
from fpverify.comparison.touches.finger import JoinedFinger, joined_finger, print_skin
from fpverify.comparison.touches.joining import Given
from fpverify.comparison.touches.prepared import Ground, Touch, unit
from fpverify.errors import CorruptModel, ModelError
from fpverify.features.extraction import Acquired, Network
from fpverify.features.grid import minutiae_on_grid, quality_on_grid
from fpverify.features.places import at_places, directions, lattice, neighbourhoods
from fpverify.features.quality import touch_quality
from fpverify.features.touches import kept_places
from fpverify.models import Bundle
from fpverify.vocabulary import AlignmentKind, FloatArray, Scores, Template

TABLES, COHORT = "places.json", "places_cohort.npy"  # files of a bundle beside the network `places`


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFinger:
    """A finger from touches or from a whole print, ready to be compared many times.

    Attributes:
        template: its minutiae.
        ground: its skin.
        touches: that it is made of; 0 of a whole print.
    """

    template: PreparedTemplate
    ground: Ground
    touches: int


@dataclass(frozen=True, slots=True, eq=False)
class TouchMatcher:
    """Compares touches, and joins them.

    Attributes:
        model: what was learnt about comparing them.
        network: (n, 32, 32, 1) -> (n, d), see `fpverify.networks.places`.
        calibration: the model's own; None before it is fitted.
        alignment: of their minutiae, as the card says.
    """

    model: TouchModel
    network: Network
    calibration: Calibration | None = None
    alignment: AlignmentKind = "rigid"

    @classmethod
    def of(cls, bundle: Bundle) -> TouchMatcher:
        """That of a bundle.

        Raises:
            CorruptModel: a file is missing, damaged, or not what it should be.
        """
        stored = bundle.calibration_of_its_own()
        calibration = None if stored is None else Calibration.from_dict(stored)
        return cls(read_tables(bundle), bundle.network("places"), calibration, bundle.alignment)

    def joined(self, touches: Sequence[Acquired], *, only_joined: bool = False) -> tuple[Template, JoinedFinger]:
        """One reference of some touches of a finger, at least one; and how they came together.

        Args:
            touches: of one finger.
            only_joined: leave those out that join nothing, if others do.
        """
        given = [self._given(one) for one in touches]
        known = self.model
        finger = joined_finger(
            given, known.places, self._describe, upright=known.upright, keeping=known.keeping, only_joined=only_joined
        )
        area = finger.skin.area_mm2
        template = Template(
            touches[0].template.model_id,
            quality_on_grid(touch_quality(area)),
            minutiae_on_grid(finger.minutiae),
            finger.descriptors,
            skin=finger.skin,
        )
        return template, finger

    def with_skin(self, acquired: Acquired) -> Template:
        """The template of a whole print together with its skin, for touches to be compared with.

        Minutiae and descriptors stay what they are, so other prints score with it as with the template alone.

        Args:
            acquired: a print; a touch, which has skin, stays as it is.
        """
        template, foreground = acquired.template, acquired.foreground
        if template.skin is not None or foreground is None:
            return template
        image = acquired.prepared.image
        x, y, angle = kept_places(image, foreground, staggered=False)
        vectors = self._describe(image, x, y, angle)
        skin = print_skin(x, y, angle, vectors, minutiae=len(template.minutiae), bits=self.model.keeping.bits)
        return replace(template, skin=skin)

    @property
    def compares_prints(self) -> bool:
        """Whether the skin of whole prints is worth keeping: it is known what touches on it are worth."""
        return bool(self.model.print_scales)

    def compares_by_skin(self, template: Template) -> bool:
        """Whether touches are compared with it by more than its minutiae."""
        return template.skin is not None and (not template.skin.whole or self.compares_prints)

    def prepared(self, template: Template | PreparedFinger) -> PreparedFinger:
        """Of a template with skin; one that is prepared already is returned as it is."""
        if isinstance(template, PreparedFinger):
            return template
        assert template.skin is not None  # noqa: S101 - the caller has looked
        return PreparedFinger(prepare_template(template), self.model.ground(template.skin), template.skin.touches)

    def opinions(self, probe: Template, references: Sequence[Template | PreparedFinger]) -> list[Opinions]:
        """Of a touch and k fingers from touches; those compared more than once are better given prepared."""
        assert probe.skin is not None  # noqa: S101 - the caller has looked
        touch = Touch.of(probe.skin, self.model.cohort)
        fingers = [self.prepared(one) for one in references]
        alignment: AlignmentKind = "bent" if self.alignment == "bounded" else self.alignment  # few are all that it has
        alike = similarities(probe, [one.template for one in fingers], alignment=alignment).tolist()
        return [self.model.opinions(touch, one.ground, raw) for one, raw in zip(fingers, alike, strict=True)]

    def raw_scores(self, probe: Template, references: Sequence[Template]) -> Scores:
        """(k,) of a probe with k references, all of touches; on the scale of the model's own raw similarities.

        One side is a single touch; of two single ones either is laid on the other, and the mean counts. Fingers from
        touches and whole prints are compared with each other by their minutiae.

        Raises:
            ModelError: the model is not calibrated, or not for touches.
        """
        if self.calibration is None or not self.model.scales:
            raise ModelError(f"{probe.model_id}: the model is not calibrated for touches (tools/places_bundle.py)")
        if _touches(probe) == 1:
            found = self.scores(probe, references)
            single = [k for k, one in enumerate(references) if _touches(one) == 1]
            for k in single:
                found[k] = (found[k] + self.scores(references[k], [probe])[0]) / 2
            return self.calibration.raw_of(found)
        raw = similarities(probe, references, alignment=self.alignment)
        for k, one in enumerate(references):
            if _touches(one) == 1:
                raw[k] = self.calibration.raw_of(self.scores(one, [probe]))[0]
        return raw

    def scores(self, probe: Template, references: Sequence[Template | PreparedFinger]) -> Scores:
        """-10 log10(FMR) of a touch with k fingers from touches or whole prints; (k,)."""
        assert probe.skin is not None  # noqa: S101 - the caller has looked
        fingers = [self.prepared(one) for one in references]
        opinions, found = self.opinions(probe, fingers), np.empty(len(fingers))
        for whole in (False, True):
            which = [k for k, one in enumerate(fingers) if one.ground.whole == whole]
            if which:
                places = [len(fingers[k].ground) for k in which]
                area_mm2 = probe.skin.area_mm2
                found[which] = self.model.score([opinions[k] for k in which], area_mm2, places, whole=whole)
        return found

    def _given(self, one: Acquired) -> Given:
        """A touch to be joined: as a probe, and with all places of its lattice."""
        skin, image = one.template.skin, one.prepared.image
        assert skin is not None and one.foreground is not None  # noqa: S101, PT018 - it is a touch
        angle = directions(image)
        x, y = lattice(one.foreground, image.shape, staggered=False)
        along = at_places(angle, x, y)
        vectors = self._describe(image, x, y, along)
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
        touch = Touch.of(skin, self.model.cohort)
        ground = Ground.at(x, y, along, np.asarray(vectors, np.float32), touch.picture)
        return Given(touch, ground, image, angle, one.template.minutiae, one.template.descriptors)

    def _describe(self, picture: FloatArray, x: FloatArray, y: FloatArray, angle: FloatArray) -> FloatArray:
        return self.network(neighbourhoods(picture, x, y, angle)[..., None])


def _touches(template: Template) -> int:
    return 0 if template.skin is None else template.skin.touches


def read_tables(bundle: Bundle) -> TouchModel:
    """What a bundle knows about comparing touches; errors as in `TouchMatcher.of`."""
    try:
        cohort = np.load(io.BytesIO(bundle.content(COHORT)), allow_pickle=False)
        plain = json.loads(bundle.content(TABLES))
    except (ValueError, EOFError) as error:
        raise CorruptModel(f"{bundle.folder}: what it knows about touches cannot be read") from error
    if cohort.ndim != 2 or cohort.dtype != np.int8 or not len(cohort):
        raise CorruptModel(f"{bundle.folder / COHORT}: descriptors of places were expected")
    return TouchModel.from_dict(plain, unit(cohort))
