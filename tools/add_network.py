"""Adds a trained network to a model that was made before its recipe had it.

    fpverify train recipes/release.yaml --out OUT --only seam_map
    python tools/add_network.py seam_map recipes/release.yaml OUT MODEL

Templates, scores and thresholds of the model stay what they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fpverify.errors import ModelError, RecipeError
from fpverify.models import load_bundle
from fpverify.training.release import add_network


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the files of the model and their hashes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the network")
    parser.add_argument("recipe", type=Path, help="that it was trained by")
    parser.add_argument("out", type=Path, help="folder it was trained in")
    parser.add_argument("model", help="shipped name or folder of the model that takes it")
    given = parser.parse_args(arguments)
    try:
        bundle = add_network(given.recipe, given.out, given.name, load_bundle(given.model))
    except (ModelError, RecipeError) as error:
        print(error, file=sys.stderr)
        return 2
    for file, digest in bundle.card.files.items():
        print(digest, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
