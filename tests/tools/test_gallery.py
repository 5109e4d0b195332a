"""The cache of many synthetic fingers' templates."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool

from fpverify.matching import Matcher
from fpverify.store import encode_template


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = tool("gallery")
    monkeypatch.setattr(module, "BLOCK", 2)
    return module


def kept(gallery: ModuleType, cache: Path, matcher: Matcher) -> list[tuple[int, int, bytes | None]]:
    made = gallery.GalleryCache.of(cache, matcher.bundle).all()
    return [(one.finger, one.impression, one.template and encode_template(one.template)) for one in made]


def test_an_ended_call_is_continued_and_makes_only_what_is_missing(
    gallery: ModuleType,
    release_model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    matcher, whole, made = Matcher.load(), gallery.make_block, []

    def ended(block: int, cache: object, model: str | None) -> int:
        if block == 1 and not made:
            raise KeyboardInterrupt
        made.append(block)
        return int(whole(block, cache, model))

    monkeypatch.setattr(gallery, "make_block", ended)
    folder = gallery.GalleryCache.of(tmp_path, matcher.bundle).folder
    monkeypatch.setattr(gallery, "PROBED", 2)
    first = gallery.main([str(tmp_path), "--fingers", "2"])
    made.clear()
    assert (first, gallery.main([str(tmp_path), "--fingers", "4"])) == (0, gallery.INTERRUPTED)
    assert "2 fingers in" in capsys.readouterr().err
    (folder / "part-1-000001.npz").write_bytes(b"half a block")
    made.append(-1)
    assert gallery.main([str(tmp_path), "--fingers", "4"]) == 0
    assert made == [-1, 1]
    found = kept(gallery, tmp_path, matcher)
    assert [one[:2] for one in found] == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]
    again = gallery.impressions_of(3, (1,), matcher)[0]
    assert found[-1][2] == encode_template(again.template)


def test_a_mirror_image_is_another_finger(gallery: ModuleType, release_model: str) -> None:
    matcher = Matcher.load()
    first, probe = gallery.impressions_of(4, (gallery.FIRST, gallery.ORDINARY_PROBE), matcher)
    (mirrored,) = gallery.impressions_of(5, (gallery.FIRST,), matcher)
    assert matcher.score(first.template, probe.template).value > 50
    assert matcher.score(mirrored.template, probe.template).value < 40


def test_a_cache_of_another_make_is_refused(
    gallery: ModuleType, release_model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matcher = Matcher.load()
    cache = gallery.GalleryCache.of(tmp_path, matcher.bundle)
    (other,) = gallery.impressions_of(1, (gallery.FIRST,), matcher)
    cache.write(0, [gallery.Made(0, gallery.FIRST, other.template)])
    assert gallery.main([str(tmp_path), "--fingers", "4"]) == 2
    assert "another generator or extraction" in capsys.readouterr().err
    assert cache.blocks() == [0]


def test_failures_to_acquire_are_kept_as_such(gallery: ModuleType, tmp_path: Path) -> None:
    cache = gallery.GalleryCache(tmp_path)
    cache.write(3, [gallery.Made(150, gallery.FIRST, None)])
    assert [(one.finger, one.template) for one in cache.read(3)] == [(150, None)]
