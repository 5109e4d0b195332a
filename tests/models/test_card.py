from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpverify.errors import CorruptModel
from fpverify.models import Card, load_bundle, shipped_models, write_bundle
from fpverify.models.installed import SHIPPED
from fpverify.vocabulary import Interval, OperatingPoint

HASH = "0" * 64
POINT = asdict(
    OperatingPoint(
        0.01, 20.0, 0.008, 0.01, Interval(0.005, 0.012), Interval(0.0, 0.03), 0.0, 50, 900, "fingers", "tiny-1"
    )
)
PLAIN: dict[str, Any] = {"id": "tiny-1", "kind": "minutiae", "created": "2026-01-31", "files": {"a.tflite": HASH}}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"))  # line ends to YAML alone


def test_what_a_card_may_leave_out_has_a_default() -> None:
    card = Card.from_dict(PLAIN, "card.yaml")
    assert card.operating_points == ()
    assert card.calibration is None
    assert "No liveness detection" in card.limits


@given(text=TEXT, number=st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_text_and_number_comes_back(tmp_path: Path, text: str, number: float) -> None:
    card = Card("tiny-1", "minutiae", "2026-01-31", {}, training_data=text, calibration={"knots": [number], text: 1})
    write_bundle(tmp_path, card, {})
    assert load_bundle(tmp_path).card == card


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"licence": "mine"}, "unknown field 'licence'"),
        ({"id": None}, "id cannot be None"),
        ({"id": ""}, "id has 1 to 255 bytes"),
        ({"id": "ü" * 128}, "id has 1 to 255 bytes"),
        ({"kind": "palm"}, "kind is one of minutiae, whole-print"),
        ({"kind": "whole-print"}, "needs input_px"),
        ({"kind": "whole-print", "input_px": 0}, "needs input_px"),
        ({"input_px": True}, "input_px cannot be True"),
        ({"input_px": "160"}, "input_px cannot be '160'"),
        ({"alignment": "loose"}, "alignment is one of rigid, bent, bounded"),
        ({"created": 20260131}, "created cannot be"),
        ({"files": ["a.tflite"]}, "files cannot be"),
        ({"files": {"../a.tflite": HASH}}, "not the name of a file"),
        ({"files": {"/etc/passwd": HASH}}, "not the name of a file"),
        ({"files": {7: HASH}}, "not the name of a file"),
        ({"files": {"a.tflite": "00"}}, "not a SHA-256"),
        ({"files": {"a.tflite": 0}}, "not a SHA-256"),
        ({"measured": ["eer 1 %"]}, "measured is a list of mappings"),
        ({"operating_points": [{}]}, "operating point is incomplete"),
        ({"operating_points": ["30"]}, "operating point is incomplete"),
        ({"operating_points": [{**POINT, "colour": "red"}]}, "operating point is incomplete"),
        ({"operating_points": [{**POINT, "threshold": float("nan")}]}, "nan where a number was expected"),
        ({"operating_points": [{**POINT, "fmr": "0.1 %"}]}, "'0.1 %' where a number was expected"),
        ({"operating_points": [{**POINT, "model_id": "tiny-2"}]}, "belongs to the model 'tiny-2'"),
    ],
)
def test_a_malformed_card_is_refused_in_one_line_that_names_it(change: dict[str, Any], said: str) -> None:
    with pytest.raises(CorruptModel) as refusal:
        Card.from_dict({**PLAIN, **change}, "folder/card.yaml")
    assert str(refusal.value).startswith("folder/card.yaml: ")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", PLAIN)
def test_what_every_card_needs_is_named_when_it_is_missing(name: str) -> None:
    with pytest.raises(CorruptModel, match=f"no field '{name}'"):
        Card.from_dict({field: value for field, value in PLAIN.items() if field != name}, "card.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "just words",
        "id: [unclosed",
        "id: \x07",
        "!!python/object/apply:os.mkdir [made-by-the-card]",
        "{id: tiny-1, kind: minutiae, created: 2026-01-31, files: {}}",  # without quotes YAML reads a date
    ],
)
def test_a_file_that_is_no_card_is_refused_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "card.yaml").write_text(text)
    with pytest.raises(CorruptModel, match=r"card\.yaml"):
        load_bundle(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["card.yaml"]


def test_a_card_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(CorruptModel, match=r"card\.yaml"):
        load_bundle(tmp_path)


def test_a_card_can_be_read_by_any_yaml_reader(tmp_path: Path) -> None:
    card = Card.from_dict({**PLAIN, "files": {}, "operating_points": [POINT]}, "card.yaml")
    write_bundle(tmp_path, card, {"a.tflite": b"network"})
    plain = yaml.safe_load((tmp_path / "card.yaml").read_text(encoding="utf-8"))
    assert plain["operating_points"][0]["threshold"] == 20.0
    assert list(plain["files"]) == ["a.tflite"]


# --- the copy -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A bundle whose copy of the card has another text than the card, so that it shows which of them is read."""
    write_bundle(tmp_path, Card.from_dict(PLAIN | {"files": {}}, "card.yaml"), {})
    copy = json.loads((tmp_path / "card.json").read_bytes())
    copy["card"]["training_data"] = "as the copy says"
    (tmp_path / "card.json").write_text(json.dumps(copy))
    return tmp_path


def test_the_copy_of_a_card_is_read_in_its_place(copied: Path) -> None:
    assert load_bundle(copied).card.training_data == "as the copy says"


def test_a_card_that_was_changed_is_read_itself(copied: Path) -> None:
    card = copied / "card.yaml"
    card.write_text(card.read_text(encoding="utf-8") + "# a word more\n", encoding="utf-8")
    assert load_bundle(copied).card.training_data == ""


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"sha256": 1, "card": {}}'])
def test_a_copy_that_is_none_is_as_good_as_missing(copied: Path, content: bytes) -> None:
    (copied / "card.json").write_bytes(content)
    assert load_bundle(copied).card.training_data == ""
    (copied / "card.json").unlink()
    assert load_bundle(copied).card.training_data == ""


def test_a_card_that_json_would_change_has_no_copy(tmp_path: Path) -> None:
    card = Card("tiny-1", "minutiae", "2026-01-31", {}, recipe={"rounds": {1: "one"}})
    write_bundle(tmp_path, card, {})
    assert not (tmp_path / "card.json").exists()
    assert load_bundle(tmp_path).card == card


@pytest.mark.parametrize("name", shipped_models())
def test_the_copies_of_the_models_that_come_with_the_package_say_what_their_cards_say(name: str) -> None:
    folder = SHIPPED / name
    copy = json.loads((folder / "card.json").read_bytes())
    content = (folder / "card.yaml").read_bytes()
    assert copy == {"sha256": hashlib.sha256(content).hexdigest(), "card": yaml.safe_load(content)}
