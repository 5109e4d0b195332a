from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.errors import CorruptRecord, EnrollmentError
from fpverify.store import FINGER_CODES
from fpverify.store.fingers import finger_code, finger_name
from fpverify.store.subject_ids import require_plain, subject_id


def test_finger_codes_are_those_of_iso_19794_2() -> None:
    hands = [
        f"{hand}-{digit}" for hand in ("right", "left") for digit in ("thumb", "index", "middle", "ring", "little")
    ]
    assert dict(FINGER_CODES) == {"unknown": 0} | {name: code for code, name in enumerate(hands, start=1)}


@settings(deadline=None)
@given(st.sampled_from(sorted(FINGER_CODES)))
def test_finger_name_undoes_finger_code(name: str) -> None:
    assert finger_name(finger_code(name)) == name


@pytest.mark.parametrize("name", ["", "index", "Right-Index", "right index", "right-index ", "6"])
def test_unknown_finger_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(EnrollmentError, match="right-index, right-middle") as refusal:
        finger_code(name)
    assert repr(name) in str(refusal.value)


@pytest.mark.parametrize("code", [-1, 11, 2**40])
def test_unknown_finger_code_is_damage(code: int) -> None:
    with pytest.raises(CorruptRecord, match=str(code)):
        finger_name(code)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=256))
def test_any_printable_text_is_a_subject_id_in_normal_form_c(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    if len(normal) <= 256:
        assert subject_id(text) == normal == subject_id(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("x" * 257, "257 characters; at most 256"),
        ("x" * 10**7, "10000000 characters"),
        ("a\nb", r"U\+000A at position 2"),
        ("\0", r"U\+0000 at position 1"),
        ("tab\t", r"U\+0009 at position 4"),
        ("\x1b[2J", r"U\+001B"),
        ("\x85", r"U\+0085"),
        ("\u2028", r"U\+2028"),
        ("caf\udce9", r"U\+DCE9 at position 4"),
    ],
)
def test_other_subject_ids_are_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(EnrollmentError, match=message) as refusal:
        subject_id(text)
    assert str(refusal.value).isprintable()


def test_length_counts_after_normalisation() -> None:
    assert subject_id("e\u0301" * 256) == "\u00e9" * 256


@pytest.mark.parametrize(
    "text",
    [
        *(" B", "B ", "B\u00a0", "\u3000B", "A  B", "A\u00a0B", "A\u2009B"),
        *("B\u200b", "\ufeffB", "B\u00ad", "B\u2060", "A\u200dB", "A\u200cB", "B\u200c", "\u202eB"),
        *("B\ufe0f", "\u3164", "B\u2800", "B\u034f", "B\U000e0041", "B\U000e0100"),
    ],
)
def test_an_id_that_looks_like_another_names_nobody_new(text: str) -> None:
    with pytest.raises(EnrollmentError, match=r"blanks at an end|invisible character"):
        require_plain(subject_id(text))


@pytest.mark.parametrize(
    "text",
    [
        *("B", "Anna Maria", "o'Brien", "В", "张伟", "محمد", "José", "user@example.org", "CN=A, O=B"),
        *("नमस्ते", "ひらがな", "🖐️"),
        *("می\u200cخواهم", "ක්\u200dෂ", "क्\u200cष"),  # joiners where Persian, Sinhala and Hindi have them
    ],
)
def test_ids_of_all_scripts_stay(text: str) -> None:
    require_plain(subject_id(text))
