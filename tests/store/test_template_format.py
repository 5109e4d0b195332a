from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fpverify.errors import CorruptRecord
from fpverify.store import decode_template, encode_template
from fpverify.vocabulary import Minutiae, Template

unhurried = settings(deadline=None)  # a busy machine is no failure
MODEL_IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@st.composite
def templates_on_the_grid(draw: st.DrawFn) -> Template:
    count, size = draw(st.integers(0, 12)), draw(st.integers(0, 9))

    def steps(low: int, high: int) -> np.ndarray:
        return draw(arrays(np.int64, count, elements=st.integers(low, high)))

    vector = draw(st.none() | arrays(np.float32, st.integers(1, 9), elements=st.floats(-2, 2, width=32)))
    return Template(
        model_id=draw(MODEL_IDS),
        quality=draw(st.integers(0, 255)) / 255,
        minutiae=Minutiae(
            x_px=steps(0, 65535).astype(np.float32) / np.float32(8),
            y_px=steps(0, 65535).astype(np.float32) / np.float32(8),
            angle_rad=(steps(-32767, 32768) * (2 * np.pi / 65536)).astype(np.float32),
            quality=steps(0, 255).astype(np.float32) / np.float32(255),
        ),
        descriptors=draw(arrays(np.int8, (count, size))),
        vector=vector,
    )


def numbers(template: Template) -> dict[str, np.ndarray]:
    minutiae = template.minutiae
    return {
        "x": minutiae.x_px,
        "y": minutiae.y_px,
        "angle": minutiae.angle_rad,
        "quality": minutiae.quality,
        "descriptors": template.descriptors,
        "vector": np.empty(0, np.float32) if template.vector is None else template.vector,
    }


def assert_same(one: Template, other: Template) -> None:
    assert (one.model_id, one.quality) == (other.model_id, other.quality)
    assert (one.vector is None) == (other.vector is None)
    for name, array in numbers(one).items():
        assert array.dtype == numbers(other)[name].dtype, name
        assert array.shape == numbers(other)[name].shape, name
        assert array.tobytes() == numbers(other)[name].tobytes(), name


@unhurried
@given(templates_on_the_grid())
def test_template_on_the_grid_comes_back_bit_for_bit(template: Template) -> None:
    assert_same(decode_template(encode_template(template)), template)


def test_every_angle_of_the_grid_comes_back_bit_for_bit(make_template) -> None:
    steps = np.arange(-32767, 32769)
    for half in np.array_split(steps, 2):
        angles = (half * (2 * np.pi / 65536)).astype(np.float32)
        zero = np.zeros(len(half), np.float32)
        empty = np.empty((len(half), 0), np.int8)
        template = Template("m", 1.0, Minutiae(zero, zero, angles, zero), empty)
        decoded = decode_template(encode_template(template)).minutiae.angle_rad
        assert decoded.tobytes() == angles.tobytes()


