"""Version 1: an SQLite file with templates that are not sealed. No store is made so any more."""

revision = "1"
down_revision = None


def upgrade(**_given: object) -> None:
    """Nothing: a version 1 is where migrations begin."""
