"""The file that `fpverify export` writes: blocks in order, each of them and the whole authenticated.

Little endian, no padding. A head, then blocks, the first of kind "H", the last of kind "E", and nothing after it:

    head    magic "FPVA"            4 bytes
            format version          uint8, now 1
            protection              uint8: 0 checksums alone, 1 passphrase
            cost                    uint8: scrypt's N is 2^cost, 10 to 20, with r = 8 and p = 1
            salt                    16 random bytes, different for every archive
            checksum                BLAKE2b of the head so far, 4 bytes

    block   kind                    1 byte: "H" header, "S" subject, "R" record, "E" end
            number                  uint64: 0, 1, 2, ...
            length                  uint32: of the body
            body                    content and a code over it, 16 bytes

Protection 1: the body is the content under AES-256-GCM, the code its tag. The key is scrypt's of the passphrase (NFC,
UTF-8) and the salt, so that each archive has its own; the nonce is the block's number, 12 bytes; head, kind, number and
length are its associated data. Protection 0: the body is the content, then BLAKE2b of head, kind, number, length and
content. Damage shows with either; an alteration on purpose with a passphrase only.

The content of "H", "S" and "E" is a JSON object; that of "R" is the length of a JSON object (uint32), the object, the
template (`fpverify.store.template_format`) and, if the object says so, the scan (`fpverify.store.scan_format`):

    H       store (id), made_at
    S       subject, metadata, impressions; its records follow
    R       subject, finger, impression, enrolled_at, model, quality, metadata, template_bytes, scan_bytes
    E       subjects, records, sha256 of everything before this block

Sources: RFC 7914 (scrypt); NIST SP 800-38D (GCM); numbered blocks with a marked end are those of Hoang, Reyhanitabar,
Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015 (STREAM).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

from fpverify.errors import CorruptRecord, StoreError, WrongKey

ARCHIVE_VERSION = 1
SCRYPT_COST = 17  # 128 MB and half a second a guess; OWASP, Password Storage Cheat Sheet, 2023
LEAST_COST, LARGEST_COST = 10, 20  # 1 MB, for tests; 1 GB, more could be a forged head that is to use up the memory
LEAST_PASSPHRASE = 12  # characters; shorter ones are guessed even at half a second each
LARGEST_BLOCK_BYTES = 1 << 27  # twice the largest scan that is kept

HEADER, SUBJECT, RECORD, END = b"H", b"S", b"R", b"E"

_MAGIC = b"FPVA"
_HEAD = struct.Struct("<4sBBB16s")
_FRAME = struct.Struct("<cQI")
_LENGTH = struct.Struct("<I")
_HEAD_CODE_BYTES = 4
_CODE_BYTES = 16
_PLAIN, _PASSPHRASE = 0, 1


@dataclass(frozen=True, slots=True)
class Block:
    """One block, its content in the clear.

    Attributes:
        kind: `HEADER`, `SUBJECT`, `RECORD` or `END`.
        fields: the JSON object.
        data: what follows it in a record.
    """

    kind: bytes
    fields: dict[str, Any]
    data: bytes = b""


class _Guard(Protocol):
    """Protects contents and opens them; `bound` is head, kind, number and length."""

    def close(self, content: bytes, number: int, bound: bytes) -> bytes: ...

    def open(self, body: bytes, number: int, bound: bytes) -> bytes | None: ...


class ArchiveWriter:
    """Writes an archive block by block.

    Args:
        stream: binary, at its start.
        passphrase: None writes the contents in the clear, with checksums.
        cost: of a guess at the passphrase, see above.

    Raises:
        StoreError: the passphrase is too short.
    """

    def __init__(self, stream: IO[bytes], passphrase: str | None, cost: int = SCRYPT_COST) -> None:
        if passphrase is not None and len(passphrase) < LEAST_PASSPHRASE:
            raise StoreError(f"the passphrase is too short; give {LEAST_PASSPHRASE} characters or more")
        start = _HEAD.pack(
            _MAGIC,
            ARCHIVE_VERSION,
            _PLAIN if passphrase is None else _PASSPHRASE,
            cost,
            secrets.token_bytes(16),
        )
        self._head = start + _digest(start, _HEAD_CODE_BYTES)
        self._guard = _guard(self._head, passphrase)
        self._stream = stream
        self._sum = hashlib.sha256()
        self._number = 0
        self._put(self._head)

    def write(self, block: Block) -> None:
        """Adds a block."""
        said = json.dumps(block.fields, allow_nan=False, ensure_ascii=False, sort_keys=True).encode()
        content = _LENGTH.pack(len(said)) + said + block.data if block.kind == RECORD else said
        frame = _FRAME.pack(block.kind, self._number, len(content) + _CODE_BYTES)
        self._put(frame + self._guard.close(content, self._number, self._head + frame))
        self._number += 1

    def finish(self, **fields: int) -> None:
        """Adds the end."""
        self.write(Block(END, {**fields, "sha256": self._sum.hexdigest()}))

    def _put(self, written: bytes) -> None:
        self._stream.write(written)
        self._sum.update(written)


def is_protected(stream: IO[bytes], source: str) -> bool:
    """Whether an archive needs a passphrase; reads its head.

    Raises:
        CorruptRecord: it is none, or its head is damaged.
        StoreError: it is of a newer version.
    """
    return _read_head(stream, source)[5] == _PASSPHRASE


def read_archive(stream: IO[bytes], source: str, passphrase: str | None) -> Iterator[Block]:
    """The blocks of an archive, the header first and the end last.

    What was returned is sound in itself; the whole is when the iterator has come to its end.

    Args:
        stream: binary, at its start.
        source: what the archive is called in messages.
        passphrase: None for an archive in the clear.

    Raises:
        CorruptRecord: it is none, or is damaged, altered, cut off or rearranged; the message says where.
        WrongKey: the passphrase is wrong or missing, or is given although there is none.
        StoreError: it is of a newer version.
    """
    head = _read_head(stream, source)
    if (head[5] == _PASSPHRASE) != (passphrase is not None):
        raise WrongKey(
            f"{source} is protected by a passphrase; give it"
            if head[5] == _PASSPHRASE
            else f"{source} is not protected: anybody may have altered it; --plain reads it all the same"
        )
    return _blocks(stream, source, head, _guard(head, passphrase))


def _blocks(stream: IO[bytes], source: str, head: bytes, guard: _Guard) -> Iterator[Block]:
    total = hashlib.sha256(head)
    number, kind = 0, b""
    while kind != END:
        frame, body = _read_block(stream, f"{source}: block {number}")
        kind = _kind(frame, number, f"{source}: block {number}")
        content = guard.open(body, number, head + frame)
        if content is None:
            raise _unopened(source, number, guard)
        block = _decoded(kind, content, f"{source}: block {number}")
        if kind == END and block.fields.get("sha256") != total.hexdigest():
            raise CorruptRecord(f"{source}: the whole does not fit its checksum; something was altered")
        total.update(frame + body)
        yield block
        number += 1
    if stream.read(1):
        raise CorruptRecord(f"{source}: something follows the end; the archive was altered")


def _read_head(stream: IO[bytes], source: str) -> bytes:
    head = stream.read(_HEAD.size + _HEAD_CODE_BYTES)
    if head[:4] != _MAGIC:
        raise CorruptRecord(f"{source} is no archive of fpverify, or its first bytes are damaged")
    if len(head) < _HEAD.size + _HEAD_CODE_BYTES:
        raise CorruptRecord(f"{source} is cut off in its head")
    if head[_HEAD.size :] != _digest(head[: _HEAD.size], _HEAD_CODE_BYTES):
        raise CorruptRecord(f"{source}: the head is damaged")
    _, version, protection, cost, _ = _HEAD.unpack_from(head)
    if version != ARCHIVE_VERSION or protection not in {_PLAIN, _PASSPHRASE}:
        raise StoreError(
            f"{source} was written by a newer fpverify (archive {version}, this one reads {ARCHIVE_VERSION}); "
            "upgrade fpverify"
        )
    if not LEAST_COST <= cost <= LARGEST_COST:
        raise CorruptRecord(f"{source}: the head asks for a cost of {cost}; {LEAST_COST} to {LARGEST_COST} are read")
    return head


def _read_block(stream: IO[bytes], where: str) -> tuple[bytes, bytes]:
    """(frame, body) of the next block."""
    frame = stream.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        raise CorruptRecord(f"{where} is missing: the archive is cut off")
    length = _FRAME.unpack(frame)[2]
    if not _CODE_BYTES <= length <= LARGEST_BLOCK_BYTES:
        raise CorruptRecord(f"{where} states an impossible length: it is damaged")
    body = stream.read(length)
    if len(body) < length:
        raise CorruptRecord(f"{where} is cut off, or states a wrong length")
    return frame, body


def _kind(frame: bytes, number: int, where: str) -> bytes:
    kind, stated, _ = _FRAME.unpack(frame)
    if stated != number:
        raise CorruptRecord(f"{where} is numbered {stated}: blocks were moved, repeated or removed")
    if kind not in {HEADER, SUBJECT, RECORD, END} or (kind == HEADER) != (number == 0):
        raise CorruptRecord(f"{where} is of an impossible kind: it is damaged or was altered")
    return bytes(kind)


def _unopened(source: str, number: int, guard: _Guard) -> StoreError:
    if number == 0 and isinstance(guard, _Sealed):
        return WrongKey(f"{source}: the passphrase is wrong, or block 0 is damaged")
    return CorruptRecord(f"{source}: block {number} is damaged or was altered")


def _decoded(kind: bytes, content: bytes, where: str) -> Block:
    end = _LENGTH.size + int.from_bytes(content[: _LENGTH.size], "little")
    said, data = (content[_LENGTH.size : end], content[end:]) if kind == RECORD else (content, b"")
    try:
        fields = json.loads(said)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise CorruptRecord(f"{where} holds no JSON object")
    return Block(kind, fields, data)


class _Sealed:
    """Under a passphrase."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    def close(self, content: bytes, number: int, bound: bytes) -> bytes:
        return self._cipher.encrypt(number.to_bytes(12, "little"), content, bound)

    def open(self, body: bytes, number: int, bound: bytes) -> bytes | None:
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(number.to_bytes(12, "little"), body, bound)
        except InvalidTag:
            return None


class _Checked:
    """In the clear."""

    def close(self, content: bytes, number: int, bound: bytes) -> bytes:
        return content + _digest(bound + content, _CODE_BYTES)

    def open(self, body: bytes, number: int, bound: bytes) -> bytes | None:
        content = body[:-_CODE_BYTES]
        return content if self.close(content, number, bound) == body else None


def _guard(head: bytes, passphrase: str | None) -> _Guard:
    if passphrase is None:
        return _Checked()
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    _, _, _, cost, salt = _HEAD.unpack_from(head)
    said = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return _Sealed(Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(said))


def _digest(content: bytes, size: int) -> bytes:
    return hashlib.blake2b(content, digest_size=size).digest()


def field(fields: Mapping[str, Any], name: str, kind: type, where: str) -> Any:
    """A field of a block.

    Raises:
        CorruptRecord: it is missing or of another type.
    """
    value = fields.get(name)
    if type(value) is not kind:
        raise CorruptRecord(f"{where}: {name} is missing or no {kind.__name__}")
    return value
