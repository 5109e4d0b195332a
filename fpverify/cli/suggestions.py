"""What was meant by a command or an option that there is not."""

from __future__ import annotations

import re

import click

LIKENESS = 0.6  # of what was typed to a name, from which on it is asked whether that was meant; as for settings

_UNKNOWN_COMMAND = re.compile(r"No such command (['\"])(.+)\1")  # click before 8.4 says it in words alone


def suggestion(error: click.UsageError) -> str | None:
    """Wrong use by a slip of the pen, in words and with the name that is nearest; None for any other.

    Args:
        error: as click raised it, whose release decides how much it says.
    """
    from difflib import get_close_matches  # here: most names are right

    context = error.ctx
    if context is None:
        return None
    if isinstance(error, click.NoSuchOption):
        what, typed, names = "option", error.option_name, _options(context)
    elif isinstance(context.command, click.Group) and (found := _UNKNOWN_COMMAND.match(error.message)):
        what, typed, names = "command", found[2], context.command.list_commands(context)
    else:
        return None
    near = get_close_matches(typed, names, n=1, cutoff=LIKENESS)
    hint = f"did you mean '{near[0]}'?" if near else f"see '{context.command_path} --help'"
    return f"no such {what} '{typed}'; {hint}"


def _options(context: click.Context) -> list[str]:
    """The options of a command, that of its help among them."""
    return [name for one in context.command.get_params(context) for name in (*one.opts, *one.secondary_opts)]
