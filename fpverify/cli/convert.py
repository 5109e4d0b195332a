"""convert: scans and records of minutiae into records of another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.cli.failures import EXIT_NO_DECISION, one_line
from fpverify.cli.options import FINGER, JSON, MODEL, PPI, RAW, WORKERS, Size, chosen_workforce, options
from fpverify.cli.streams import INPUT_NAME, STANDARD_INPUT, input_bytes, raw_png, raw_size, require_one_input
from fpverify.cli.words import counted, print_facts, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fpverify.conversion import Converter, Written
    from fpverify.image_conversion import ImageConverter, ImagesWritten

LENIENT = click.option("--lenient", is_flag=True, help="Take records whose stated length is wrong, if they are whole.")
FROM = click.option("--from", "source_format", metavar="NAME", help="Format of IN.  [default: by its content]")
SIZE = click.option("--size", type=Size(), metavar="WxH", help="Pixels of the picture, for records that state none.")


@click.command(
    "convert",
    epilog="""\b
Examples:
  fpverify convert finger.bmp finger.fmr --finger right-index
  fpverify convert finger.fmr finger.xyt
  fpverify convert finger.bmp finger.ansi --profile mina
  fpverify convert first.bmp second.bmp both.fmr
  fpverify convert prints records --to iso2011
  fpverify convert finger.bmp finger.wsq
  fpverify convert index.wsq thumb.wsq card.an2
  fpverify convert card.an2 FOLDER --to png
  fpverify convert prints packed --to wsq

\b
Formats, with the endings that mean them:
  iso2005               ISO/IEC 19794-2:2005, record form   .fmr .iso
  iso2005-normal-card   the same, normal card               .isonc
  iso2005-compact-card  the same, compact card              .isocc
  iso2011               ISO/IEC 19794-2:2011                .iso2011
  ansi2004              ANSI/INCITS 378-2004                .ansi
  ansi2009              ANSI/INCITS 378-2009                .ansi2009
  ansi2009am1           the same, amendment 1               .ansi2009am1
  xyt                   mindtct and bozorth3                .xyt
  csv, json             what they hold, as text             .csv .json

\b
Formats of pictures, likewise:
  an2                   ANSI/NIST-ITL, records of type 14   .an2 .eft .nist
  an2-type4             the same, records of type 4         .an2t4
  iso2005-image         ISO/IEC 19794-4:2005                .fir
  iso2011-image         ISO/IEC 19794-4:2011                .fir2011
  ansi2004-image        ANSI/INCITS 381-2004                .ansifir
  png, bmp, tiff, wsq   image files                         .png .bmp .tif .wsq
