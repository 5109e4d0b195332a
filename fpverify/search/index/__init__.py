"""Indexes: which of many references a probe resembles most. They propose; the store is the truth, comparison decides.

Index        what an index is, and what all of them keep to
exact        the first look at every reference
inverted     minutiae in lists by what they look like, of which a probe asks a few; may lie in shards on disk
lists        rows of minutiae in memory, slots of their references
milvus       minutiae in an engine of its own, by URL (needs pymilvus)
vectors      whole prints, a vector each
everything   proposes all there is: a search without pre-selection
choice       which of them a store is searched with
"""

from __future__ import annotations

from fpverify.search.index.protocol import EngineIndex, Index

__all__ = ["EngineIndex", "Index"]
