"""Random records in every format, written and read again; and damaged ones: the rules of tests/formats, at size.

    python tools/records.py [--records 10000] [--mutated 20000]

Every record is written in each format and read again, and has to be the same within the format's steps, and byte by
byte the same from then on. Of the damaged ones each has to be refused in one line, or to be a sound record. Printed is
a line for each format; what breaks a rule ends the run with its seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "formats"))

from test_damage import ALL as DAMAGED  # type: ignore[import-not-found]
from test_damage import check_mutated
from test_round_trips import ALL, check_round_trip  # type: ignore[import-not-found]
from tqdm import tqdm


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs both and prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000, help="of each format")
    parser.add_argument("--mutated", type=int, default=20_000, help="of all formats together")
    given = parser.parse_args(arguments)
    for name in ALL:
        began = time.perf_counter()
        for seed in tqdm(range(given.records), desc=name, disable=None):
            check_round_trip(seed, name)
        print(f"{name}: {given.records:,} records came back, {time.perf_counter() - began:.0f} s", flush=True)
    share = -(-given.mutated // len(DAMAGED))
    taken = {name: sum(check_mutated(seed, name) for seed in range(share)) for name in DAMAGED}
    refused = share * len(DAMAGED) - sum(taken.values())
    print(f"{share * len(DAMAGED):,} mutated records: {refused:,} refused in one line, {sum(taken.values()):,} sound")
    return 0


if __name__ == "__main__":
    sys.exit(main())
