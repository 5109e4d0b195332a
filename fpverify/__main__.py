"""The command line, as `python -m fpverify`."""

from __future__ import annotations

import sys

from fpverify.cli import main

if __name__ == "__main__":
    sys.exit(main())
