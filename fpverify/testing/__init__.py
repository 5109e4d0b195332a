"""What those need who build a part of their own: the contract that it has to keep, as tests, and made-up prints."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fpverify.testing.index_contract import IndexContract
    from fpverify.testing.matcher_contract import MatcherContract
    from fpverify.testing.reader_contract import ReaderContract
    from fpverify.testing.store_contract import StoreContract

__all__ = ["IndexContract", "MatcherContract", "ReaderContract", "StoreContract"]

_HOMES = {
    "IndexContract": "index_contract",
    "MatcherContract": "matcher_contract",
    "ReaderContract": "reader_contract",
    "StoreContract": "store_contract",
}


def __getattr__(name: str) -> Any:
    """The contract, from its module: made-up prints need no pytest."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
