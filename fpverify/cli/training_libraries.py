"""The libraries that train and lab need, and that not every installation has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from fpverify.extras import install_line

TRAINING_LIBRARIES = frozenset({"keras", "tensorflow", "jax", "torch"})


@contextmanager
def training_libraries(who: str) -> Iterator[None]:
    """Says in one line what to install if one of them is missing.

    Args:
        who: needs them, as the line has it.

    Raises:
        ClickException: one is missing.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks to programmers
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in TRAINING_LIBRARIES:
            raise
        raise click.ClickException(
            f"{who} needs {error.name}, which is not installed; {install_line('train')}"
        ) from error
