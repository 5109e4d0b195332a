"""Where bundles are installed, and the one of a model's id.

What made the templates in a store has to be there for as long as they are. It is looked for in this order; the first
bundle whose card states the id is taken, so nothing takes the place of a shipped one:

1. the models that come with the package;
2. the folder of former bundles (the setting `models`), with a folder for each;
3. the package `fpverify_models`, where it is installed: a folder for each as well, of which nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fpverify.errors import CorruptModel, SettingsError, UnknownModel
from fpverify.models.card import CARD, read_card

SHIPPED = Path(__file__).parent / "shipped"
DEFAULT = SHIPPED / "DEFAULT"  # one line: the name of the release model
PACKAGE = "fpverify_models"  # former bundles alone
FOLDER = "models"  # in the user's data folder, where the settings name none


def shipped_models() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CARD}"))


def shared_files(folder: Path, name: str) -> list[Path]:
    """Files of a name that lie with shipped models, those of later ones first: what several of them have lies once.

    Args:
        folder: of a bundle that has no such file; nothing, if it is not one of the package's own.
        name: of the file; which of those that are found it is, its hash says.
    """
    ships = folder.resolve().parent == SHIPPED.resolve()
    return sorted(SHIPPED.glob(f"*/{name}"), reverse=True) if ships else []


def former_models(models: str | Path | None = None) -> list[Path]:
    """The folders of all other bundles that are installed, those that come first in their order.

    Args:
        models: folder of former bundles; None is that of the user's data.
    """
    return [card.parent for place in _former_places(models) for card in sorted(place.glob(f"*/{CARD}"))]


def models_folder(models: str | Path | None = None) -> Path | None:
    """The folder of former bundles, whether it exists or not; None for a user without a home folder who names none."""
    if models is not None:
        return Path(models)
    from fpverify.folders import data_folder  # here: a store whose model is shipped needs none of it

    try:
        return data_folder(otherwise="name the folder of former models (FPVERIFY_MODELS)") / FOLDER
    except SettingsError:
        return None


def folder_of(model: str | Path | None, models: str | Path | None = None) -> Path:
    """The folder of a bundle.

    Args:
        model: name of a shipped model, folder of a bundle, or id of a former one; None is the release model.
        models: folder of former bundles; None is that of the user's data.

    Raises:
        UnknownModel: there is none.
    """
    if model is None:
        if not DEFAULT.exists():
            raise UnknownModel(f"this installation has no release model in {SHIPPED}; name one by its folder")
        model = DEFAULT.read_text().strip()
    shipped = _shipped(str(model))
    if shipped is not None:
        return shipped
    if (Path(model) / CARD).exists():
        return Path(model)
    former = _former(str(model), models)
    if former is not None:
        return former
    raise UnknownModel(
        f"no model {str(model)!r}: neither a folder with a {CARD} nor an installed model ({_all_of_them(models)})"
    )


def folder_of_id(model_id: str, models: str | Path | None = None) -> Path:
    """The folder of the bundle whose card states an id, among those that are installed.

    Raises:
        UnknownModel: there is none; names what there is, and where it would be looked for.
    """
    found = _shipped(model_id) or _former(model_id, models)
    if found is not None:
        return found
    place = models_folder(models)
    where = f"put its bundle into the folder {place}" if place else "name the folder that has it (FPVERIFY_MODELS)"
    raise UnknownModel(f"the model {model_id} is not installed ({_all_of_them(models)}); {where}")


def _shipped(name: str) -> Path | None:
    folder = SHIPPED / Path(name).name
    return folder if name == folder.name and (folder / CARD).exists() else None


def _former(model_id: str, models: str | Path | None) -> Path | None:
    """A folder that is named as the id is, or another one whose card states it."""
    folders = former_models(models)
    for folder in sorted(folders, key=lambda one: one.name != model_id):
        try:
            if read_card(folder / CARD).id == model_id:
                return folder
        except CorruptModel:
            if folder.name == model_id:  # this one is meant; of others nobody knows whose they are
                raise
    return None


def _former_places(models: str | Path | None) -> Iterator[Path]:
    folder = models_folder(models)
    if folder is not None:
        yield folder
    from importlib.util import find_spec  # finds the package's folders without running it

    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations if spec else None) or ():
        yield Path(place)


def _all_of_them(models: str | Path | None) -> str:
    """In words."""
    names = [*shipped_models(), *(folder.name for folder in former_models(models))]
    return f"installed: {', '.join(names) or 'none'}"
