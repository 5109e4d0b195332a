"""A bundle: a folder with a card and the files of its networks, each checked against its hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from fpverify.errors import CorruptModel
from fpverify.folders import path_of
from fpverify.models.card import CARD, Card, read_card
from fpverify.models.installed import folder_of, folder_of_id
from fpverify.models.runtime import LiteRtNetwork
from fpverify.vocabulary import BundleKind

SEEING = ("minutia_map", "descriptor", "seam_map")  # networks that a template of a print comes from


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model, ready to be used.

    Attributes:
        folder: where it lies.
        card: what it is.
    """

    folder: Path
    card: Card

    @property
    def model_id(self) -> str:
        """The id that templates of this model carry."""
        return self.card.id

    @property
    def kind(self) -> BundleKind:
        """Which of the two pipelines the networks belong to."""
        return self.card.kind

    @property
    def bent(self) -> bool:
        """Whether the skin between minutiae may bend where two prints are compared."""
        return self.card.alignment == "bent"

    def sees_as(self, other: Bundle) -> bool:
        """Whether prints that are no touches of small sensors get the same templates from both, but for the id."""
        ours, theirs = ({name: one.card.files.get(f"{name}.tflite") for name in SEEING} for one in (self, other))
        return self.kind == other.kind == "minutiae" and ours == theirs

    def has_network(self, name: str) -> bool:
        """Whether the card lists `<name>.tflite`; models made before there was such a network have none."""
        return f"{name}.tflite" in self.card.files

    def network(self, name: str) -> LiteRtNetwork:
        """The network in `<name>.tflite`.

        Raises:
            CorruptModel: the card does not list the file, it is missing, does not fit its hash, or is no network.
        """
        file = f"{name}.tflite"
        return LiteRtNetwork(self.content(file), str(self.folder / file))

    def content(self, name: str) -> bytes:
        """The bytes of a file, checked.

        Raises:
            CorruptModel: the card does not list it, it is missing, or it does not fit its hash.
        """
        stated = (self.card.files | self.card.search_files).get(name)
        if stated is None:
            raise CorruptModel(f"{self.folder}: the model card lists no file {name}")
        try:
            content = (self.folder / name).read_bytes()
        except OSError as error:
            raise CorruptModel(f"{self.folder / name}: cannot be read: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != stated:
            raise CorruptModel(f"{self.folder / name}: does not fit the hash in the model card; install it again")
        return content


def load_bundle(model: str | Path | None = None, models: str | Path | None = None) -> Bundle:
    """A bundle by its folder or the name of an installed model, every file of its networks checked: 1 ms for 1 MB.

    Args:
        model: None is the release model.
        models: folder of former bundles; None is that of the user's data.

    Raises:
        UnknownModel: neither an installed model nor a folder with a card.
        CorruptModel: the card cannot be read, or a file is missing or does not fit its hash; names it.
    """
    return _checked(folder_of(model if model is None or isinstance(model, str) else str(path_of(model)), models))


def installed_bundle(model_id: str, models: str | Path | None = None) -> Bundle:
    """The bundle of the model that made some template, checked likewise; never what just lies where we work.

    Args:
        model_id: that the template carries.
        models: as in `load_bundle`.

    Raises:
        UnknownModel: it is not installed; names it, and what is.
        CorruptModel: its card cannot be read, or a file is missing or does not fit its hash.
    """
    return _checked(folder_of_id(model_id, models))


def write_bundle(folder: Path, card: Card, contents: Mapping[str, bytes]) -> Bundle:
    """Writes the files, then the card with their hashes: cut short at any moment, the folder is no bundle.

    Args:
        folder: made if missing; a bundle that lies there is replaced.
        card: its `files` are filled in here.
        contents: file name to bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    for name, content in contents.items():
        _write(folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return rewrite_card(Bundle(folder, replace(card, files=hashes)))


def write_search_files(bundle: Bundle, contents: Mapping[str, bytes]) -> Bundle:
    """Adds files that a search of many references reads, or replaces them; file name to bytes."""
    for name, content in contents.items():
        _write(bundle.folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    card = replace(bundle.card, search_files=bundle.card.search_files | hashes)
    return rewrite_card(replace(bundle, card=card))


def rewrite_card(bundle: Bundle) -> Bundle:
    """Writes the card of a bundle whose files lie there already."""
    plain = bundle.card.to_dict()
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    _write(bundle.folder / CARD, text.encode())
    return bundle


def _checked(folder: Path) -> Bundle:
    bundle = Bundle(folder, read_card(folder / CARD))
    for name in bundle.card.files:
        bundle.content(name)
    return bundle


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it, whatever happens meanwhile."""
    part = path.with_name(f"part-{path.name}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
