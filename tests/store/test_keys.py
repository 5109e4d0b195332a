from __future__ import annotations

from dataclasses import replace

import pytest

from fpverify.errors import CorruptRecord, WrongKey
from fpverify.store.audit import AuditChain
from fpverify.store.cipher import RecordCipher
from fpverify.store.keys import Key, KeyRing

STORE = "0123456789abcdef" * 2
RING = KeyRing((Key("00c0ffee", bytes(range(32))),), bytes(range(32, 64)), "a place", STORE)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"fpverify_keys": 1}', RING.to_json().replace("00c0ffee", "00c0ffe"), "[" * 100_000],
)
def test_what_is_no_ring_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(WrongKey, match="a place") as refused:
        KeyRing.from_json(text, "a place")
    assert "\n" not in str(refused.value)


def test_a_ring_of_a_newer_release_says_so() -> None:
    with pytest.raises(WrongKey, match="newer fpverify"):
        KeyRing.from_json(RING.to_json().replace('"fpverify_keys": 1', '"fpverify_keys": 2'), "a place")


def test_stored_forms_never_change() -> None:
    """Golden vectors: what was sealed and chained once is opened and checked for ever."""
    sealed = bytes.fromhex(
        "0100c0ffee000102030405060708090a0b" + GOLDEN_CIPHERTEXT,
    )
    assert RecordCipher(RING).open(sealed, b"bound") == b"a template"
    chain = AuditChain(RING.audit, STORE)
    entry, head = chain.next(
        chain.start(), "enroll", subject="A", finger="right-index", details={"added": "0a"}, at="2026-01-01"
    )
    assert (entry.mac.hex(), head.seal.hex()) == GOLDEN_CHAIN
    plain = RecordCipher(KeyRing.none())
    assert plain.seal(b"a template", b"bound").hex() == GOLDEN_PLAIN
    for broken in (sealed[:-1], sealed[:20], b"\x02" + sealed[1:]):
        with pytest.raises(CorruptRecord):
            RecordCipher(RING).open(broken, b"bound")
    with pytest.raises(CorruptRecord):
        RecordCipher(RING).open(sealed, b"another place")
    with pytest.raises(WrongKey, match="00c0ffee"):
        RecordCipher(replace(RING, records=(Key.new(),))).open(sealed, b"bound")


GOLDEN_CIPHERTEXT = "2622a27ea895ae7af9240a84c9f676b7e30e749c8fb45910fc27"
GOLDEN_CHAIN = (
    "f0218201d3fe9f1cc3b1807f86cf2429943e018405b023d731fc024afb6cf063",
    "c3781043fa21b3e26a99912f9a65f6537dc2454c1e0130571e5691cfc3795134",
)
GOLDEN_PLAIN = "008d5b48dd129f7c2af652dcc221b05639612074656d706c617465"
