"""What will go warns for two minor versions, in a category of its own, and blames who uses it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

import fpverify
from fpverify.deprecation import first_without, warn_of


def former() -> None:
    warn_of("fpverify.former", instead="fpverify.compare", since="1.3")


def test_the_message_says_what_to_use_since_when_and_until_when() -> None:
    said = r"fpverify.former is deprecated since 1.3: use fpverify.compare; 1.5 may be without it"
    with pytest.warns(fpverify.FpverifyDeprecationWarning, match=f"^{re.escape(said)}$"):
        former()


def test_the_caller_is_blamed() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        former()
    assert [one.filename for one in caught] == [__file__]


def test_it_is_a_deprecation_as_python_has_them() -> None:
    assert issubclass(fpverify.FpverifyDeprecationWarning, DeprecationWarning)


@pytest.mark.parametrize(("since", "gone"), [("1.0", "1.2"), ("1.9", "1.11"), ("2.3", "2.5")])
def test_two_minor_versions_warn(since: str, gone: str) -> None:
    assert first_without(since) == gone


def test_every_deprecation_of_the_package_goes_through_this_door_and_has_begun() -> None:
    sources = {path: path.read_text() for path in Path(fpverify.__file__).parent.rglob("*.py")}
    direct = [path.name for path, text in sources.items() if re.search(r"warn\([^)]*\bDeprecationWarning", text)]
    assert direct == []
    begun = [since for text in sources.values() for since in re.findall(r'since="([\d.]+)"', text)]
    assert begun
    assert [since for since in begun if not re.fullmatch(r"[1-9]\d*\.\d+", since)] == []
