"""The images that designs learn from and are measured on. Nothing is downloaded."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from fpverify.errors import ScanError, TooFewComparisons
from fpverify.extras import require
from fpverify.features.preparation import normalise
from fpverify.vocabulary import WORKING_PPI, ByteArray, FloatArray, IndexArray, Scan

Split = Literal["images", "identities"]
Kind = Literal["stripes", "prints", "digits", "photos"]

PRINT_PX = 192  # side of a print's image at 250 ppi, 19.5 mm, as synthetic impressions have it
WHITE = 255
RIDGE_SEED = 415_000  # of the lab's synthetic fingers; no release model has seen them
RIDGE_FINGERS, RIDGE_IMPRESSIONS = 160, 4  # half a minute of synthesis
STRIPE_SCANS = 15  # of each finger, as in the forum question
PROBE_SCANS = 60  # of each finger in a varied set of stripes
CROP_PX = 128  # of a photograph, as in the twin design
CROPS = 60  # of each photograph
LARGEST_CROP = 3.0  # times `CROP_PX`, where the photograph has so much
FORMATS = "a folder of <finger>_<impression> prints, or MNIST as .npz or as a folder of IDX files"

# Photographs that come inside scikit-image, one scene each; those an installation lacks are left out.
PHOTOGRAPHS = (
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "retina.jpg", "hubble_deep_field.jpg", "ihc.png"),
    *("motorcycle_left.png", "camera.png", "coins.png", "moon.png", "page.png", "text.png", "brick.png", "grass.png"),
    *("gravel.png", "clock_motion.png", "cell.png"),
)

STRIPE_RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "stripes-shifted": {"shift_px": (0, 11)},
    "stripes-turned": {"angle_deg": (-10.0, 10.0)},
    "stripes-rescaled": {"width_px": (4, 10)},
    "stripes-varied": {"shift_px": (0, 11), "angle_deg": (-10.0, 10.0), "width_px": (4, 10)},
}


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Images with identities.

    Attributes:
        name: of the set.
        images: (n, h, w, c) uint8, or float32 in [0, 1].
        owners: (n,) int32, whose image it is: finger, digit, photograph.
        kind: what they show.
    """

    name: str
    images: np.ndarray
    owners: IndexArray
    kind: Kind

    def __len__(self) -> int:
        return len(self.owners)

    def taken(self, places: np.ndarray) -> Examples:
        """The examples at these places."""
        return replace(self, images=self.images[places], owners=self.owners[places])

    @property
    def sha256(self) -> str:
        """Hash of pixels and identities."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).tobytes())
        digest.update(self.owners.astype(np.int32).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class View:
    """How a design sees images.

    Attributes:
        crop_px: the middle that is taken, a square; None takes all.
        side_px: of what the crop is resized to; None leaves it.
        colours: 1, or 3 where grey images are repeated.
        normalised: with local brightness and contrast taken away, as the product does.
    """

    crop_px: int | None = None
    side_px: int | None = None
    colours: int | None = None
    normalised: bool = False

    def __call__(self, examples: Examples) -> Examples:
        """The set as float32."""
        images = [self.one(image) for image in examples.images]
        return replace(examples, images=np.stack(images))

    def one(self, image: np.ndarray) -> FloatArray:
        """One image (h, w, c) as float32: in [0, 1], or within ±3 where normalised."""
        seen = image.astype(np.float32) / WHITE if image.dtype == np.uint8 else image
        if self.crop_px is not None:
            seen = _middle(seen, self.crop_px)
        if self.normalised:
            seen = normalise(np.ascontiguousarray(seen[..., 0]))[..., None]
        if self.side_px is not None and seen.shape[0] != self.side_px:
            size = (self.side_px, self.side_px)
            seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA).reshape(*size, -1)
        if self.colours == 1 and seen.shape[-1] > 1:
            seen = seen.mean(axis=-1, keepdims=True)
        if self.colours == 3 and seen.shape[-1] == 1:
            seen = np.repeat(seen, 3, axis=-1)
        return np.asarray(seen, np.float32)


def read_examples(name: str, cache: Path) -> Examples:
    """A set by its name.

    Args:
        name: stripes, one of `STRIPE_RANGES`, ridges, digits or photos; else a path, see `FORMATS`.
        cache: folder for synthetic prints, which take a minute.

    Raises:
        ScanError: no such set, or nothing in it that can be used.
    """
    makers: dict[str, Callable[[], Examples]] = {
        "stripes": stripes,
        "ridges": lambda: ridges(cache),
        "digits": digits,
        "photos": photos,
        **{one: lambda one=one: varied_stripes(one) for one in STRIPE_RANGES},  # type: ignore[misc]
    }
    if name in makers:
        return makers[name]()
    path = Path(name)
    if not path.exists():
        raise ScanError(f"{name}: no such set or path; give {', '.join(makers)}, {FORMATS}")
    if path.suffix == ".npz":
        return mnist_from_npz(path)
    return mnist_from_idx(path) if _idx_files(path) else prints(path)


def split(
    examples: Examples, kind: Split, shares: tuple[float, float], rng: np.random.Generator
) -> tuple[Examples, Examples, Examples]:
    """Training, threshold and test.

    Args:
        examples: all.
        kind: "images" puts every image where chance wills; "identities" keeps all of one identity together.
        shares: of training and of the part that thresholds come from; the rest is the test.
        rng: shuffles.

    Raises:
        TooFewComparisons: a part has fewer than two identities, or no images.
    """
    keys = np.arange(len(examples)) if kind == "images" else examples.owners
    order = rng.permutation(np.unique(keys))
    ends = [round(len(order) * share) for share in (shares[0], sum(shares))]
    parts = [examples.taken(np.flatnonzero(np.isin(keys, part))) for part in np.split(order, ends)]
    for what, part in zip(("training", "thresholds", "the test"), parts, strict=True):
        if len(np.unique(part.owners)) < 2 and not (what == "thresholds" and not shares[1]):
            raise TooFewComparisons(f"{examples.name}: {len(part)} examples for {what}; two identities are needed")
    return parts[0], parts[1], parts[2]


def stripes() -> Examples:
    """The set of the forum question: 15 identical scans of vertical, 15 of horizontal stripes."""
    from fpverify.synthesis.stripes import FINGERS, render_stripes

    images = [render_stripes(finger) for finger in FINGERS for _ in range(STRIPE_SCANS)]
    return Examples("stripes", np.stack(images)[..., None], _turns(2, STRIPE_SCANS), "stripes")


def varied_stripes(name: str) -> Examples:
    """Stripes with what `STRIPE_RANGES` says drawn for each scan."""
    from fpverify.synthesis.stripes import FINGERS, draw_stripes

    look: dict[str, object] = dict(STRIPE_RANGES[name])
    images = [
        draw_stripes(finger, np.random.default_rng([row, number]), **look)  # type: ignore[arg-type]
        for row, finger in enumerate(FINGERS)
        for number in range(PROBE_SCANS)
    ]
    return Examples(name, np.stack(images)[..., None], _turns(2, PROBE_SCANS), "stripes")


def ridges(cache: Path, fingers: int = RIDGE_FINGERS, impressions: int = RIDGE_IMPRESSIONS) -> Examples:
    """Synthetic prints at 250 ppi, kept in `cache` once they are drawn."""
    path = cache / f"ridges-{RIDGE_SEED}-{fingers}-{impressions}.npz"
    if not path.exists():
        images = np.stack(list(_impressions(fingers, impressions)))
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        np.savez_compressed(part, images=images)
        part.replace(path)
    with np.load(path) as stored:
        images = stored["images"]
    return Examples("ridges", images[..., None], _turns(fingers, impressions), "prints")


def digits() -> Examples:
    """The 1797 handwritten digits that come with scikit-learn, 8 x 8."""
    require("lab", "the set of handwritten digits")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images = (bunch.images / 16).astype(np.float32)[..., None]
    return Examples("digits", images, bunch.target.astype(np.int32), "digits")


def photos() -> Examples:
    """Square crops of the photographs inside scikit-image; the photograph is the identity."""
    require("lab", "the set of photographs")
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    found = [path for name in PHOTOGRAPHS if (path := folder / name).exists()]
    pictures = [image for path in found if (image := _picture(path)) is not None]
    kept = [image for image in pictures if min(image.shape[:2]) > CROP_PX]
    if len(kept) < 4:
        raise ScanError(f"{folder}: {len(kept)} photographs; at least 4 that come with scikit-image are needed")
    crops = [
        _crop(image, np.random.default_rng([number, k])) for number, image in enumerate(kept) for k in range(CROPS)
    ]
    return Examples("photos", np.stack(crops), _turns(len(kept), CROPS), "photos")


def prints(folder: Path) -> Examples:
    """The prints of a folder at 250 ppi, the middle of each on a white square.

    Raises:
        ScanError: no prints, or one that cannot be read.
    """
    from fpverify.evaluation.sets.layout import read_set
    from fpverify.scans import read_scan

    listed = read_set(folder, default_ppi=500.0)
    images = [_on_square(read_scan(one.path, ppi=one.ppi)) for one in listed.prints]
    owners = np.unique([one.finger for one in listed.prints], return_inverse=True)[1]
    return Examples(listed.name, np.stack(images)[..., None], owners.astype(np.int32), "prints")


def mnist_from_npz(path: Path) -> Examples:
    """Digits of a `.npz` with `x_train`, `y_train` (as Keras has MNIST), or with `x`, `y`."""
    try:
        with np.load(path) as stored:
            names = [("x_train", "y_train"), ("x", "y")]
            images, labels = next((stored[x], stored[y]) for x, y in names if x in stored and y in stored)
    except (OSError, ValueError, StopIteration) as error:
        raise ScanError(f"{path}: no .npz with x_train and y_train, or x and y") from error
    return _labelled(path, images, labels)


def mnist_from_idx(folder: Path) -> Examples:
    """Digits of IDX files, `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, gzipped or not."""
    images, labels = (_idx(path) for path in _idx_files(folder))
    return _labelled(folder, images, labels)


def _idx_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [sorted(folder.glob(f"train-{what}*ubyte*")) for what in ("images", "labels")]
    return [paths[0] for paths in found] if all(found) else []


def _idx(path: Path) -> np.ndarray:
    """The array of an IDX file: two zeros, type 8 (uint8), dimensions, sizes as big-endian 32 bit, then the bytes."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ScanError(f"{path}: no IDX file of bytes")
    dimensions = content[3]
    sizes = np.frombuffer(content, ">u4", dimensions, 4).astype(int)
    if len(content) != 4 + 4 * dimensions + int(sizes.prod()):
        raise ScanError(f"{path}: {len(content)} bytes do not fit the sizes {sizes.tolist()}")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(sizes)


def _labelled(path: Path, images: np.ndarray, labels: np.ndarray) -> Examples:
    if images.ndim != 3 or labels.shape != images.shape[:1] or images.dtype != np.uint8:
        raise ScanError(f"{path}: images {images.shape} and labels {labels.shape}; (n, h, w) bytes and (n,) expected")
    return Examples(path.stem, images[..., None], labels.astype(np.int32), "digits")


def _impressions(fingers: int, impressions: int) -> Iterator[ByteArray]:
    from tqdm import tqdm

    from fpverify.synthesis.dataset import ORDINARY, master
    from fpverify.synthesis.impression import draw_impression

    for finger in tqdm(range(fingers), desc="synthesising", unit="finger", disable=None):
        drawn = master(RIDGE_SEED, finger)
        for number in range(impressions):
            rng = np.random.default_rng([RIDGE_SEED, finger, number])
            image = draw_impression(rng, drawn.ridges, drawn.minutiae, ORDINARY).image
            yield np.rint(np.clip(image, 0, 1) * WHITE).astype(np.uint8)


def _turns(identities: int, each: int) -> IndexArray:
    return np.repeat(np.arange(identities), each).astype(np.int32)


def _picture(path: Path) -> ByteArray | None:
    read = cv2.imread(str(path))
    return None if read is None else np.asarray(read, np.uint8)


def _crop(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """A square of 1 to 3 times `CROP_PX`, resized to it."""
    height, width = image.shape[:2]
    side = int(rng.uniform(CROP_PX, min(height, width, CROP_PX * LARGEST_CROP)))
    top, left = (int(rng.integers(0, extent - side + 1)) for extent in (height, width))
    cut = image[top : top + side, left : left + side, ::-1]
    return np.asarray(cv2.resize(cut, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA), np.uint8)


def print_image(path: Path) -> ByteArray:
    """One print at 250 ppi, its middle on a white square, (h, w) uint8.

    Raises:
        ScanError: the file cannot be read, or says no resolution.
    """
    from fpverify.scans import read_scan

    return _on_square(read_scan(path))


def _on_square(scan: Scan) -> ByteArray:
    factor = WORKING_PPI / scan.ppi
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    image = np.asarray(cv2.resize(scan.pixels, None, fx=factor, fy=factor, interpolation=method), np.uint8)
    return _middle(image[..., None], PRINT_PX)[..., 0]


def _middle(image: np.ndarray, side: int) -> np.ndarray:
    """The middle square of `side` px; white where the image ends before."""
    white = WHITE if image.dtype == np.uint8 else 1
    canvas = np.full((side, side, image.shape[2]), white, image.dtype)
    height, width = (min(side, extent) for extent in image.shape[:2])
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    to_top, to_left = (side - height) // 2, (side - width) // 2
    canvas[to_top : to_top + height, to_left : to_left + width] = image[top : top + height, left : left + width]
    return canvas
