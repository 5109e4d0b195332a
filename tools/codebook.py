"""The codebook of a model, by which an index keeps minutiae in lists: trained on synthetic fingers, kept by the card.

    python tools/codebook.py CACHE [--model NAME|DIR] [--fingers 3000] [--lists 4096] [--workers N]

CACHE is a folder where templates are kept: a call that is ended is continued by the next. The centres are those of
spherical k-means over the descriptors of two impressions of each finger, the same for the same fingers. Drawing and
extracting takes 0.13 s of CPU a finger, the training some minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from synthetic_prints import Prints, synthetic_templates

from fpverify.models import load_bundle, write_search_files
from fpverify.search.index.codebook import FILE, Codebook, steps
from fpverify.settings import Settings
from fpverify.vocabulary import FloatArray

SEED = 27261124  # neither training nor calibration nor another tool draws from it
FINGERS, IMPRESSIONS = 3000, 2
LISTS = 4096  # of a million prints each holds 11,000 minutiae; with twice as many, adding costs twice as much
ITERATIONS = 12  # the mean cosine to the nearest centre then rises by less than 0.001 each


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws, extracts, trains, and writes the codebook and the card."""
    given = _parsed(arguments)
    prints = Prints(SEED, given.fingers, IMPRESSIONS, given.model)
    rows = [template.descriptors for _, template in synthetic_templates(prints, given.cache, given.workers)]
    descriptors = steps(np.concatenate(rows).astype(np.float32)).astype(np.float32)
    print(f"{len(rows):,} prints, {len(descriptors):,} descriptors")
    codebook = trained(descriptors, given.lists)
    bundle = write_search_files(load_bundle(given.model), {FILE: codebook.encoded()})
    print(f"{bundle.folder / FILE}: {given.lists:,} lists, mean cosine {mean_cosine(descriptors, codebook):.3f}")
    return 0


def trained(descriptors: FloatArray, lists: int) -> Codebook:
    """The codebook of descriptors.

    Args:
        descriptors: (n, d), of one length.
        lists: how many centres.
    """
    import faiss

    faiss.omp_set_num_threads(1)  # sums in one order
    few = max(len(descriptors) // lists, 1)
    options = {"spherical": True, "niter": ITERATIONS, "seed": SEED % 2**31, "min_points_per_centroid": 1}
    means = faiss.Kmeans(descriptors.shape[1], lists, max_points_per_centroid=few + 1, **options)
    means.train(descriptors)
    return Codebook(steps(np.asarray(means.centroids, np.float32)), digest="")


def mean_cosine(descriptors: FloatArray, codebook: Codebook) -> float:
    """Of descriptors and their nearest centres."""
    centres = codebook.centres.astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    few = descriptors[:: max(len(descriptors) // 10_000, 1)]
    nearest = (few @ centres.T).max(axis=1) / np.linalg.norm(few, axis=1)
    return float(nearest.mean())


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder of templates; made if missing")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="synthetic ones")
    parser.add_argument("--lists", type=int, default=LISTS, help="centres")
    parser.add_argument("--workers", type=int, default=Settings().processes, help="processes that draw")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
