"""What to train, from what, for how long: the YAML that `fpverify train` follows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from fpverify.comparison.calibration import MIN_COMPARISONS
from fpverify.comparison.likelihood import LEAST_MATED
from fpverify.errors import RecipeError
from fpverify.synthesis.impression import PUSH_PX, TWIST_RAD, ImpressionSettings
from fpverify.synthesis.montage import MOST_PRINTS
from fpverify.synthesis.placement import DISTORTION_PX, STRETCH_DEVIATION
from fpverify.synthesis.sensor import SENSORS
from fpverify.synthesis.stripes import SIZE_PX
from fpverify.training.loop import OptimizerName, Schedule
from fpverify.vocabulary import AlignmentKind

FlowName = Literal["usual", "calm", "broad"]  # keys of `synthesis.flow.FLOWS`
NETWORKS = ("minutia_map", "descriptor", "seam_map", "places", "drawn_map")  # of a model of minutiae
Number = TypeVar("Number", int, float)


def _ordered(ends: tuple[Number, Number]) -> tuple[Number, Number]:
    if ends[0] > ends[1]:
        raise ValueError(f"a range is [low, high], not [{ends[0]}, {ends[1]}]")
    return ends


def _require_comparisons(non_mated: int) -> None:
    """Said before hours of training rather than after them."""
    if non_mated < MIN_COMPARISONS:
        raise ValueError(
            f"the evidence has {non_mated} non-mated comparisons; a calibration needs at least {MIN_COMPARISONS}"
        )


Share = Annotated[float, Field(ge=0, le=1)]
Stretch = Annotated[float, Field(ge=0, le=0.2)]  # beyond, a scale near 0 would be drawn some day
Twist = Annotated[float, Field(ge=0, le=20)]  # beyond, some skin of the ring would lie over itself
Push = Annotated[float, Field(ge=0, le=30)]  # likewise; 3 mm
Shift = Annotated[float, Field(gt=0, le=min(ImpressionSettings().shape) / 2)]  # half of the image
FloatRange = Annotated[tuple[float, float], AfterValidator(_ordered)]
IntRange = Annotated[tuple[int, int], AfterValidator(_ordered)]
NonNegativeRange = Annotated[tuple[NonNegativeFloat, NonNegativeFloat], AfterValidator(_ordered)]
StripeWidth = Annotated[int, Field(ge=1, le=SIZE_PX)]
Channels = tuple[PositiveInt, PositiveInt, PositiveInt]  # from fine to coarse
WidthRange = Annotated[tuple[StripeWidth, StripeWidth], AfterValidator(_ordered)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ImpressionRecipe(_Part):
    """How the impressions of a round vary; see `ImpressionSettings`."""

    rotation_deg: PositiveFloat = 40.0
    shift_px: Shift = 30.0
    centre_px: tuple[NonNegativeFloat, NonNegativeFloat] = (8.0, 14.0)
    hardness: NonNegativeRange = (0.6, 1.9)
    bend_px: NonNegativeFloat = DISTORTION_PX
    stretch: Stretch = STRETCH_DEVIATION
    faint: Share = 0.0
    ghosts: Share = 0.0
    blotches: Share = 0.0
    wrinkles: Share = 0.0
    roughness: NonNegativeRange = (0.0, 0.0)
    swept: Share = 0.0
    small: Share = 0.0
    beads: Share = 0.0
    specks: Share = 0.0
    streaks: Share = 0.0
    scraps: Share = 0.0
    slits: Share = 0.0
    nets: Share = 0.0
    glare: Share = 0.0
    twisted: Share = 0.0
    twist_deg: Twist = round(math.degrees(TWIST_RAD))
    push_px: Push = PUSH_PX

    def settings(self) -> ImpressionSettings:
        """For the batches."""
        return ImpressionSettings(
            rotation_rad=math.radians(self.rotation_deg),
            shift_px=self.shift_px,
            centre_px=self.centre_px,
            hardness=self.hardness,
            bend_px=self.bend_px,
            stretch=self.stretch,
            faint=self.faint,
            ghosts=self.ghosts,
            blotches=self.blotches,
            wrinkles=self.wrinkles,
            roughness=self.roughness,
            swept=self.swept,
            small=self.small,
            beads=self.beads,
            specks=self.specks,
            streaks=self.streaks,
            scraps=self.scraps,
            slits=self.slits,
            nets=self.nets,
            glare=self.glare,
            twisted=self.twisted,
            twist_rad=math.radians(self.twist_deg),
            push_px=self.push_px,
        )


class StageRecipe(_Part):
    """How long and how fast one network learns in a round; see `loop.Schedule`."""

    steps: PositiveInt
    optimizer: OptimizerName = "adamw"
    learning_rate: PositiveFloat = 2e-3
    weight_decay: float = Field(1e-4, ge=0)
    held: Share = 0.0
    checkpoint_every: PositiveInt = 50
    validate_every: PositiveInt = 500

    def schedule(self) -> Schedule:
        """For the training loop."""
        return Schedule(**{name: getattr(self, name) for name in StageRecipe.model_fields})


class MinutiaMapRecipe(StageRecipe):
    """A round of network A; see `batches.MinutiaMapBatches`."""

    impressions: ImpressionRecipe = ImpressionRecipe(rotation_deg=180)
    images: PositiveInt = 24
    nonprint_share: float = Field(0.15, ge=0, lt=1)
    windows: Share = 0.0
    patterns: Share = 0.0


class DescriptorRecipe(StageRecipe):
    """A round of network B; see `batches.PatchBatches`, `losses.info_nce` and, for how ridges run, `synthesis.flow`."""

    impressions: ImpressionRecipe = ImpressionRecipe()
    fingers: PositiveInt = 16
    minutiae: PositiveInt = 12
    one_pattern: Share = 0.0
    lines: Share = 0.0
    margin: Share = 0.0
    flow: FlowName = "usual"
    temperature: PositiveFloat = 0.07


class SeamMapRecipe(StageRecipe):
    """A round of network C; see `seam_batches.SeamBatches`.

    All rounds have impressions as the first: they share one pool, of which each draws from as many fingers as it says.
    A round goes on from the mean weights of the `follows` rounds before it.
    """

    impressions: ImpressionRecipe = ImpressionRecipe(rotation_deg=180)
    fingers: int = Field(default=500, ge=MOST_PRINTS)
    pictures: PositiveInt = 32
    hard: Share = 0.0
    across_px: NonNegativeFloat = 0.0
    darkest: Share = 0.0
    follows: PositiveInt = 1


class PlacesRecipe(StageRecipe):
    """A round of network D; see `place_batches.PlaceBatches`.

    Rounds with the same impressions, flow and share of creased fingers share a pool of them. All have the channels of
    the first. Clusters of places that look alike are found anew at the beginning of each round that has some, by the
    network as it is then.
    """

    impressions: ImpressionRecipe = ImpressionRecipe(rotation_deg=180, shift_px=25, centre_px=(12, 20))
    channels: Channels = (48, 96, 128)
    pairs: PositiveInt = 512
    window_px: IntRange = (40, 96)
    one_pattern: Share = 0.6
    alike: Share = 0.0
    flow: FlowName = "calm"
    creased: Share = 0.0
    temperature: PositiveFloat = 0.07


class DrawnMapRecipe(StageRecipe):
    """A round of network E; see `drawn_batches.DrawnBatches`."""

    impressions: ImpressionRecipe = ImpressionRecipe(rotation_deg=180)
    pictures: PositiveInt = 32
    mixed: Share = 0.15
    windows: Share = 0.25


class EvidenceRecipe(_Part):
    """The unseen synthetic fingers that a calibration and its operating points rest on, for each simulated sensor."""

    fingers: PositiveInt = 70
    impressions: int = Field(default=4, ge=2)

    @model_validator(mode="after")
    def _suffice(self) -> EvidenceRecipe:
        prints = self.fingers * self.impressions
        _require_comparisons(len(SENSORS) * prints * (prints - self.impressions) // 2)
        mated = len(SENSORS) * prints * (self.impressions - 1) // 2
        if mated < LEAST_MATED:
            raise ValueError(f"the evidence has {mated} mated comparisons; a likelihood ratio needs {LEAST_MATED}")
        return self


class AveragedRecipe(_Part):
    """Of how many of the last rounds each network's weights are the mean.

    The mean of networks that were trained on from one another answers steadier than each.

    Source: Wortsman et al., "Model soups", ICML 2022.
    """

    minutia_map: PositiveInt = 1
    descriptor: PositiveInt = 1
    seam_map: PositiveInt = 1
    places: PositiveInt = 1
    drawn_map: PositiveInt = 1


class NetworksRecipe(_Part):
    """How wide the networks are; see `fpverify.networks`.

    Channels in sixteens train quickest in bfloat16.
    """

    minutia_map: Channels = (24, 48, 96)
    descriptor: Channels = (48, 80, 112)


class MinutiaeRecipe(_Part):
    """A model of the kind `minutiae`.

    With `begins`, the name or folder of another one, its networks are trained on, and one without rounds is taken as
    it is.
    """

    kind: Literal["minutiae"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    seed: int = Field(ge=0, le=2**31)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    inference: Literal["float32", "int8"] = "float32"
    alignment: AlignmentKind = "rigid"
    begins: str = ""
    fingers: PositiveInt = 4000
    networks: NetworksRecipe = NetworksRecipe()
    minutia_map: tuple[MinutiaMapRecipe, ...] = ()
    descriptor: tuple[DescriptorRecipe, ...] = ()
    seam_map: tuple[SeamMapRecipe, ...] = ()  # without it, several prints in a picture are told by its parts alone
    places: tuple[PlacesRecipe, ...] = ()  # without it, touches of small sensors are prints as any other
    drawn_map: tuple[DrawnMapRecipe, ...] = ()  # without it, drawn lines are ridges as any other
    averaged: AveragedRecipe = AveragedRecipe()
    evidence: EvidenceRecipe = EvidenceRecipe()

    @property
    def stage_names(self) -> tuple[str, ...]:
        """Of the networks to train."""
        return tuple(name for name in NETWORKS if getattr(self, name))

    @model_validator(mode="after")
    def _have_rounds(self) -> MinutiaeRecipe:
        for name in () if self.begins else ("minutia_map", "descriptor"):
            if not getattr(self, name):
                raise ValueError(f"{name} has no rounds, and no model that it begins with (begins: NAME)")
        if not self.stage_names:
            raise ValueError("no network has rounds, so there is nothing to train")
        for name, averaged in self.averaged:
            if averaged > max(1, len(getattr(self, name))):
                raise ValueError(f"averaged.{name} is more than the rounds there are")
        for number, part in enumerate(self.seam_map):
            if part.follows > max(1, number):
                raise ValueError(f"seam_map.{number}.follows is more than the rounds before it")
        return self


class StripesRecipe(_Part):
    """What stripes look like; see `fpverify.synthesis.stripes.draw_stripes`. Ranges are (low, high)."""

    width_px: WidthRange = (4, 10)
    angle_deg: FloatRange = (-8.0, 8.0)
    shift_px: IntRange = (0, 19)
    noise: NonNegativeRange = (0.0, 0.2)


class WholePrintStageRecipe(StageRecipe):
    """The Siamese tower; see `stripe_batches.StripeBatches`."""

    pairs: PositiveInt = 32
    margin: PositiveFloat = 1.0
    input_px: int = Field(default=80, ge=8)  # the tower halves it three times


class WholePrintRecipe(_Part):
    """A model of the kind `whole-print`, of stripes."""

    stage_names: ClassVar[tuple[str, ...]] = ("whole_print",)

    kind: Literal["whole-print"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    seed: int = Field(ge=0, le=2**31)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    stripes: StripesRecipe = StripesRecipe()
    evidence_stripes: StripesRecipe = StripesRecipe()
    evidence_scans: PositiveInt = 60
    whole_print: WholePrintStageRecipe

    @model_validator(mode="after")
    def _suffice(self) -> WholePrintRecipe:
        _require_comparisons(self.evidence_scans**2)
        return self


Recipe = MinutiaeRecipe | WholePrintRecipe
_ADAPTER: TypeAdapter[Recipe] = TypeAdapter(Annotated[Recipe, Field(discriminator="kind")])


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a YAML file.

    Raises:
        RecipeError: the file cannot be read or asks for something impossible; names the field.
    """
    try:
        return _ADAPTER.validate_python(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).splitlines()[0]
        raise RecipeError(f"{path}: cannot be read as a recipe: {reason}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise RecipeError(": ".join(filter(None, (str(path), place, _said(first["msg"]))))) from error


def _said(message: str) -> str:
    """Pydantic's message without its remarks to programmers."""
    return message.removeprefix("Value error, ")
