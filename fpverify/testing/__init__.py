"""What those need who build a part of their own: the contract that it has to keep, as tests, and made-up prints."""

from __future__ import annotations

from fpverify.testing.index_contract import IndexContract

__all__ = ["IndexContract"]
