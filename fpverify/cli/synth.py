"""synth: sets of synthetic scans."""

from __future__ import annotations

from pathlib import Path

import click

from fpverify.cli.options import DASK, WORKERS, Span, chosen_workforce, options
from fpverify.cli.words import counted

OUT = click.option("--out", type=click.Path(), required=True, metavar="DIR", help="Folder, made if missing.")
SEED = click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Of the whole set.")


@click.group(
    "synth",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify synth ridges --fingers 10 --impressions 8 --out prints
  fpverify synth stripes --out stripes
""",
)
def synth_command() -> None:
    """Make scans of fingers that nobody has."""


@synth_command.command(
    "ridges",
    epilog="""\b
Examples:
  fpverify synth ridges --fingers 10 --impressions 8 --out prints
  fpverify synth ridges --fingers 100 --impressions 4 --out prints --seed 11 --labels --workers 8
""",
)
@options(
    click.option("--fingers", type=click.IntRange(min=1), default=10, show_default=True, help="How many."),
    click.option("--impressions", type=click.IntRange(min=1), default=8, show_default=True, help="Of each finger."),
    OUT,
    SEED,
    click.option("--labels", is_flag=True, help="Also write <finger>_<impression>.json: exact minutiae."),
    click.option("--sensor", default="optical", show_default=True, help="Kind of sensor.", metavar="NAME"),
    WORKERS,
    DASK,
)
def ridges_command(
    *,
    fingers: int,
    impressions: int,
    out: str,
    seed: int,
    labels: bool,
    sensor: str,
    workers: int | None,
    dask: str | None,
) -> None:
    """Make realistic prints, <finger>_<impression>.bmp at 500 ppi.

    The same seed gives the same files, bit for bit, with any number of workers; with OpenCV 4 some pixels are a few
    grey levels off those of OpenCV 5. Python's `fpverify.synthesise` draws the same fingers of a seed, but other
    pictures of them, by sensors that differ from scan to scan.
    """
    from fpverify.synthesis.dataset import write_ridges
    from fpverify.synthesis.sensor import SENSORS

    if sensor not in SENSORS:
        raise click.BadParameter(f"{sensor!r} is none of {', '.join(SENSORS)}", param_hint="--sensor")
    with chosen_workforce(workers, dask) as workforce:
        written = write_ridges(
            Path(out),
            fingers=fingers,
            impressions=impressions,
            seed=seed,
            workforce=workforce,
            labels=labels,
            sensor=sensor,
            progress=True,
        )
    click.echo(f"wrote {counted(written, 'scan')} of {counted(fingers, 'finger')} to {out}")


@synth_command.command(
    "stripes",
    epilog="""\b
Examples:
  fpverify synth stripes --out stripes
  fpverify synth stripes --out varied --count 30 --width 5:9 --angle=-10:10 --shift 0:12 --noise 0:0.1
""",
)
@options(
    OUT,
    click.option("--count", type=click.IntRange(min=1), default=15, show_default=True, help="Scans of each finger."),
    click.option("--width", type=Span(int, 1), default="6", show_default=True, help="Of a stripe, in pixels."),
    click.option("--angle", type=Span(float, -360), default="0", show_default=True, help="Turned by this, in degrees."),
    click.option("--shift", type=Span(int, -160), default="0", show_default=True, help="Moved by this, in pixels."),
    click.option(
        "--noise", type=Span(float, 0), default="0", show_default=True, help="Deviation; black to white is 1."
    ),
    SEED,
)
def stripes_command(
    *,
    out: str,
    count: int,
    width: tuple[int, int],
    angle: tuple[float, float],
    shift: tuple[int, int],
    noise: tuple[float, float],
    seed: int,
) -> None:
    """Make two "fingers", A with vertical and B with horizontal stripes.

    The smallest set a verifier can be tried on. Each of --width, --angle, --shift and --noise takes a number, or
    LOW:HIGH from which every scan draws its own.
    """
    from fpverify.synthesis.stripes import write_stripes

    written = write_stripes(out, count=count, seed=seed, width_px=width, angle_deg=angle, shift_px=shift, noise=noise)
    click.echo(f"wrote {counted(written, 'scan')} of 2 fingers to {out}")
