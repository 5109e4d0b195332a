"""`dataclasses.dataclass` for frozen classes with slots, made in a third of the time.

The standard library compiles six functions for each class, 0.4 ms in all, and a verification loads sixty classes. Here
one is compiled, `__init__`; the others read the fields when they are called. Such a class is a dataclass: `fields`,
`replace`, `asdict` and `copy` take it, and it can be pickled. Other kinds of classes the standard library makes.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as standard
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]

_set = object.__setattr__


class _Factory:
    """Stands in a signature for what is made anew for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()


def _repr(self: Any) -> str:
    said = (f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{type(self).__qualname__}({', '.join(said)})"


def _values(this: Any) -> tuple[Any, ...]:
    return tuple(getattr(this, one.name) for one in fields(this) if one.compare)


def _eq(self: Any, other: Any) -> Any:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _setattr(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _setstate(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        _set(self, one.name, value)


def _init_of(cls: type) -> Any:
    """The one function that is compiled: with a parameter for each field, as its signature shows."""
    given: dict[str, Any] = {"_set": _set, "_FACTORY": _FACTORY}
    parameters, lines = ["self"], list[str]()
    for one in fields(cls):
        name, value = one.name, one.name
        if one.default_factory is not MISSING:
            given[f"_make_{name}"] = one.default_factory
            value = f"_make_{name}() if {name} is _FACTORY else {name}" if one.init else f"_make_{name}()"
        elif one.default is not MISSING:
            given[f"_default_{name}"] = one.default
        if one.init:
            default = "_FACTORY" if one.default_factory is not MISSING else f"_default_{name}"
            parameters.append(name if one.default_factory is one.default is MISSING else f"{name}={default}")
        lines.append(f"  _set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("  self.__post_init__()")
    body = "\n".join(lines or ["  pass"])
    text = f"def made({', '.join(given)}):\n def __init__({', '.join(parameters)}):\n{body}\n return __init__"
    made: dict[str, Any] = {}
    exec(text, sys.modules[cls.__module__].__dict__, made)  # noqa: S102 - as `dataclasses` does, of names of fields
    init = made["made"](**given)
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__annotations__ = {one.name: one.type for one in fields(cls) if one.init} | {"return": None}
    return init


def _quick(cls: type, *, eq: bool, repr: bool) -> type:
    """The class with slots in the place of `cls`, which has the fields."""
    own = dict(cls.__dict__)
    names = tuple(one.name for one in fields(cls))
    made = {"__init__": _init_of(cls), "__setattr__": _setattr, "__delattr__": _delattr}
    made |= {"__getstate__": _getstate, "__setstate__": _setstate}
    made |= {"__repr__": _repr} if repr else {}
    made |= {"__eq__": _eq, "__hash__": _hash} if eq else {}
    kept = {name: value for name, value in own.items() if name not in (*names, "__dict__", "__weakref__")}
    if "__eq__" not in own:  # Python puts None in the place of `__hash__` beside an `__eq__`
        kept.pop("__hash__", None)
    again = type(cls)(cls.__name__, cls.__bases__, {**made, **kept, "__slots__": names})
    again.__qualname__ = cls.__qualname__
    params = again.__dataclass_params__  # type: ignore[attr-defined]
    params.frozen, params.init, params.eq, params.repr = True, True, eq, repr
    return again


def _is_plain(cls: type) -> bool:
    """Whether there is nothing about a class that the standard library would have to look at."""
    return not any(hasattr(base, "__dataclass_fields__") for base in cls.__bases__) and "__slots__" not in cls.__dict__


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, *, frozen=False, slots=False, eq=True, repr=True, **others):
        """See the module; the arguments are those of `dataclasses.dataclass`."""

        def decorated(cls):
            if not (frozen and slots) or others or not _is_plain(cls):
                return standard(cls, frozen=frozen, slots=slots, eq=eq, repr=repr, **others)
            return _quick(standard(cls, init=False, repr=False, eq=False), eq=eq, repr=repr)

        return decorated if cls is None else decorated(cls)
