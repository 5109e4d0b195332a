"""Whether the service on this machine can work: ends with 0, or with 1 and a line that says why not.

HEALTH_URL is where it answers, http://127.0.0.1:8000 if not given. A certificate is not looked at: it is this machine.
"""

from __future__ import annotations

import os
import ssl
import sys
from urllib.request import urlopen

TIMEOUT_S = 4.0  # below that of the health check


def main() -> int:
    """0 if model and store can be used."""
    url = os.environ.get("HEALTH_URL", "http://127.0.0.1:8000")
    unverified = ssl._create_unverified_context()  # noqa: S323
    try:
        with urlopen(f"{url}/health/ready", timeout=TIMEOUT_S, context=unverified) as answer:  # noqa: S310
            return int(answer.status != 200)
    except OSError as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
