"""The sets of prints that a command was given, and the cache of their templates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fpverify.errors import FpverifyError, SettingsError
from fpverify.settings import Settings

if TYPE_CHECKING:
    from fpverify.evaluation.sets.protocol import Plan
    from fpverify.evaluation.templates import TemplateCache


def plans_of(
    folders: Sequence[str], protocol: str, pairs: str | None, ppi: float | None, default_ppi: float | None
) -> list[Plan]:
    """The plans of folders; what cannot be a plan is wrong use."""
    from fpverify.evaluation.sets.protocol import make_plans

    try:
        return make_plans(folders, protocol, pairs=pairs, ppi=ppi, default_ppi=default_ppi)  # type: ignore[arg-type]
    except FpverifyError:
        raise
    except ValueError as error:  # another number of sets than the protocol takes
        raise click.UsageError(str(error)) from error


def opened_cache(folder: str | None) -> TemplateCache:
    """The cache in a folder; None is the user's own, if the settings name no other."""
    from fpverify.evaluation.templates import TemplateCache

    return TemplateCache.default() if folder is None else TemplateCache(Path(folder))


def writable_cache(settings: Settings) -> TemplateCache | None:
    """The cache; none where the user's own folder cannot be written. For a folder that was named that is an error."""
    try:
        kept = opened_cache(settings.cache)
        kept.require_writable()
    except (OSError, SettingsError):
        if settings.cache is not None:
            raise
        return None
    return kept
