"""A bundle: a folder with a card and the files of its networks, each checked against its hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fpverify.errors import CorruptModel
from fpverify.folders import path_of
from fpverify.models.card import CARD, COPY, Card, read_card, written
from fpverify.models.installed import folder_of, folder_of_id, shared_files
from fpverify.models.runtime import LiteRtNetwork
from fpverify.vocabulary import AlignmentKind, BundleKind

NETWORK, WEIGHTS = ".tflite", ".weights.h5"  # ends of files: what runs, and what training goes on from
SEEING = ("minutia_map", "descriptor", "seam_map", "drawn_map")  # networks that a template of a print comes from


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model, ready to be used.

    Attributes:
        folder: where it lies.
        card: what it is.
    """

    folder: Path
    card: Card
    _read: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)  # when it was checked

    @property
    def model_id(self) -> str:
        """The id that templates of this model carry."""
        return self.card.id

    @property
    def kind(self) -> BundleKind:
        """Which of the two pipelines the networks belong to."""
        return self.card.kind

    @property
    def alignment(self) -> AlignmentKind:
        """How two prints are laid on each other where they are compared."""
        return self.card.alignment

    def sees_as(self, other: Bundle) -> bool:
        """Whether prints that are no touches of small sensors get the same templates from both, but for the id."""
        ours, theirs = ({name: one.card.files.get(f"{name}{NETWORK}") for name in SEEING} for one in (self, other))
        return self.kind == other.kind == "minutiae" and ours == theirs

    def has_network(self, name: str) -> bool:
        """Whether the card lists `<name>.tflite`; models made before there was such a network have none."""
        return f"{name}{NETWORK}" in self.card.files

    def network(self, name: str) -> LiteRtNetwork:
        """The network in `<name>.tflite`.

        Raises:
            CorruptModel: the card does not list the file, it is missing, does not fit its hash, or is no network.
        """
        file = f"{name}{NETWORK}"
        content = self._read.pop(file, None)  # once: a network keeps its bytes itself
        return LiteRtNetwork(self.content(file) if content is None else content, str(self.folder / file))

    def content(self, name: str) -> bytes:
        """The bytes of a file, checked; of shipped models, what is another's too lies with that one.

        Raises:
            CorruptModel: the card does not list it, it is missing, or it does not fit its hash.
        """
        stated = (self.card.files | self.card.search_files).get(name)
        if stated is None:
            raise CorruptModel(f"{self.folder}: the model card lists no file {name}")
        own = self.folder / name
        others = [] if own.exists() else shared_files(self.folder, name)
        for path in [*others, own]:
            try:
                content = path.read_bytes()
            except OSError as error:
                missing = isinstance(error, FileNotFoundError)
                hint = f" (a model is copied whole by `fpverify models {self.card.id} --copy DIR`)" if missing else ""
                raise CorruptModel(f"{path}: cannot be read: {error.strerror}{hint}") from error
            if hashlib.sha256(content).hexdigest() == stated:
                return content
        raise CorruptModel(f"{own}: does not fit the hash in the model card; install it again")

    def calibration_of_its_own(self) -> dict[str, Any] | None:
        """As the card in its folder has it, whatever was fitted to a sensor since; raises CorruptModel."""
        return read_card(self.folder / CARD).calibration

    def packed(self) -> dict[str, bytes]:
        """What another folder has to hold for prints to be compared by it: all but weights; errors of `content`."""
        made, searched = self.contents(weights=False)
        cards = {path.name: path.read_bytes() for path in (self.folder / CARD, self.folder / COPY) if path.exists()}
        return made | searched | cards  # the card that lies there: this one's calibration may be of a sensor

    def contents(self, *, weights: bool = True) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """All files by name: those that make its templates and scores, and those of a search; errors of `content`.

        Args:
            weights: those for training on, too.
        """
        files = [name for name in self.card.files if weights or not name.endswith(WEIGHTS)]
        made, searched = ({name: self.content(name) for name in names} for names in (files, self.card.search_files))
        return made, searched


def load_bundle(model: str | Path | None = None, models: str | Path | None = None, *, whole: bool = True) -> Bundle:
    """A bundle by its folder or the name of an installed model, every file of its networks checked: 1 ms for 1 MB.

    Args:
        model: None is the release model.
        models: folder of former bundles; None is that of the user's data.
        whole: check the weights too, most of the bytes. Whoever compares prints does not read them; training does, and
            checks each as it reads it.

    Raises:
        UnknownModel: neither an installed model nor a folder with a card.
        CorruptModel: the card cannot be read, or a file is missing or does not fit its hash; names it.
    """
    folder = folder_of(model if model is None or isinstance(model, str) else str(path_of(model)), models)
    return _checked(folder, whole=whole)


def installed_bundle(model_id: str, models: str | Path | None = None) -> Bundle:
    """The bundle of the model that made some template, to compare with; never what just lies where we work.

    Args:
        model_id: that the template carries.
        models: as in `load_bundle`.

    Raises:
        UnknownModel: it is not installed; names it, and what is.
        CorruptModel: its card cannot be read, or a file that comparing needs is missing or does not fit its hash.
    """
    return _checked(folder_of_id(model_id, models), whole=False)


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


def copy_bundle(bundle: Bundle, folder: Path) -> Bundle:
    """The bundle whole in another folder, to be used where another release of fpverify ships it no longer.

    Args:
        bundle: to copy.
        folder: that does not exist; it is there when all of it is.

    Raises:
        OSError: it cannot be written; names the folder.
        CorruptModel: a file of its networks or of a search is missing or does not fit its hash; names it.
    """
    import shutil  # here: whoever verifies copies nothing

    networks, searching = bundle.contents()
    part = folder.with_name(f"part-{folder.name}")
    try:
        copied = write_search_files(write_bundle(part, replace(bundle.card, search_files={}), networks), searching)
        part.rename(folder)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and error.filename == str(part) and not part.exists():
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise
    return replace(copied, folder=folder)


def write_search_files(bundle: Bundle, contents: Mapping[str, bytes]) -> Bundle:
    """Adds files that a search of many references reads, or replaces them; file name to bytes."""
    for name, content in contents.items():
        _write(bundle.folder / name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    card = replace(bundle.card, search_files=bundle.card.search_files | hashes)
    return rewrite_card(replace(bundle, card=card))


def rewrite_card(bundle: Bundle) -> Bundle:
    """Writes the card of a bundle whose files lie there already."""
    for name, content in written(bundle.card).items():
        _write(bundle.folder / name, content)
    return bundle


def _checked(folder: Path, *, whole: bool) -> Bundle:
    bundle = Bundle(folder, read_card(folder / CARD))
    for name in bundle.card.files:
        if whole or not name.endswith(WEIGHTS):
            content = bundle.content(name)
            if name.endswith(NETWORK):
                bundle._read[name] = content
    return bundle


def _write(path: Path, content: bytes) -> None:
    """The whole file or none of it, whatever happens meanwhile."""
    part = path.with_name(f"part-{path.name}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
