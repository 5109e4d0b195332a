"""Pictures of fingers from one file into another: image files, ANSI/NIST transactions, records of ISO/IEC 19794-4.

A compressed picture goes into a record as it is, and comes out as it is where a file of its kind is asked for; else it
is decoded, under the limits of scans, and written anew.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from weakref import finalize

import numpy as np
from PIL import Image

from fpverify.errors import FpverifyError, UnreadableRecord, UnwritableRecord
from fpverify.executors import Workforce, answers
from fpverify.folders import path_of, private
from fpverify.formats.containers import (
    IMAGE_FORMATS,
    IMAGE_RECORD_SUFFIXES,
    POSITION_NAMES,
    image_format_of,
    is_image_record,
    write_images,
)
from fpverify.formats.containers.coded import coded_size
from fpverify.formats.containers.codes import compression_seen
from fpverify.scans import IMAGE_SUFFIXES, Decoder
from fpverify.scans.contained import decoded_image, record_in
from fpverify.scans.files import file_bytes
from fpverify.scans.images import decode as decode_here
from fpverify.scans.pictures import Decode, Picture
from fpverify.scans.png_writing import png_bytes
from fpverify.scans.resolution import tidy_ppi
from fpverify.scans.work import is_light
from fpverify.scans.wsq_writing import wsq_bytes
from fpverify.vocabulary import ByteArray
from fpverify.vocabulary.images import Compression, FingerImage, ImageRecord

IMAGE_KINDS: Mapping[str, tuple[str, Compression | None]] = {  # endings of image files that are written, by name
    "png": (".png", "png"),
    "bmp": (".bmp", None),
    "tiff": (".tif", None),
    "wsq": (".wsq", "wsq"),
}
TARGETS = (*IMAGE_FORMATS, *IMAGE_KINDS)
PILLOWS = {"bmp": "BMP", "tiff": "TIFF"}
TOGETHER = 8  # files of a folder that are sent to a process at a time, and that one fork decodes: some 0.1 s of work
SOURCES = (*IMAGE_SUFFIXES, *IMAGE_RECORD_SUFFIXES)


class ImagesWritten(NamedTuple):
    """What became of a file.

    Attributes:
        source: the file, or the files of one record.
        paths: of what was written.
        images: how many pictures.
        lost: what the format does not keep, a few words each.
        notes: what was taken leniently.
        error: in one line; None if all was written.
    """

    source: str
    paths: tuple[Path, ...] = ()
    images: int = 0
    lost: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str | None = None


def target_of(out: str | Path, name: str | None) -> str | None:
    """The kind of file that is to be written, a name of `TARGETS`; None where it is none of these."""
    if name is not None:
        return name if name in TARGETS else None
    found = image_format_of(Path(out))
    if found is not None:
        return found.name
    ending = Path(out).suffix.lower()
    named = {".tiff": "tiff"} | {suffix: kind for kind, (suffix, _) in IMAGE_KINDS.items()}
    return named.get(ending)


@dataclass(frozen=True)
class ImageConverter:
    """How pictures are converted.

    Attributes:
        target: a name of `TARGETS`.
        ppi: resolution, over what files say; None takes that.
        finger: code of what image files show; of records that name none, too.
    """

    target: str
    ppi: float | None = None
    finger: int | None = None

    def convert(
        self, sources: Sequence[str | Path], out: str | Path, contents: Mapping[str, bytes] | None = None
    ) -> ImagesWritten:
        """Writes one record of all files, or an image file; a folder of them where there are several pictures.

        Raises:
            FpverifyError: a file cannot be read, or the format cannot hold it.
            OSError: nothing can be written.
        """
        with closing(_Decoding()) as decoding:
            return self._converted(sources, Path(path_of(out)), contents or {}, decoding.decode)

    def convert_folder(self, folder: str | Path, out: str | Path, workforce: Workforce) -> Iterator[ImagesWritten]:
        """Writes a file for each one in a folder, under the same name in another, on all cores.

        A file that fails is told of and left out; files of other kinds are passed over.

        Raises:
            UnreadableRecord: nothing in the folder is a scan or a record of pictures by its ending.
            OSError: the folder cannot be read or written.
        """
        found = sorted(one for one in Path(folder).iterdir() if one.is_file() and one.suffix.lower() in SOURCES)
        if not found:
            raise UnreadableRecord(f"{folder}: no file in it ends as a scan or a record of pictures")
        Path(out).mkdir(parents=True, exist_ok=True)
        batches = [found[k : k + TOGETHER] for k in range(0, len(found), TOGETHER)]
        for _, done in answers(workforce, _Converting(self, str(Path(out).absolute())), batches):
            yield from done

    def _converted(
        self, sources: Sequence[str | Path], out: Path, contents: Mapping[str, bytes], decode: Decode
    ) -> ImagesWritten:
        record = _joined([self._record(one, contents.get(str(one)), decode) for one in sources])
        if self.target in IMAGE_FORMATS:
            ready = replace(record, images=tuple(self._stored(one, decode) for one in record.images))
            lost = write_images(ready, out, format=self.target)
            return ImagesWritten(record.source, (out,), len(record), lost, record.notes)
        paths = self._paths(record, out)
        for image, path in zip(record.images, paths, strict=True):
            private(path).write_bytes(self._file(image, record.source, decode))
        lost = ("minutiae",) if record.minutiae else ()
        return ImagesWritten(record.source, tuple(paths), len(paths), lost, record.notes)

    def _paths(self, record: ImageRecord, out: Path) -> list[Path]:
        """Of image files: the one that was named, or one for each picture in a folder."""
        if len(record) == 1 and not out.is_dir():
            return [out]
        out.mkdir(parents=True, exist_ok=True)
        stem, ending = Path(record.source).stem, IMAGE_KINDS[self.target][0]
        return [
            out / f"{stem}_{number:02d}_{POSITION_NAMES[image.finger]}{ending}"
            for number, image in enumerate(record.images, 1)
        ]

    def _record(self, path: str | Path, content: bytes | None, decode: Decode) -> ImageRecord:
        """The pictures of a file: those of a record, or the one that it is."""
        data = file_bytes(path) if content is None else content
        if is_image_record(data):
            record = record_in(data, str(path))
            if not record.images:
                raise UnreadableRecord(f"{path}: holds no picture of a finger")
            return replace(record, images=tuple(self._told(one) for one in record.images))
        image = _image_file(data, str(path), decode)
        if image.compression == "none" and self.target in IMAGE_FORMATS:
            image = replace(image, data=png_bytes(_rows(image)), compression="png")
        return ImageRecord((self._told(image),), source=str(path))

    def _told(self, image: FingerImage) -> FingerImage:
        """A picture with what the caller says of it."""
        ppi = image.ppi if self.ppi is None else (self.ppi, self.ppi)
        finger = self.finger if self.finger is not None and image.finger == 0 else image.finger
        return replace(image, ppi=ppi, finger=finger)

    def _stored(self, image: FingerImage, decode: Decode) -> FingerImage:
        """A picture as records take it: 8 bits where it is not compressed."""
        if image.compression == "packed" or (image.compression == "none" and image.bits != 8):
            grey = _grey(decoded_image(image, "picture", decode), image)
            return replace(grey, data=png_bytes(_rows(grey)), compression="png")
        return image

    def _file(self, image: FingerImage, source: str, decode: Decode) -> bytes:
        """The bytes of an image file; those of the record where they are of this kind and say the resolution."""
        if self.target == "wsq" and image.compression == "wsq":
            return image.data
        picture = decoded_image(image, source, decode)
        ppi = None if picture.stated_ppi is None else tidy_ppi(picture.stated_ppi[0])
        if self.target == "wsq":
            return wsq_bytes(picture.pixels, ppi, source)
        if self.target == "png":
            return png_bytes(picture.pixels, _stated(picture))
        content = io.BytesIO()
        stated = {} if picture.stated_ppi is None else {"dpi": _stated(picture)}
        Image.fromarray(picture.pixels).save(content, PILLOWS[self.target], **stated)
        return content.getvalue()


class _Decoding:
    """Decodes light files here, and others in a process that waits for them, from the first on; none twice in a row."""

    def __init__(self, one_fork: int = 1) -> None:
        self._one_fork = one_fork
        self._decoder: Decoder | None = None
        self._latest: tuple[bytes, Picture] | None = None

    def decode(self, data: bytes, source: str) -> Picture:
        """The one image in the bytes of a file; errors as in `scans.images.decode`."""
        if self._latest is None or self._latest[0] is not data:
            self._latest = data, self._decoded(data, source)
        return self._latest[1]

    def _decoded(self, data: bytes, source: str) -> Picture:
        if is_light(data):
            return decode_here(data, source)
        if self._decoder is None:
            self._decoder = Decoder(self._one_fork)
            finalize(self, self._decoder.close)
        return self._decoder.decode(data, source)

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self._decoder is not None:
            self._decoder.close()


@dataclass(frozen=True)
class _Converting:
    """Converts files of a folder in a worker, each of which has a process that decodes."""

    converter: ImageConverter
    out: str

    def __call__(self, _: None) -> Callable[[Sequence[Path]], list[ImagesWritten]]:
        decoding = _Decoding(TOGETHER)  # ends with what is answered here, or with the worker

        def converted(path: Path) -> ImagesWritten:
            target = self.converter.target
            ending = IMAGE_FORMATS[target].suffixes[0] if target in IMAGE_FORMATS else IMAGE_KINDS[target][0]
            out = Path(self.out) / (path.stem + ending)
            if target in IMAGE_KINDS and path.suffix.lower() in IMAGE_RECORD_SUFFIXES:
                out = Path(self.out)
                out.mkdir(parents=True, exist_ok=True)
            try:
                return self.converter._converted([path], out, {}, decoding.decode)
            except (FpverifyError, OSError) as error:
                return ImagesWritten(str(path), error=str(error))

        return lambda paths: [converted(path) for path in paths]


def _image_file(data: bytes, source: str, decode: Decode) -> FingerImage:
    """A picture in an image file: in its own bytes where records know the compression and it is grey."""
    picture = decode(data, source)
    height, width = picture.pixels.shape
    seen = compression_seen(data)
    image = FingerImage(data, seen or "none", width, height, _stated(picture))
    if seen in {"wsq", "jpeg", "jpeg2000"} and coded_size(data, seen) == (width, height):
        return image
    return _grey(picture, image)


def _grey(picture: Picture, image: FingerImage) -> FingerImage:
    """A picture as rows of grey bytes."""
    return replace(image, data=picture.pixels.tobytes(), compression="none", bits=8)


def _rows(image: FingerImage) -> ByteArray:
    """Rows of grey bytes as a picture."""
    return np.frombuffer(image.data, np.uint8).reshape(image.height_px, image.width_px)


def _stated(picture: Picture) -> tuple[float, float] | None:
    if picture.stated_ppi is None:
        return None
    across, down = map(tidy_ppi, picture.stated_ppi)
    return across, down


def _joined(records: Sequence[ImageRecord]) -> ImageRecord:
    """Several files as one record."""
    if len(records) == 1:
        return records[0]
    if not records:
        raise UnwritableRecord("no file was given")
    return replace(
        records[0],
        images=tuple(image for one in records for image in one.images),
        minutiae=tuple(view for one in records for view in one.minutiae),
        missing=tuple(dict.fromkeys(gone for one in records for gone in one.missing)),
        source=", ".join(one.source for one in records),
        notes=tuple(dict.fromkeys(note for one in records for note in one.notes)),
    )
