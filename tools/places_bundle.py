"""Makes a model that compares small touches: an existing one, with a network of places and all that it needs beside it.

    python tools/places_bundle.py WEIGHTS OUT --sets runs/touch-sets [--model ridgeline-11] [--id ID]

WEIGHTS is a `places.weights.h5`, or a file of NumPy's with arrays w0, w1, ... in the order of the network's weights.
Descriptors are exported in whole numbers of 8 bits; worths are learnt and scores calibrated on synthetic touches, which
are drawn into --sets and used again by the next call. Templates of full prints stay what they are. With
OPENBLAS_NUM_THREADS=1 it is quicker: products of small matrices wait for each other's threads else.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np

from fpverify.features.places import at_places, directions, lattice, neighbourhoods
from fpverify.features.preparation import prepare
from fpverify.matching.cohorts import FILE as STRANGERS
from fpverify.matching.cohorts import knows_strangers, renamed
from fpverify.matching.touches import TABLES
from fpverify.models import Bundle, load_bundle, write_bundle, write_search_files
from fpverify.models.runtime import LiteRtNetwork
from fpverify.networks.places import place_tower
from fpverify.scans import read_scan
from fpverify.synthesis.touches import TouchSettings, write_touches
from fpverify.training.export import litert_bytes, weights_bytes
from fpverify.training.touch_evidence import FINGERS, SIDES_PX, learn_touches, with_cohort
from fpverify.vocabulary import FloatArray

EXAMPLE_SEED, EXAMPLE_FINGERS, EXAMPLES = 4_900_000, 20, 600
LEAST_COSINE = 0.98  # of a descriptor in whole numbers with the same in float32


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints how alike the exported network's descriptors are, and the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path, help="folder that becomes the bundle")
    parser.add_argument("--sets", type=Path, required=True, help="folder of synthetic touches, which are kept there")
    parser.add_argument("--model", help="shipped name or folder of the model that is added to")
    parser.add_argument("--id", help="of the new model; as it is if not given, for trials only")
    parser.add_argument("--sides", type=int, nargs="+", default=SIDES_PX, help="px at 500 ppi to calibrate for")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="synthetic fingers of each size to calibrate on")
    parser.add_argument("--relearn", action="store_true", help="OUT has the network already: only learn and calibrate")
    parser.add_argument("--keep-worths", action="store_true", help="learn no worths: places are worth what they were")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    cv2.setNumThreads(1)
    if given.keep_worths and not given.relearn and TABLES not in load_bundle(given.model).card.files:
        parser.error(f"{given.model} knows no worths of places to keep")
    if given.relearn:
        bundle = load_bundle(given.out)
    else:
        bundle = with_places(load_bundle(given.model), weighted(given.weights), given.out, given.id, given.sets)
        if given.keep_worths:
            bundle = with_cohort(bundle, given.sets, given.workers)
    bundle = learn_touches(
        bundle,
        given.sets,
        workers=given.workers,
        sides_px=given.sides,
        fingers=given.fingers,
        keep_worths=given.keep_worths,
    )
    for file, digest in bundle.card.files.items():
        print(digest, file)
    return 0


def weighted(path: Path) -> keras.Model:
    """The network with the weights of a file."""
    network = place_tower()
    if path.suffix == ".h5":
        network.load_weights(path)
        return network
    with np.load(path, allow_pickle=False) as stored:
        network.set_weights([stored[f"w{k}"] for k in range(len(network.weights))])
    return network


def with_places(model: Bundle, network: keras.Model, out: Path, new_id: str | None, sets: Path) -> Bundle:
    """A copy of a model that has the network as well."""
    examples = example_places(sets / "examples")
    exported = litert_bytes(network, examples[:EXAMPLES])
    require_alike(network, exported, examples[EXAMPLES : 2 * EXAMPLES])
    contents, search = model.contents()
    if new_id and knows_strangers(model):
        contents[STRANGERS] = renamed(contents[STRANGERS], new_id)
    contents |= {"places.tflite": exported, "places.weights.h5": weights_bytes(network)}
    points = tuple(replace(one, model_id=new_id or model.model_id) for one in model.card.operating_points)
    card = replace(model.card, id=new_id or model.model_id, operating_points=points, search_files={})
    return write_search_files(write_bundle(out, card, contents), search)


def require_alike(network: keras.Model, exported: bytes, examples: FloatArray) -> None:
    """Ends the program if the exported network's descriptors are others than the network's."""
    exact = network.predict(examples, verbose=0)
    made = LiteRtNetwork(exported)(examples)
    cosines = np.sort((exact * made).sum(1) / np.linalg.norm(made, axis=1))
    low = cosines[len(cosines) // 100]
    print(f"descriptors in 8 bits: cosine {cosines.mean():.4f} on average, {low:.4f} in the worst hundredth")
    if low < LEAST_COSINE:
        sys.exit(f"a hundredth of the descriptors has less than {LEAST_COSINE}; the export is not usable")


def example_places(folder: Path) -> FloatArray:
    """Neighbourhoods of places of synthetic touches, (n, 32, 32, 1), in random order."""
    if not folder.exists():
        settings = TouchSettings(120, references=0, probes=2)
        write_touches(folder, fingers=EXAMPLE_FINGERS, seed=EXAMPLE_SEED, settings=settings)
    found = []
    for path in sorted(folder.glob("*.png")):
        image = prepare(read_scan(path, ppi=500.0)).image
        cells = np.ones([-(-side // 4) for side in image.shape], bool)
        x, y = lattice(cells, image.shape, staggered=True)
        found.append(neighbourhoods(image, x, y, at_places(directions(image), x, y)))
    every = np.concatenate(found)[..., None]
    return every[np.random.default_rng(EXAMPLE_SEED).permutation(len(every))]


if __name__ == "__main__":
    sys.exit(main())