@unhurried
@given(
    arrays(np.float32, 5, elements=st.floats(0, 8000, width=32)),
    arrays(np.float32, 5, elements=st.floats(-20, 20, width=32)),
    arrays(np.float32, 5, elements=st.floats(0, 1, width=32)),
    st.floats(0, 1),
)
def test_off_the_grid_a_template_moves_by_half_a_step_and_then_stays(x_px, angle_rad, quality, scan_quality) -> None:
    template = Template("m", scan_quality, Minutiae(x_px, x_px, angle_rad, quality), np.zeros((5, 2), np.int8))
    once = decode_template(encode_template(template))
    turned = (once.minutiae.angle_rad.astype(np.float64) - angle_rad + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(once.minutiae.x_px - x_px).max() <= 1 / 16
    assert np.abs(turned).max() <= np.pi / 65536 + 1e-6
    assert np.abs(once.minutiae.quality - quality).max() <= 0.5 / 255 + 1e-6
    assert abs(once.quality - scan_quality) <= 0.5 / 255 + 1e-9
    assert_same(decode_template(encode_template(once)), once)


def test_angles_stay_in_their_half_open_turn() -> None:
    angles = np.array([np.pi, -np.pi, 3 * np.pi, 0.0, -0.0, 2 * np.pi], np.float32)
    zero = np.zeros(6, np.float32)
    template = Template("m", 1.0, Minutiae(zero, zero, angles, zero), np.zeros((6, 0), np.int8))
    decoded = decode_template(encode_template(template)).minutiae.angle_rad
    assert decoded.tolist() == [np.float32(np.pi)] * 3 + [0.0] * 3


def on_release_grid(template: Template) -> Template:
    return replace(template, descriptors=np.clip(template.descriptors, -15, 15))


@pytest.mark.parametrize(("minutiae", "size", "largest"), [(60, 64, 2900), (0, 64, 64), (80, 64, 4096)])
def test_record_is_small(make_template, minutiae: int, size: int, largest: int) -> None:
    record = encode_template(on_release_grid(make_template(minutiae=minutiae, size=size)))
    assert len(record) == 18 + len("release-1") + minutiae * (7 + size * 5 // 8) <= largest


@pytest.mark.parametrize(
    ("extremes", "bits"), [((-16, 15), 5), ((-17, 0), 8), ((0, 16), 8), ((-128, 127), 8), ((0, 0), 5)]
)
def test_descriptors_take_as_many_bits_as_they_need(make_template, extremes: tuple[int, int], bits: int) -> None:
    descriptors = np.resize(np.array(extremes, np.int8), (3, 7))
    template = replace(make_template(minutiae=3, size=7), descriptors=descriptors)
    record = encode_template(template)
    assert len(record) == 18 + len("release-1") + 3 * 7 + -(-3 * 7 * bits // 8)
    assert_same(decode_template(record), template)


def test_record_never_changes_its_form() -> None:
    """The bytes are a promise to every store that was ever written."""
    f = np.float32
    minutiae = Minutiae(
        x_px=np.array([1.25, 300], f),
        y_px=np.array([0, 8191.875], f),
        angle_rad=np.array([np.pi / 2, -np.pi / 2], f),
        quality=np.array([1, 0.2], f),
    )
    template = Template("m-1", 0.8, minutiae, np.array([[1, -1], [127, -127]], np.int8), np.array([0.6, -0.8], f))
    places = b"m-1" + struct.pack("<HHHHHH", 10, 2400, 0, 65535, 16384, 49152) + b"\xff\x33"
    vector = struct.pack("<ff", 0.6, -0.8)
    sizes = struct.pack("<HHH", 2, 2, 2)
    assert encode_template(template) == checked(
        b"FPVT\x02\x03\xcc" + sizes + b"\x08" + places + b"\x81\x7f\xff\x01" + vector
    )
    first = checked(b"FPVT\x01\x03\xcc" + sizes + places + b"\x01\xff\x7f\x81" + vector)
    assert_same(decode_template(first), template)
    small = replace(template, descriptors=np.array([[1, -1], [15, -16]], np.int8))
    five_bits = bytes([0b10001_011, 0b11_11111_0, 0b0000_0000])
    assert encode_template(small) == checked(b"FPVT\x02\x03\xcc" + sizes + b"\x05" + places + five_bits + vector)


def checked(payload: bytes) -> bytes:
    return payload + struct.pack("<I", zlib.crc32(payload))


@unhurried
@given(st.binary(max_size=300))
def test_random_bytes_are_a_corrupt_record(record: bytes) -> None:
    with pytest.raises(CorruptRecord):
        decode_template(record)


@unhurried
@given(st.binary(max_size=120), st.integers(0, 2), st.sampled_from([1, 2]))
def test_random_bytes_behind_a_good_head_and_checksum_decode_or_are_corrupt(
    body: bytes, model_id_bytes: int, version: int
) -> None:
    try:
        template = decode_template(checked(b"FPVT" + bytes([version, model_id_bytes]) + body))
    except CorruptRecord:
        return
    assert_same(decode_template(encode_template(template)), template)


@unhurried
@given(st.data())
def test_well_formed_heads_with_any_content_decode_or_are_corrupt(data: st.DataObject) -> None:
    count, size, length = data.draw(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)))
    bits = data.draw(st.sampled_from([None, 5, 8]))
    total = 1 + count * 7 + (count * size * (bits or 8) + 7) // 8 + 4 * length
    body = data.draw(st.binary(min_size=total, max_size=total))
    version, last = (b"\x01", b"") if bits is None else (b"\x02", bytes([bits]))
    head = b"FPVT" + version + b"\x01\x80" + struct.pack("<HHH", count, size, length) + last
    try:
        template = decode_template(checked(head + body))
    except CorruptRecord:
        assert body[0] >= 0x80 or length
        return
    assert_same(decode_template(encode_template(template)), template)


def test_another_number_of_bits_is_refused(make_template) -> None:
    record = encode_template(make_template(minutiae=0, size=0))
    with pytest.raises(CorruptRecord, match="damaged"):
        decode_template(checked(record[:13] + b"\x06" + record[14:-4]))


@unhurried
@given(templates_on_the_grid(), st.data())
def test_every_flipped_bit_is_detected(template: Template, data: st.DataObject) -> None:
    record = bytearray(encode_template(template))
    bit = data.draw(st.integers(0, 8 * len(record) - 1))
    record[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CorruptRecord):
        decode_template(bytes(record))


@unhurried
@given(templates_on_the_grid(), st.data())
def test_every_truncation_and_extension_is_detected(template: Template, data: st.DataObject) -> None:
    record = encode_template(template)
    with pytest.raises(CorruptRecord):
        decode_template(record[: data.draw(st.integers(0, len(record) - 1))])
    with pytest.raises(CorruptRecord):
        decode_template(record + data.draw(st.binary(min_size=1, max_size=9)))


def test_unknown_version_is_named(make_template) -> None:
    record = bytearray(encode_template(make_template()))
    record[4] = 7
    with pytest.raises(CorruptRecord, match="format version 7, this fpverify reads versions 1 to 4"):
        decode_template(bytes(record))


def changed_minutiae(template: Template, **columns: np.ndarray) -> Template:
    return replace(template, minutiae=replace(template.minutiae, **columns))


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda t: replace(t, model_id=""), "model id"),
        (lambda t: replace(t, model_id="x" * 256), "model id"),
        (lambda t: replace(t, quality=1.01), "quality"),
        (lambda t: replace(t, quality=float("nan")), "quality"),
        (lambda t: replace(t, descriptors=t.descriptors[1:]), "descriptors"),
        (lambda t: replace(t, descriptors=t.descriptors.astype(np.float32)), "descriptors"),
        (lambda t: replace(t, descriptors=t.descriptors.ravel()), "descriptors"),
        (lambda t: replace(t, vector=np.empty(0, np.float32)), "vector"),
        (lambda t: replace(t, vector=np.ones(3, np.float64)), "vector"),
        (lambda t: replace(t, vector=np.array([np.inf], np.float32)), "finite"),
        (lambda t: changed_minutiae(t, x_px=t.minutiae.x_px - 1000), "x_px"),
        (lambda t: changed_minutiae(t, y_px=t.minutiae.y_px + 8192), "y_px"),
        (lambda t: changed_minutiae(t, y_px=t.minutiae.y_px[1:]), "one length"),
        (lambda t: changed_minutiae(t, angle_rad=t.minutiae.angle_rad * np.inf), "angle_rad"),
        (lambda t: changed_minutiae(t, quality=t.minutiae.quality * np.nan), "quality"),
    ],
)
def test_template_without_binary_form_is_refused_by_name(make_template, break_it, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_template(break_it(make_template(seed=3)))