""",
)
@options(
    click.argument("sources", nargs=-1, required=True, type=click.Path(), metavar="IN..."),
    click.argument("out", type=click.Path(), metavar="OUT"),
    click.option("--to", "format_name", metavar="NAME", help="Format of OUT.  [default: by its ending]"),
    click.option("--profile", type=click.Choice(["mina"]), help="Keep to what MINEX asks of a record."),
    FROM,
    FINGER,
    PPI,
    RAW,
    SIZE,
    LENIENT,
    MODEL,
    WORKERS,
    JSON,
)
def convert_command(
    *,
    sources: tuple[str, ...],
    out: str,
    format_name: str | None,
    profile: str | None,
    source_format: str | None,
    finger: str | None,
    ppi: float | None,
    size: tuple[int, int] | None,
    lenient: bool,
    model: str | None,
    workers: int | None,
    as_json: bool,
) -> int | None:
    """Write the minutiae of scans and records as a record of a standard, or their pictures as another kind of file.

    Positions are in pixels of the scan at its own resolution. Several files become one record, a view each; a folder
    becomes a folder, a record for each file; - is standard input. What a format cannot hold is named; so is what it
    does not keep. Where OUT is a format of pictures, these are written: of several a record, or a folder of image
    files.
    """
    from fpverify.conversion import Converter
    from fpverify.image_conversion import TARGETS, ImageConverter, target_of
    from fpverify.vocabulary import FINGERS

    require_format(format_name, "--to", TARGETS)
    require_format(source_format, "--from")
    code = None if finger is None else FINGERS.index(finger)
    target = target_of(out, format_name) if profile is None else None
    if target is not None:
        return _convert_images(ImageConverter(target, ppi, code), sources, out, workers, as_json=as_json)
    converter = Converter(format_name, profile, source_format, code, ppi, size, lenient, model)
    if any(Path(source).is_dir() for source in sources):
        return _convert_folder(converter, sources, out, as_json=as_json)
    if not Path(out).absolute().parent.is_dir() or Path(out).is_dir():
        raise click.UsageError(f"{out!r} cannot be written: it is a folder, or lies in none")
    names, contents = _named(sources, ppi)
    done = converter.convert(names, out, contents)
    if as_json:
        print_json(_answer(done))
    else:
        _print(done)
    return None


def require_format(name: str | None, option: str, others: Sequence[str] = ()) -> None:
    """Returns if a format has this name; any other is wrong use."""
    from fpverify.formats import FORMATS

    if name is not None and name not in (*FORMATS, *others):
        raise click.BadParameter(f"{name!r} is none of {', '.join((*FORMATS, *others))}", param_hint=option)


def _named(sources: Sequence[str], ppi: float | None) -> tuple[list[str], dict[str, bytes]]:
    """The names of sources, and the content of those that are no files as they lie there."""
    require_one_input(sources)
    names = [INPUT_NAME if one == STANDARD_INPUT else one for one in sources]
    if raw_size() is not None:
        return names, {name: raw_png(one, ppi) for name, one in zip(names, sources, strict=True)}
    return names, {INPUT_NAME: input_bytes()} if STANDARD_INPUT in sources else {}


def _convert_images(
    converter: ImageConverter, sources: tuple[str, ...], out: str, workers: int | None, *, as_json: bool
) -> int | None:
    """Pictures into another kind of file."""
    if any(Path(source).is_dir() for source in sources):
        if len(sources) > 1:
            raise click.UsageError("a folder is converted alone, to another folder")
        with chosen_workforce(workers, None) as workforce:
            results = sorted(converter.convert_folder(sources[0], out, workforce))
        return _print_images(results, out, as_json=as_json)
    if not Path(out).absolute().parent.is_dir():
        raise click.UsageError(f"{out!r} cannot be written: it lies in no folder")
    names, contents = _named(sources, converter.ppi)
    return _print_images([converter.convert(names, out, contents)], out, as_json=as_json)


def _print_images(results: Sequence[ImagesWritten], out: str, *, as_json: bool) -> int | None:
    failed = [one for one in results if one.error is not None]
    if as_json:
        answer = [one._asdict() | {"paths": list(map(str, one.paths))} for one in results]
        print_json({"records": answer} if len(results) != 1 else answer[0])
    else:
        pictures, files = sum(one.images for one in results), sum(len(one.paths) for one in results)
        click.echo(f"wrote {counted(pictures, 'picture')} to {out}, {counted(files, 'file')}")
        lost = dict.fromkeys(words for one in results for words in one.lost)
        notes = dict.fromkeys(words for one in results for words in one.notes)
        print_facts([("not kept", ", ".join(lost)), ("note", "; ".join(notes))])
    for one in failed:
        click.echo(f"fpverify: {one_line(one.error or '')}", err=True)
    return EXIT_NO_DECISION if failed else None


def _convert_folder(converter: Converter, sources: tuple[str, ...], out: str, *, as_json: bool) -> int | None:
    if len(sources) > 1:
        raise click.UsageError("a folder is converted alone, to another folder")
    if converter.format is None and converter.profile is None:
        raise click.UsageError("a folder's name says no format: give --to, such as --to iso2005")
    results = list(converter.convert_folder(sources[0], out))
    failed = [one for one in results if one.error is not None]
    if as_json:
        print_json({"records": [_answer(one) for one in results]})
    else:
        lost = dict.fromkeys(words for one in results for words in one.lost)
        click.echo(f"wrote {counted(len(results) - len(failed), 'record')} to {out}")
        print_facts([("not kept", ", ".join(lost))])
    for one in failed:
        click.echo(f"fpverify: {one_line(one.error or '')}", err=True)
    return EXIT_NO_DECISION if failed else None


def _print(done: Written) -> None:
    record = done.record
    views = record.views if record else ()
    found = counted(sum(map(len, views)), "minutia").replace("minutias", "minutiae")
    click.echo(f"wrote {done.path}: {found} in {counted(len(views), 'view')}")
    notes = record.notes if record else ()
    print_facts([("not kept", ", ".join(done.lost)), ("note", "; ".join(notes))])


def _answer(done: Written) -> dict[str, object]:
    views = done.record.views if done.record else ()
    return {
        "source": done.source,
        "file": str(done.path),
        "minutiae": [len(view) for view in views],
        "lost": list(done.lost),
        "notes": list(done.record.notes) if done.record else [],
        "error": done.error,
    }
