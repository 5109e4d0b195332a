from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, replace
from typing import Any, ClassVar, get_type_hints

import pytest

from fpverify.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Quick:
    """Made here."""

    KIND: ClassVar[str] = "kind"
    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    hidden: int = field(default=7, repr=False, compare=False)
    kept: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def twice(self) -> int:
        return 2 * self.size


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """Made by the standard library."""

    KIND: ClassVar[str] = "kind"
    name: str
    size: int = 3
    parts: list[int] = field(default_factory=list)
    hidden: int = field(default=7, repr=False, compare=False)
    kept: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def twice(self) -> int:
        return 2 * self.size


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ByIdentity:
    value: int

    def __repr__(self) -> str:
        return "its own"


@dataclass(frozen=True, slots=True)
class Checked:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("negative")


@dataclass(frozen=True, slots=True)
class Hashable:
    value: int = 1

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 5


BOTH = pytest.mark.parametrize("kind", [Quick, Standard])


@BOTH
def test_objects_are_made_alike(kind: Any) -> None:
    one = kind("a", parts=[1])
    assert (one.name, one.size, one.parts, one.hidden, one.kept) == ("a", 3, [1], 7, {})
    assert (one.twice, kind.KIND) == (6, "kind")
    assert kind("a").parts is not kind("a").parts
    with pytest.raises(TypeError):
        kind()
    with pytest.raises(TypeError):
        kind("a", kept={})


@BOTH
def test_objects_are_compared_and_shown_alike(kind: Any) -> None:
    assert kind("a", 1, [], 2) == kind("a", 1, [], 3)
    assert kind("a", 1) != kind("a", 2)
    assert kind("a") != "a"
    assert repr(kind("a", 1, [2])) == f"{kind.__name__}(name='a', size=1, parts=[2])"
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind("a"))


@BOTH
def test_objects_cannot_be_changed(kind: Any) -> None:
    one = kind("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'size'"):
        one.size = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'size'"):
        del one.size
    with pytest.raises((AttributeError, TypeError)):  # the standard library's, by a slip of its own
        one.other = 2
    assert not hasattr(one, "__dict__")


@BOTH
def test_the_library_takes_them_alike(kind: Any) -> None:
    one = kind("a", 4, [5])
    assert replace(one, size=6) == kind("a", 6, [5])
    assert asdict(one) == {"name": "a", "size": 4, "parts": [5], "hidden": 7, "kept": {}}
    assert astuple(one) == ("a", 4, [5], 7, {})
    assert pickle.loads(pickle.dumps(one)) == copy.copy(one) == copy.deepcopy(one) == one  # noqa: S301
    assert dataclasses.is_dataclass(kind)


def test_classes_are_alike() -> None:
    assert [one.name for one in fields(Quick)] == [one.name for one in fields(Standard)]
    assert str(inspect.signature(Quick)) == str(inspect.signature(Standard))
    assert get_type_hints(Quick.__init__) == get_type_hints(Standard.__init__)
    assert Quick.__match_args__ == Standard.__match_args__
    assert Quick.__slots__ == Standard.__slots__
    assert (Quick.__doc__, Quick.__module__, Quick.__qualname__) == ("Made here.", __name__, "Quick")
    ours, theirs = Quick.__dataclass_params__, Standard.__dataclass_params__  # type: ignore[attr-defined]
    assert repr(ours) == repr(theirs)


def test_what_a_class_has_of_its_own_stays() -> None:
    assert repr(ByIdentity(1)) == "its own"
    assert ByIdentity(1) != ByIdentity(1)
    assert len({ByIdentity(1), ByIdentity(1)}) == 2
    assert (Hashable(1) == Hashable(2), hash(Hashable())) == (True, 5)
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)
    assert hash(Checked(3)) == hash(Checked(3))


def test_what_is_asked_for_otherwise_is_the_standard_librarys() -> None:
    @dataclass(order=True)
    class Ordered:
        value: int

    @dataclass(frozen=True, slots=True)
    class Derived(Quick):
        more: int = 1

    assert Ordered(1) < Ordered(2)
    assert Derived("a", more=2).more == 2
    assert Derived("a", more=2) == Derived("a", more=2)
