"""A single template in a file of its own, by its ending .fpt.

It is an archive (`fpverify.store.archive`) whose header says that it holds a template, and so is sealed under a
passphrase or, in the clear, covered by checksums; either way every bit is, and the version is that of archives:

    H       holds: "template", made_at
    R       finger, model, quality, area_mm2, ppi, ppi_source, template_bytes; the template
            (`fpverify.store.template_format`)
    E       records: 1, sha256 of everything before this block

It names nobody, and no file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from fpverify.errors import CorruptRecord
from fpverify.store.archive import END, HEADER, RECORD, SCRYPT_COST, ArchiveWriter, Block, field, read_archive
from fpverify.store.template_format import decode_template, encode_template, require_usual
from fpverify.store.transfer import HOLDS, TEMPLATE, new_file, opened_file
from fpverify.vocabulary import FINGERS, PpiSource, Template

MAGIC = b"FPVA"  # of every archive
MOST_BYTES = 1 << 20  # of a file: a template has 4 KB, and one of 8-bit descriptors and a vector some 60


@dataclass(frozen=True, slots=True, eq=False)
class KeptTemplate:
    """A template, and what is worth knowing of the scan that it was made from.

    Attributes:
        template: what is compared.
        finger: its name, a place in `FINGERS`.
        ppi: at which the scan was read, in pixels per inch.
        ppi_source: who said so.
        area_mm2: of the print's foreground; None for a whole-print model, which looks for none.
        made_at: of the file, UTC, ISO 8601; None before it is written.
    """

    template: Template
    finger: str
    ppi: float
    ppi_source: PpiSource
    area_mm2: float | None
    made_at: str | None = None


def is_template_file(path: str | Path) -> bool:
    """Whether a file begins as one does; a scan never does. What cannot be read does not."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):  # a zero byte in the name
        return False


def write_template(path: str | Path, kept: KeptTemplate, passphrase: str | None, cost: int = SCRYPT_COST) -> int:
    """Writes a template into a new file that its owner alone can read.

    Args:
        path: of the file.
        kept: what is written, with the time of now.
        passphrase: of 12 characters or more; None writes the template in the clear.
        cost: of a guess at the passphrase, see `fpverify.store.archive`.

    Returns:
        Bytes of the file.

    Raises:
        StoreError: there is a file already, it cannot be written, or the passphrase is too short.
    """
    record = encode_template(kept.template)
    fields = {
        "finger": kept.finger,
        "model": kept.template.model_id,
        "quality": kept.template.quality,
        "area_mm2": kept.area_mm2,
        "ppi": kept.ppi,
        "ppi_source": kept.ppi_source,
        "template_bytes": len(record),
    }
    with new_file(Path(path)) as stream:
        writer = ArchiveWriter(stream, passphrase, cost)
        writer.write(Block(HEADER, {HOLDS: TEMPLATE, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}))
        writer.write(Block(RECORD, fields, record))
        writer.finish(records=1)
        return stream.tell()


def read_template(path: str | Path, passphrase: str | None) -> KeptTemplate:
    """The template in a file.

    Args:
        path: of the file.
        passphrase: None for a file in the clear.

    Raises:
        WrongKey: the passphrase is wrong or missing, or the file has none.
        CorruptRecord: it is none, or is damaged, or holds more than a template.
        StoreError: it cannot be read, or is of a newer fpverify.
    """
    source = str(path)
    with opened_file(path) as stream:
        if stream.seek(0, 2) > MOST_BYTES:
            raise CorruptRecord(f"{source} holds more than a template; an archive of a store is read by import")
        stream.seek(0)
        header, *blocks = read_archive(stream, source, passphrase)
    if header.fields.get(HOLDS) != TEMPLATE:
        raise CorruptRecord(f"{source} is an archive of a store and no template; `fpverify import` reads it")
    if [one.kind for one in blocks] != [RECORD, END]:
        raise CorruptRecord(f"{source}: one record was expected; the file was altered")
    return _kept(blocks[0], field(header.fields, "made_at", str, source), source)


def _kept(block: Block, made_at: str, source: str) -> KeptTemplate:
    fields = block.fields
    if len(block.data) != field(fields, "template_bytes", int, source):
        raise CorruptRecord(f"{source}: the template has another length than is stated")
    try:
        require_usual(block.data)
        template = decode_template(block.data)
    except CorruptRecord as error:
        raise CorruptRecord(f"{source}: {error}") from error
    if (template.model_id, template.quality) != (fields.get("model"), fields.get("quality")):
        raise CorruptRecord(f"{source}: the template is another than is stated")
    return KeptTemplate(
        template=template,
        finger=_one_of(fields, "finger", FINGERS, source),
        ppi=_positive(fields, "ppi", source),
        ppi_source=_one_of(fields, "ppi_source", get_args(PpiSource), source),  # type: ignore[arg-type]
        area_mm2=None if fields.get("area_mm2") is None else _positive(fields, "area_mm2", source),
        made_at=made_at,
    )


def _one_of(fields: Mapping[str, Any], name: str, values: tuple[str, ...], source: str) -> str:
    value: str = field(fields, name, str, source)
    if value not in values:
        raise CorruptRecord(f"{source}: {name} is none of {', '.join(values)}")
    return value


def _positive(fields: Mapping[str, Any], name: str, source: str) -> float:
    value: float = field(fields, name, float, source)
    if not 0 < value < math.inf:
        raise CorruptRecord(f"{source}: {name} is no positive number")
    return value
