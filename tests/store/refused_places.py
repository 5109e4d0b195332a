"""Tries to use stores without the permission to, and prints the errors. Run as a program, by root or anybody.

python refused_places.py FOLDER

FOLDER holds `store.sqlite` and its `key`; neither may be written, and `secret.sqlite` may not be read.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import random_template

from fpverify.errors import StoreError
from fpverify.store import Store

NOBODY = 65534


def attempt(what: str, folder: Path) -> object:
    key = str(folder / "key")
    match what:
        case "read":
            with Store.open(folder / "store.sqlite", create=False, key=key) as store:
                return len(store.references("A"))
        case "add":
            with Store.open(folder / "store.sqlite", key=key) as store:
                return store.add("B", "right-index", random_template())
        case "delete":
            with Store.open(folder / "store.sqlite", key=key) as store:
                return store.delete("A")
        case "create":
            return Store.open(folder / "new.sqlite", key="none")
        case "create folder":
            return Store.open(folder / "new", key="none")
        case "secret":
            return Store.open(folder / "secret.sqlite", key=key)


def main() -> None:
    random_template()  # numpy loads what it needs while it may, and so does the store
    with TemporaryDirectory() as folder:
        Store.open(Path(folder) / "other.sqlite", key=str(Path(folder) / "key")).close()
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    for what in ("read", "add", "delete", "create", "create folder", "secret"):
        try:
            print(what, "->", attempt(what, Path(sys.argv[1])))
        except StoreError as error:
            print(what, "->", type(error).__name__, error)


if __name__ == "__main__":
    main()
