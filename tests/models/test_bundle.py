from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fpverify.errors import CorruptModel, UnknownModel
from fpverify.models import (
    Bundle,
    Card,
    copy_bundle,
    former_models,
    installed,
    installed_bundle,
    load_bundle,
    rewrite_card,
    shipped_models,
    write_bundle,
    write_search_files,
)
from fpverify.vocabulary import Interval, OperatingPoint

CONTENTS = {
    "descriptor.tflite": b"one network",
    "minutia_map.tflite": b"the other",
    "descriptor.weights.h5": b"weights",
}
POINT = OperatingPoint(
    0.001,
    30.0,
    0.0008,
    0.02,
    Interval(0.0005, 0.0012),
    Interval(0.01, 0.03),
    0.0,
    500,
    9000,
    "made-up fingers",
    "tiny-1",
)
CARD = Card(
    id="tiny-1",
    kind="minutiae",
    created="2026-01-31",
    files={},
    recipe={"steps": 3, "rounds": [{"learning_rate": 0.002}], "note": "größer: ja"},
    seeds={"training": 7, "calibration": 1_000_007},
    versions={"keras": "3.0"},
    training_data="Synthetic fingers\nof seed 7; no real print: none.",
    calibration={"knots_raw": [0.1, 0.25], "knots_score": [0.0, 30.5]},
    operating_points=(POINT,),
    measured=({"data": "made-up fingers", "eer": 0.011},),
)


@pytest.fixture
def made(tmp_path: Path) -> Bundle:
    return write_bundle(tmp_path / "tiny", CARD, CONTENTS)


def test_a_bundle_comes_back_as_it_was_written(made: Bundle) -> None:
    loaded = load_bundle(made.folder)
    assert replace(loaded.card, files={}) == CARD
    assert (loaded.model_id, loaded.kind) == ("tiny-1", "minutiae")
    assert {name: loaded.content(name) for name in CONTENTS} == CONTENTS
    assert sorted(path.name for path in made.folder.iterdir()) == sorted([*CONTENTS, "card.json", "card.yaml"])


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("change", ["bit", "shorter", "longer", "missing", "folder"])
def test_a_file_that_does_not_fit_its_hash_is_refused_by_name(made: Bundle, name: str, change: str) -> None:
    path = made.folder / name
    content = path.read_bytes()
    path.unlink()
    if change == "bit":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif change in ("shorter", "longer"):
        path.write_bytes((content + b"\0")[: len(content) + (1 if change == "longer" else -1)])
    elif change == "folder":
        path.mkdir()
    with pytest.raises(CorruptModel, match=name):
        load_bundle(made.folder)


def test_whoever_compares_only_does_not_look_at_weights(made: Bundle) -> None:
    (made.folder / "descriptor.weights.h5").write_bytes(b"others")
    loaded = load_bundle(made.folder, whole=False)
    with pytest.raises(CorruptModel, match=r"descriptor\.weights\.h5"):
        loaded.content("descriptor.weights.h5")
    (made.folder / "descriptor.tflite").write_bytes(b"another network")
    with pytest.raises(CorruptModel, match=r"descriptor\.tflite"):
        load_bundle(made.folder, whole=False)


def test_a_file_that_changes_after_loading_is_refused_too(made: Bundle) -> None:
    loaded = load_bundle(made.folder)
    (made.folder / "descriptor.tflite").write_bytes(b"another network")
    with pytest.raises(CorruptModel, match=r"descriptor\.tflite"):
        loaded.content("descriptor.tflite")


def test_a_network_the_card_does_not_list_is_refused_by_name(made: Bundle) -> None:
    (made.folder / "whole_print.tflite").write_bytes(b"slipped in")
    with pytest.raises(CorruptModel, match=r"lists no file whole_print\.tflite"):
        load_bundle(made.folder).network("whole_print")


def test_a_bundle_says_which_networks_it_has(made: Bundle) -> None:
    assert made.has_network("descriptor")
    assert not made.has_network("seam_map")


def test_a_file_that_is_no_network_is_refused_by_name(made: Bundle) -> None:
    with pytest.raises(CorruptModel, match=r"descriptor\.tflite: not a LiteRT network"):
        load_bundle(made.folder).network("descriptor")


def test_a_bundle_can_be_sent_to_another_process(made: Bundle) -> None:
    sent = pickle.loads(pickle.dumps(made))  # noqa: S301
    assert sent == made
    assert sent.content("descriptor.tflite") == b"one network"


# --- finding a model ------------------------------------------------------------------------------------------------


