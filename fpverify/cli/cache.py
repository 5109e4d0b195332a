"""cache: the templates that evaluations keep."""

from __future__ import annotations

import click

from fpverify.cli.options import CACHE, JSON, options
from fpverify.cli.sets import opened_cache
from fpverify.cli.words import counted, print_facts, print_json
from fpverify.settings import load_settings


@click.group(
    "cache",
    no_args_is_help=False,
    epilog="""\b
Examples:
  fpverify cache info
  fpverify cache clear
""",
)
def cache_command() -> None:
    """Look at, or remove, the templates that evaluate has kept."""


@cache_command.command("info", epilog="\b\nExamples:\n  fpverify cache info\n  fpverify cache info --json\n")
@options(CACHE, JSON)
def info_command(*, cache: str | None, as_json: bool) -> None:
    """Say where the templates lie and how many there are."""
    kept = opened_cache(load_settings(cache=cache).cache)
    content = kept.content()
    if as_json:
        print_json({"cache": str(kept.folder), "entries": content.entries, "bytes": content.size_bytes})
        return
    click.echo(f"{counted(content.entries, 'template')}, {content.size_bytes / 1e6:.1f} MB")
    print_facts([("cache", str(kept.folder))])


@cache_command.command("clear", epilog="\b\nExamples:\n  fpverify cache clear\n  fpverify cache clear --cache DIR\n")
@options(CACHE)
def clear_command(*, cache: str | None) -> None:
    """Remove all templates that were kept; enrolled fingers stay."""
    kept = opened_cache(load_settings(cache=cache).cache)
    click.echo(f"removed {counted(kept.clear(), 'template')}")
    print_facts([("cache", str(kept.folder))])
