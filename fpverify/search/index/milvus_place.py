"""Where a collection of a Milvus engine is asked for: `milvus://host:19530/name` and what is like it.

milvus://host:19530/name          a server or a cluster
milvus+https://host:443/name      the same over TLS
milvus+file:PATH                  a file of Milvus Lite in this process, for trying out

A token, `user:password` or a key of a hosted engine, is no part of it, since places are named in messages: it lies in
the variable `FPVERIFY_INDEX_TOKEN`, or in the system's keyring under `fpverify-index` and the host's name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from fpverify.errors import SettingsError

SCHEMES = {"milvus": "http", "milvus+https": "https"}
FILE = "milvus+file:"
PORT = 19530  # Milvus' own
TOKEN = "FPVERIFY_INDEX_TOKEN"  # noqa: S105 - the name of a variable
KEYRING = "fpverify-index"  # service in the system's keyring; the user name is the host
DEFAULT_NAME = "fpverify"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")  # of a collection, with room for what is added to it


@dataclass(frozen=True, slots=True)
class MilvusPlace:
    """An engine, and the first part of its collections' names.

    Attributes:
        text: as it was given and as messages name it; without any secret.
        uri: as the engine's client takes it.
        name: letters, digits and underscores.
        host: of the server; empty for a file.
    """

    text: str
    uri: str
    name: str
    host: str = ""

    @classmethod
    def parse(cls, text: str) -> MilvusPlace:
        """The place that a text names.

        Raises:
            SettingsError: it names none, or holds a secret.
        """
        if text.startswith(FILE):
            return cls._file(text)
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise _no_place() from error
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise SettingsError(
                f"a place of an index holds no password, it would be shown in messages; set {TOKEN} and give "
                "milvus://host:19530/name"
            )
        if parts.scheme not in SCHEMES or not host:
            raise _no_place()
        name = parts.path.strip("/") or DEFAULT_NAME
        if not _NAME.fullmatch(name):
            raise SettingsError(f"{text}: a collection's name has letters, digits and underscores, a letter first")
        shown = f"[{host}]" if ":" in host else host
        return cls(text, f"{SCHEMES[parts.scheme]}://{shown}:{port or PORT}", name, host)

    @classmethod
    def _file(cls, text: str) -> MilvusPlace:
        path = text.removeprefix(FILE)
        if not path.endswith(".db"):
            raise SettingsError(f"{text}: a file of Milvus Lite ends in .db; give {FILE}/path/to/index.db")
        return cls(text, os.path.abspath(os.path.expanduser(path)), DEFAULT_NAME)  # noqa: PTH100, PTH111 - text for a client

    def token(self, environment: Mapping[str, str] | None = None) -> str:
        """What the engine asks for; empty where nothing was kept.

        Args:
            environment: in place of the process' own.
        """
        given = (os.environ if environment is None else environment).get(TOKEN, "")
        return given or self._from_keyring()

    def _from_keyring(self) -> str:
        if not self.host:
            return ""
        try:
            import keyring
        except ImportError:
            return ""
        from keyring.errors import KeyringError

        try:
            return keyring.get_password(KEYRING, self.host) or ""
        except (KeyringError, RuntimeError):  # there is none on this machine, or it is locked
            return ""


def _no_place() -> SettingsError:
    return SettingsError(
        "that names no Milvus engine; give milvus://host:19530/name, milvus+https://... or " + FILE + "PATH.db"
    )