@pytest.fixture
def shipped(tmp_path: Path, made: Bundle, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models with `tiny-1` in it, in place of the package's own."""
    folder = tmp_path / "shipped"
    shutil.copytree(made.folder, folder / "tiny-1")
    (folder / "DEFAULT").write_text("tiny-1\n")
    monkeypatch.setattr(installed, "SHIPPED", folder)
    monkeypatch.setattr(installed, "DEFAULT", folder / "DEFAULT")
    return folder


def test_what_a_shipped_model_has_of_another_lies_with_that_one(shipped: Path) -> None:
    other = CONTENTS | {"descriptor.tflite": b"its own network"}
    newer = write_bundle(shipped / "tiny-2", replace(CARD, id="tiny-2"), other)
    newer = write_search_files(newer, {"codebook.npy": b"centres"})
    write_search_files(load_bundle("tiny-1"), {"codebook.npy": b"centres"})
    for name in ("minutia_map.tflite", "descriptor.weights.h5", "codebook.npy"):
        (shipped / "tiny-1" / name).unlink()
    former = load_bundle("tiny-1")
    assert {name: former.content(name) for name in CONTENTS} == CONTENTS
    assert former.content("codebook.npy") == b"centres"
    (newer.folder / "minutia_map.tflite").write_bytes(b"yet another")
    with pytest.raises(CorruptModel, match=r"tiny-1.minutia_map\.tflite: cannot be read"):
        load_bundle("tiny-1")


def test_what_is_packed_is_a_bundle_without_weights(made: Bundle, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    fitted = replace(made, card=replace(made.card, calibration=None))  # as to a sensor
    for name, content in fitted.packed().items():
        (tmp_path / "there" / name).write_bytes(content)
    there = load_bundle(tmp_path / "there", whole=False)
    assert there.card == made.card
    assert there.content("descriptor.tflite") == b"one network"
    assert not (tmp_path / "there" / "descriptor.weights.h5").exists()
    assert fitted.calibration_of_its_own() == made.card.calibration


@pytest.mark.parametrize("file", ["card.json", "minutia_map.tflite", "codebook.npy"])
def test_a_copy_is_whole_or_is_not(made: Bundle, tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = write_search_files(made, {"codebook.npy": b"centres"})
    assert copy_bundle(bundle, tmp_path / "whole").content("codebook.npy") == b"centres"

    def full(path: Path, content: bytes) -> None:
        if path.name == file:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr("fpverify.models.bundle._write", full)
    with pytest.raises(OSError, match="No space left"):
        copy_bundle(bundle, tmp_path / "copy")
    assert not sorted(tmp_path.glob("*copy*"))


def test_a_copy_that_cannot_be_written_names_its_folder(made: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError) as caught:
        copy_bundle(made, tmp_path / "file" / "copy")
    assert caught.value.filename == str(tmp_path / "file" / "copy")


def test_a_bundle_elsewhere_takes_nothing_from_shipped_ones(shipped: Path, made: Bundle) -> None:
    (made.folder / "minutia_map.tflite").unlink()
    with pytest.raises(CorruptModel, match=r"minutia_map\.tflite"):
        load_bundle(made.folder)


def test_no_file_of_shipped_models_lies_twice_and_the_release_model_is_whole() -> None:
    paths = [path for path in installed.SHIPPED.glob("*/*") if path.suffix not in (".json", ".yaml")]
    contents = [path.read_bytes() for path in paths]
    assert len(set(contents)) == len(paths)
    release = load_bundle()
    assert all((release.folder / name).exists() for name in release.card.files | release.card.search_files)


@pytest.mark.parametrize("model", [None, "tiny-1"])
def test_a_shipped_model_has_a_name_and_one_is_the_default(shipped: Path, model: str | None) -> None:
    assert load_bundle(model).folder == shipped / "tiny-1"
    assert shipped_models() == ["tiny-1"]


def test_a_folder_may_be_given_as_text_or_path(made: Bundle) -> None:
    assert load_bundle(str(made.folder)) == load_bundle(made.folder)


@pytest.mark.parametrize(
    "model", ["tiny-2", "", ".", "shipped", "../tiny-1", "no/such/folder", Path("nowhere"), "a\0b"]
)
def test_an_unknown_model_lists_the_known_ones(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str | Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(UnknownModel, match="tiny-1"):
        load_bundle(model)


def test_without_a_release_model_a_folder_has_to_be_named(shipped: Path) -> None:
    (shipped / "DEFAULT").unlink()
    with pytest.raises(UnknownModel, match="name one by its folder"):
        load_bundle()


def test_a_default_that_was_not_shipped_is_unknown(shipped: Path) -> None:
    (shipped / "DEFAULT").write_text("tiny-9")
    with pytest.raises(UnknownModel, match="tiny-9"):
        load_bundle()


# --- former models --------------------------------------------------------------------------------------------------


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """A folder of former bundles with `tiny-0`, and `tiny-00` in a folder of another name."""
    for name, model_id in (("tiny-0", "tiny-0"), ("kept", "tiny-00")):
        write_bundle(tmp_path / "former" / name, replace(CARD, id=model_id, operating_points=()), CONTENTS)
    return tmp_path / "former"


def test_a_former_model_is_found_by_the_id_that_its_templates_carry(shipped: Path, former: Path) -> None:
    assert installed_bundle("tiny-0", former).folder == former / "tiny-0"
    assert installed_bundle("tiny-00", former).folder == former / "kept"
    assert load_bundle("tiny-00", former).folder == former / "kept"
    assert former_models(former) == [former / "kept", former / "tiny-0"]


def test_the_folder_of_former_models_lies_with_the_users_data_unless_it_is_named(shipped: Path, former: Path) -> None:
    own = Path(os.environ["XDG_DATA_HOME"]) / "fpverify" / "models"
    with pytest.raises(UnknownModel, match="tiny-0 is not installed") as raised:
        installed_bundle("tiny-0")
    assert str(own) in str(raised.value)
    own.parent.mkdir(parents=True)
    shutil.copytree(former, own)
    assert installed_bundle("tiny-0").folder == own / "tiny-0"


def test_nothing_takes_the_place_of_a_shipped_model(shipped: Path, former: Path) -> None:
    write_bundle(former / "tiny-1", CARD, dict.fromkeys(CONTENTS, b"another"))
    assert installed_bundle("tiny-1", former).folder == shipped / "tiny-1"
    assert load_bundle("tiny-1", former).folder == shipped / "tiny-1"


def test_what_lies_in_the_working_directory_is_no_installed_model(
    shipped: Path, former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(former)
    assert load_bundle("tiny-0").folder == Path("tiny-0")  # somebody named it
    with pytest.raises(UnknownModel):
        installed_bundle("tiny-0", tmp_path / "no-such-folder")


def test_a_former_model_that_is_damaged_is_refused_by_name(shipped: Path, former: Path) -> None:
    (former / "tiny-0" / "descriptor.tflite").write_bytes(b"altered")
    with pytest.raises(CorruptModel, match=r"tiny-0.descriptor\.tflite: does not fit the hash"):
        installed_bundle("tiny-0", former)
    (former / "tiny-0" / "card.yaml").write_text("id: [")
    with pytest.raises(CorruptModel, match=r"tiny-0.card\.yaml"):
        installed_bundle("tiny-0", former)
    assert installed_bundle("tiny-00", former).model_id == "tiny-00"  # of others nothing is asked


@pytest.mark.parametrize("model_id", ["tiny-9", "", "..", "/", "a\0b", "kept", "*"])
def test_a_model_that_is_not_installed_is_one_line_that_names_it_and_what_is(
    shipped: Path, former: Path, model_id: str
) -> None:
    with pytest.raises(UnknownModel, match=r"installed: tiny-1, kept, tiny-0") as raised:
        installed_bundle(model_id, former)
    assert model_id in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_package_of_former_models_is_looked_into_and_not_run(
    shipped: Path, former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(former, tmp_path / "site" / "fpverify_models")
    (tmp_path / "site" / "fpverify_models" / "__init__.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert installed_bundle("tiny-0").folder == tmp_path / "site" / "fpverify_models" / "tiny-0"
    assert installed_bundle("tiny-0", former).folder == former / "tiny-0"  # the folder comes first


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_folder_names_the_folder(shipped: Path, former: Path) -> None:
    with pytest.raises(UnknownModel, match=r"tiny-0 is not installed .*FPVERIFY_MODELS"):
        installed_bundle("tiny-0")
    assert installed_bundle("tiny-0", former).model_id == "tiny-0"


# --- writing --------------------------------------------------------------------------------------------------------


def fails(_: int) -> None:
    raise OSError("disk full")


@pytest.mark.parametrize("after", range(len(CONTENTS) + 1))
def test_a_bundle_whose_writing_was_cut_short_is_no_bundle(
    made: Bundle, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    calls = iter(range(100))
    monkeypatch.setattr(os, "fsync", lambda file: fails(file) if next(calls) == after else None)
    with pytest.raises(OSError, match="disk full"):
        write_bundle(made.folder, replace(CARD, id="tiny-2"), dict.fromkeys(CONTENTS, b"new"))
    with pytest.raises(UnknownModel):
        load_bundle(made.folder)


def test_rewriting_the_card_leaves_the_old_or_the_new_one(made: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(made, card=replace(made.card, calibration=None))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="disk full"):
            rewrite_card(changed)
    assert load_bundle(made.folder).card == made.card
    rewrite_card(changed)
    assert load_bundle(made.folder).card == changed.card
