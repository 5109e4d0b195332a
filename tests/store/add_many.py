"""Adds impressions to a store, of a subject of its own and of one shared with others. Run as a program.

python add_many.py FOLDER NAME COUNT
"""

from __future__ import annotations

import sys

from conftest import random_template

from fpverify.store import Store


def main() -> None:
    folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for seed in range(count):
        with Store.open(folder, timeout_s=60) as store:
            store.add(name, "left-index", random_template(seed, minutiae=8))
            store.add("shared", "right-index", random_template(seed, minutiae=8))
            assert len(store.references(name)) == seed + 1


if __name__ == "__main__":
    main()
