"""Photographs of fingers: how many are refused, in colours, and made grey.

    python tools/photographs.py [--pictures 100] [--seed N] [--model NAME|DIR]

Pictures as phones take them are rendered of unseen synthetic fingers: skin of many tones, lit from one side, ridges
that are hardly darker than valleys, narrower towards the finger's sides, before a background, a little out of focus.
Printed is how many are refused, and by which reason; grey ones that are not refused would be enrolled.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from fpverify.errors import FpverifyError
from fpverify.matching import Matcher
from fpverify.scans import scan_from_bytes
from fpverify.synthesis.fields import smooth_field
from fpverify.synthesis.finger import draw_finger
from fpverify.vocabulary import ByteArray, FloatArray

SEED = 35_004  # neither training nor calibration draws from it
FINGERS = 20
SHAPE = (900, 700)  # height and width px, as cut from a phone's picture
TONES = ((236, 188, 160), (222, 165, 132), (198, 134, 98), (150, 96, 66), (105, 66, 46))  # of skin, red green blue
RIDGES = (0.04, 0.14)  # of its brightness, that ridges are darker than valleys


def main(arguments: Sequence[str] | None = None) -> int:
    """Renders, reads, extracts, and prints."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    masters = [draw_finger(np.random.default_rng([given.seed, k])).ridges for k in range(min(FINGERS, given.pictures))]
    found: dict[str, Counter[str]] = {"in colours": Counter(), "made grey": Counter()}
    for number in tqdm(range(given.pictures), unit="picture", disable=None):
        picture = photograph(np.random.default_rng([given.seed, 1, number]), masters[number % len(masters)])
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        for name, pixels in (("in colours", picture), ("made grey", grey)):
            found[name][outcome(matcher, pixels)] += 1
    for name, counted in found.items():
        refused = given.pictures - counted["taken"]
        print(f"{name}: {refused} of {given.pictures} refused; {dict(counted.most_common())}")
    return 0


def photograph(rng: np.random.Generator, master: FloatArray) -> ByteArray:
    """(height, width, 3) uint8: a finger before a background."""
    height, width = SHAPE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    half = rng.uniform(0.28, 0.42) * width
    lean = rng.uniform(-0.15, 0.15)
    across = (x - width / 2 - lean * (y - height / 2)) / half
    top = rng.uniform(0.05, 0.15) * height
    tip = np.clip((y - top) / half, 0, 1)
    finger = (np.abs(across) < np.sqrt(1 - (1 - tip) ** 2)) & (y > top)
    round_ = np.arcsin(np.clip(across, -1, 1)) / (np.pi / 2)  # what lies at the side is seen foreshortened
    to_x = (0.5 + 0.48 * round_) * master.shape[1]
    to_y = (y - top) / (height - top) * master.shape[0] * rng.uniform(0.8, 1.1)
    ridges = cv2.remap(
        master, to_x.astype(np.float32), to_y.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    shade = np.sqrt(np.clip(1 - across**2, 0.02, 1)) * (1 + 0.3 * rng.uniform(-1, 1) * across)
    light = np.clip(shade, 0.15, 1.2) * (1 - rng.uniform(*RIDGES) * (ridges + 1) / 2)
    tone = np.array(TONES[rng.integers(len(TONES))], np.float32) * rng.uniform(0.85, 1.1)
    skin = light[..., None] * tone + 8 * smooth_field(rng, SHAPE, 6)[..., None]
    back = rng.uniform(20, 235, 3) + 15 * smooth_field(rng, SHAPE, 4)[..., None]
    image = np.where(finger[..., None], skin, back).astype(np.float32)
    noisy = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.8)) + rng.normal(0, 3, image.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def outcome(matcher: Matcher, pixels: ByteArray) -> str:
    """What becomes of a picture: taken, or the reason why not, in few words."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG", quality=92, dpi=(72, 72))
    try:
        matcher.template(scan_from_bytes(content.getvalue()))
    except FpverifyError as error:
        return " ".join(str(error).split(": ", 1)[-1].split()[:4]).rstrip(":,")
    return "taken"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--model", metavar="NAME|DIR")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
