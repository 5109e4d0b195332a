"""Templates that are kept between evaluations."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from fpverify.evaluation import templates
from fpverify.evaluation.templates import TemplateCache, extraction_id, template_key
from fpverify.executors import answers, local_workforce
from fpverify.matching import Matcher
from fpverify.store import encode_template
from fpverify.vocabulary import Minutiae, Template

KEY = "ab" + "0" * 62


@pytest.fixture
def cache(tmp_path: Path) -> TemplateCache:
    return TemplateCache(tmp_path / "kept")


@pytest.fixture
def template() -> Template:
    none = np.zeros(0, np.float32)
    vector = np.array([0.6, 0.8], np.float32)
    return Template("m", 1.0, Minutiae(none, none, none, none), np.zeros((0, 0), np.int8), vector)


def entries(cache: TemplateCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_kept_comes_back(cache: TemplateCache, template: Template) -> None:
    assert cache.get(KEY) is None
    cache.put(KEY, template)
    back = cache.get(KEY)
    assert isinstance(back, Template)
    assert encode_template(back) == encode_template(template)
    cache.put(KEY, "too little foreground: 3 mm²")
    assert cache.get(KEY) == "too little foreground: 3 mm²"


def test_an_entry_is_in_the_stores_format(cache: TemplateCache, template: Template) -> None:
    cache.put(KEY, template)
    assert [path.read_bytes() for path in entries(cache)] == [encode_template(template)]


def test_only_the_owner_can_read(cache: TemplateCache, template: Template) -> None:
    cache.require_writable()
    cache.put(KEY, template)
    (entry,) = entries(cache)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (entry.parent, entry.parent.parent)} == {0o700}


@pytest.mark.parametrize("outcome", ["template", "no ridges"])
@pytest.mark.parametrize("position", [0, 5, -6, -1])
def test_a_damaged_entry_is_no_entry(cache: TemplateCache, template: Template, outcome: str, position: int) -> None:
    cache.put(KEY, template if outcome == "template" else outcome)
    (entry,) = entries(cache)
    whole = entry.read_bytes()
    damaged = bytearray(whole)
    damaged[position] ^= 0x40
    for content in (bytes(damaged), whole[:position], b""):
        entry.write_bytes(content)
        assert cache.get(KEY) is None


@dataclass(frozen=True)
class Sharing:
    """Begins to write and read the same few entries as other processes; counts what did not come back whole."""

    folder: Path

    def __call__(self, _: None) -> Callable[[int], int]:
        return self.wrong

    def wrong(self, seed: int) -> int:
        cache, rng = TemplateCache(self.folder), np.random.default_rng(seed)
        wrong = 0
        for _ in range(200):
            number = int(rng.integers(0, 3))
            cache.put(f"{number}" * 64, f"{number} " * 20_000)
            wrong += cache.get(f"{number}" * 64) != f"{number} " * 20_000
        return wrong


def test_several_processes_share_a_folder(cache: TemplateCache) -> None:
    with local_workforce(3) as force:
        assert dict(answers(force, Sharing(cache.folder), range(6))) == dict.fromkeys(range(6), 0)
    assert len(entries(cache)) == 3


def test_clearing_removes_entries_and_nothing_else(cache: TemplateCache, template: Template) -> None:
    cache.put(KEY, template)
    cache.put("cd" + KEY[2:], "no ridges")
    (cache.folder / "templates" / "mine.txt").touch()
    (cache.folder / "letter.txt").touch()
    assert cache.content().entries == 2
    assert cache.clear() == 2
    assert cache.content() == templates.CacheContent(0, 0)
    assert sorted(path.name for path in cache.folder.rglob("*")) == ["letter.txt", "mine.txt", "templates"]
    assert TemplateCache(cache.folder / "nowhere").clear() == 0


def test_what_was_half_written_is_cleared_and_never_read(cache: TemplateCache, template: Template) -> None:
    cache.put(KEY, template)
    (entry,) = entries(cache)
    part = entry.with_name(f"{entry.name}.x1y2.part")
    entry.rename(part)
    assert cache.get(KEY) is None
    assert cache.clear() == 0
    assert not part.exists()


def test_a_folder_that_cannot_be_written_changes_nothing_but_can_be_asked_for(
    tmp_path: Path, template: Template
) -> None:
    (tmp_path / "file").touch()
    cache = TemplateCache(tmp_path / "file" / "cache")
    cache.put(KEY, template)
    assert cache.get(KEY) is None
    with pytest.raises(OSError, match="file"):
        cache.require_writable()


def test_a_key_depends_on_content_resolution_and_extraction() -> None:
    keys = {template_key(x, c, ppi) for x in ("x1", "x2") for c in ("c1", "c2") for ppi in (None, 500.0, 501.0)}
    assert len(keys) == 12


def test_extraction_is_another_with_another_model_code_or_library(
    edges_model: Path,
    make_edges_model: Callable[[Path, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = Matcher.load(edges_model).bundle
    before = extraction_id(bundle)
    assert extraction_id(bundle) == before
    other_weights = replace(bundle, card=replace(bundle.card, files={"whole_print.tflite": "0" * 64}))
    other_calibration = replace(bundle, card=replace(bundle.card, calibration=None))
    assert extraction_id(other_weights) != before
    assert extraction_id(Matcher.load(make_edges_model(tmp_path / "other", "edges-2")).bundle) != before
    assert extraction_id(other_calibration) == before
    with monkeypatch.context() as patched:
        patched.setattr(templates, "EXTRACTING_CODE", templates.EXTRACTING_CODE[1:])
        assert extraction_id(bundle) != before
    monkeypatch.setattr(templates, "EXTRACTING_LIBRARIES", ("click",))
    assert extraction_id(bundle) != before


def test_the_code_that_is_hashed_is_found() -> None:
    package = Path(templates.__file__).parent.parent
    assert all(sorted(package.glob(files)) for files in templates.EXTRACTING_CODE)
