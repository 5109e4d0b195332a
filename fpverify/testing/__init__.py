"""What those need who build a part of their own: the contract that it has to keep, as tests, and made-up prints.

from fpverify.testing import IndexContract

class TestMyIndex(IndexContract):
    def new_index(self) -> Index:
        return MyIndex()
"""

from __future__ import annotations

from fpverify.testing.index_contract import IndexContract

__all__ = ["IndexContract"]
