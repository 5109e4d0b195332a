from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpverify.errors import SettingsError
from fpverify.settings import DEFAULT_FMR, Settings, is_engine_url, load_settings, parse_fmr, parse_index


def settings(
    folder: Path, text: str | None = None, /, environment: dict[str, str] | None = None, **flags: object
) -> Settings:
    if text is not None:
        (folder / "fpverify.yaml").write_text(text, encoding="utf-8")
    return load_settings(folder, environment or {}, **flags)


def test_every_setting_has_a_default(tmp_path: Path) -> None:
    assert settings(tmp_path) == Settings(db="enroll_db", model=None, fmr=DEFAULT_FMR, ppi=None, workers=None)


def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    text = "db: of-the-file\nmodel: of-the-file\nfmr: 0.01\n"
    environment = {"FPVERIFY_MODEL": "of-the-environment", "FPVERIFY_FMR": "0.02"}
    found = settings(tmp_path, text, environment, fmr=0.03, ppi=None)
    assert found == Settings(db="of-the-file", model="of-the-environment", fmr=0.03)


def test_the_working_directory_and_the_environment_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fpverify.yaml").write_text("ppi: 569\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FPVERIFY_DB", "elsewhere")
    assert (load_settings().ppi, load_settings().db) == (569.0, "elsewhere")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "fmr:\ndb: null\n", "{}"])
def test_an_empty_file_or_value_leaves_the_default(tmp_path: Path, text: str) -> None:
    assert settings(tmp_path, text) == Settings()


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert settings(tmp_path, environment={"FPVERIFY_FMR": ""}) == Settings()


@pytest.mark.parametrize(
    ("value", "rate"), [(0.001, 0.001), ("0.001", 0.001), ("1e-3", 0.001), ("0.1%", 0.001), (" 0.1 % ", 0.001)]
)
def test_a_rate_is_a_fraction_or_a_percentage(value: object, rate: float) -> None:
    assert parse_fmr(value) == pytest.approx(rate, rel=1e-12)


@given(st.floats())
def test_a_rate_lies_strictly_between_0_and_1(value: float) -> None:
    if 0 < value < 1:
        assert parse_fmr(value) == value
    else:
        with pytest.raises(ValueError, match="no false match rate"):
            parse_fmr(value)


def test_a_store_in_the_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings(tmp_path, "db: ~/prints").db == str(tmp_path / "prints")


def test_workers_default_to_the_cores_this_process_may_use(tmp_path: Path) -> None:
    assert settings(tmp_path).processes in range(1, (os.cpu_count() or 1) + 1)
    assert settings(tmp_path, workers=3).processes == 3


BAD_FILES = {
    "fmrr: 0.001": "fmrr is no setting; did you mean fmr?",
    "colour: red": "colour is no setting; the settings are db, key, keep_scans, keep_skin, note_decisions,",
    "12: 3": "12 is no setting",
    "fmr: 1.5": "fmr: 1.5 is no false match rate",
    "fmr: 0": "fmr: 0 is no false match rate",
    "fmr: .nan": "fmr: nan is no false match rate",
    "fmr: often": "fmr: 'often' is no false match rate",
    "fmr: [0.001]": "fmr: a list is no false match rate",
    "ppi: yes": "ppi: True is no resolution",
    "ppi: -500": "ppi: -500 is no resolution",
    "ppi: .inf": "ppi: inf is no resolution",
    "workers: 1.5": "workers: 1.5 is no number of processes",
    "workers: 0": "workers: 0 is no number of processes",
    "db: 12": "db: 12 is no name or path",
    'db: ""': "db: '' is no name or path",
    "db: {a: b}": "db: a dict is no name or path",
    "fmr: 0.001: 2": "is not YAML in line 1",
    "db: a\n\tfmr: 3": "is not YAML in line 2",
    "when: 2024-99-99": "is not YAML",
    "- fmr": "holds no settings",
    "fmr = 0.001": "holds no settings",
    "!!python/object/apply:os.system [true]": "is not YAML",
    "[" * 3000: "is not YAML",
    "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\ndb: [*b, *b, *b]": "is no setting",
}


@pytest.mark.parametrize("text", BAD_FILES)
def test_a_bad_file_is_one_clear_line_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "fpverify.yaml"))
    assert BAD_FILES[text] in message
    assert len(message.splitlines()) == 1
    assert len(message) < 300 + len(str(tmp_path))


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fpverify.yaml").write_bytes("db: Zoë".encode("latin-1"))
    with pytest.raises(SettingsError, match="it is not UTF-8 text"):
        settings(tmp_path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fpverify.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"fpverify\.yaml cannot be read: Is a directory"):
        settings(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("FPVERIFY_FMR", "2", "FPVERIFY_FMR: '2' is no false match rate"),
        ("FPVERIFY_PPI", "five hundred", "FPVERIFY_PPI: 'five hundred' is no resolution"),
        ("FPVERIFY_MODLE", "x", "FPVERIFY_MODLE is no setting; did you mean FPVERIFY_MODEL?"),
        ("FPVERIFY_FMRS", "x", "FPVERIFY_FMRS is no setting; did you mean FPVERIFY_FMR?"),
    ],
)
def test_a_bad_or_mistyped_variable_is_named(tmp_path: Path, variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, environment={variable: value})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "variable", ["FPVERIFY_PORT", "FPVERIFY_SERVICE_HOST", "FPVERIFY_DEBUG", "FPVERIFY_REAL_PRINTS"]
)
def test_variables_that_others_set_are_left_alone(tmp_path: Path, variable: str) -> None:
    assert settings(tmp_path, environment={variable: "tcp://10.0.0.1:80"}) == Settings()


def test_a_bad_flag_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^fmr: 7 is no false match rate"):
        settings(tmp_path, fmr=7)
    with pytest.raises(SettingsError, match=r"^speed is no setting"):
        settings(tmp_path, speed=7)


@pytest.mark.parametrize("index", ["auto", "exact", "ivf", "none", "milvus://host:19530/fingers", "milvus+https://h/f"])
def test_an_index_is_a_word_or_the_url_of_an_engine(tmp_path: Path, index: str) -> None:
    assert settings(tmp_path, environment={"FPVERIFY_INDEX": index}).index == index
    assert settings(tmp_path, f"index: {index}").index == index
    assert is_engine_url(index) == index.startswith("milvus")


@pytest.mark.parametrize("index", ["quick", "", "milvus://", "milvus://host", "http://host/fingers", "milvus://h/a b"])
def test_anything_else_is_no_index(index: str) -> None:
    with pytest.raises(ValueError, match="give auto, exact, ivf, none, or milvus://"):
        parse_index(index)
