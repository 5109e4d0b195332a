"""Several doors ask one service at once, with asyncio.

python asyncio_doors.py http://127.0.0.1:8000 KEY A=scan1.bmp B=scan2.bmp ...
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fpverify.client import AsyncClient
from fpverify.errors import FpverifyError


async def opens(door: AsyncClient, subject: str, scan: Path) -> bool:
    """Whether one door opens; an error is no open door."""
    try:
        return bool(await door.verify(scan.read_bytes(), subject))
    except FpverifyError as error:
        print(f"{subject}: {error}", file=sys.stderr)
        return False


async def main(url: str, key: str, *asked: str) -> None:
    """Asks for all of them at once, and says each answer."""
    pairs = [one.split("=", 1) for one in asked]
    async with AsyncClient(url, key) as door:
        answers = await asyncio.gather(*(opens(door, subject, Path(scan)) for subject, scan in pairs))
    for (subject, _), answer in zip(pairs, answers, strict=True):
        print(subject, "open" if answer else "shut")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
