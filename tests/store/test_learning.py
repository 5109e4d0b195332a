"""What is learnt of a finger: kept beside what was enrolled, bounded, told apart, and removed without it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_files import database

from fpverify.errors import EnrollmentError, NotEnrolled
from fpverify.store import Store, encode_template, wiping
from fpverify.store.inspection import inspect
from fpverify.store.transfer import export_archive, import_archive, opened_archive
from fpverify.vocabulary import LEARNT

OpenStore = Callable[..., Store]
INDEX, THUMB = "right-index", "left-thumb"


def learn(store: Store, template, finger: str = INDEX, **given: int):
    like = [one for one in store.references("A", finger) if not one.learnt]
    return store.learn("A", finger, template, like=like, score=44.44, **given)


def test_what_was_learnt_is_told_from_what_was_enrolled(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(1))
        kept = learn(store, make_template(2))
    with open_store() as store:
        found = store.references("A", INDEX)
    assert [one.learnt for one in found] == [False, True]
    assert [one.to_dict()["learnt"] for one in found] == [False, True]
    assert encode_template(found[1].template) == encode_template(make_template(2))
    assert (found[1].enrolled_at, found[1].metadata) == (kept.enrolled_at, {LEARNT: 44.4})


def test_the_oldest_learnt_makes_room_and_what_was_enrolled_stays(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        store.add("A", INDEX, make_template(1))
        for seed in range(2, 8):
            learn(store, make_template(seed), most=3)
        found = store.references("A", INDEX)
        assert [one.learnt for one in found] == [False, False, True, True, True]
        assert [encode_template(one.template) for one in found] == [
            encode_template(make_template(seed)) for seed in (0, 1, 5, 6, 7)
        ]
        store.check()
        assert inspect(store).findings == ()


def test_nothing_is_learnt_where_nobody_is_enrolled(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", THUMB, make_template(0))
        with pytest.raises(NotEnrolled):
            store.learn("A", INDEX, make_template(1), like=[], score=50)
        with pytest.raises(NotEnrolled):
            store.learn("A", INDEX, make_template(1), like=store.references("A"), score=50)
        with pytest.raises(NotEnrolled):
            store.learn("B", INDEX, make_template(1), like=store.references("A"), score=50)
        assert len(store.references("A")) == 1


def test_nothing_is_learnt_of_a_finger_that_was_enrolled_anew_meanwhile(open_store: OpenStore, make_template) -> None:
    with open_store() as store, open_store() as other:
        matched = [store.add("A", INDEX, make_template(0))]
        other.delete("A")
        other.add("A", INDEX, make_template(9))
        with pytest.raises(NotEnrolled, match="other impressions by now"):
            store.learn("A", INDEX, make_template(1), like=matched, score=50)
        assert [one.learnt for one in store.references("A")] == [False]


def test_what_was_learnt_vouches_for_nothing(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learnt = learn(store, make_template(1))
        with pytest.raises(NotEnrolled):
            store.learn("A", INDEX, make_template(2), like=[learnt], score=50)


def test_nobody_marks_an_impression_as_learnt_by_a_note(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        with pytest.raises(EnrollmentError, match="learnt"):
            store.add("A", INDEX, make_template(0), metadata={LEARNT: 99})
        assert store.subjects() == []


def test_forgetting_removes_what_was_learnt_and_nothing_else(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for finger in (INDEX, THUMB):
            store.add("A", finger, make_template(0))
            learn(store, make_template(1), finger)
            learn(store, make_template(2), finger)
        store.add("B", INDEX, make_template(5))
        assert store.forget("A", THUMB) == 2
        assert store.forget("A", THUMB) == 0
        assert [one.learnt for one in store.references("A", INDEX)] == [False, True, True]
        assert store.forget("A") == 2
        assert [(one.finger, one.learnt) for one in store.references("A")] == [(INDEX, False), (THUMB, False)]
        assert [encode_template(one.template) for one in store.references("A")] == [
            encode_template(make_template(0))
        ] * 2
        for absent in (("C",), ("B", THUMB)):
            with pytest.raises(NotEnrolled):
                store.forget(*absent)
        store.check()
        assert inspect(store).findings == ()


def test_deleting_a_finger_takes_what_was_learnt_of_it_too(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        assert store.delete("A", INDEX) == 2
        assert not store.has("A")


def test_the_trail_tells_what_was_learnt_and_what_was_forgotten(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1), most=1)
        learn(store, make_template(2), most=1)
        store.forget("A")
        said = [(one.action, one.finger, sorted(one.details)) for one in store.audit_entries()][1:]
    added = ["added", "impression", "model"]
    assert [one for one in said if one[0] != "wipe"] == [
        ("enroll", INDEX, added),
        ("learn", INDEX, added),
        ("learn", INDEX, added),
        ("delete", INDEX, ["learnt", "removed"]),
        ("delete", None, ["learnt", "removed"]),
    ]


def test_a_finger_stays_enrolled_in_the_trail_when_what_was_learnt_of_it_goes(
    open_store: OpenStore, make_template
) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        store.forget("A", INDEX)
        store.note_decision("verify", "A", INDEX, decision="match")
        assert inspect(store).findings == ()


def test_whoever_follows_the_store_hears_of_what_was_learnt(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        point = store.changes().point
        learn(store, make_template(1), most=1)
        told = store.changes(point)
        (first,) = told.added
        assert (told.everything, told.removed) == (False, ())
        learn(store, make_template(2), most=1)
        again = store.changes(told.point)
        assert again.removed == (first,)
        assert len(again.added) == 1
        store.forget("A")
        assert store.changes(again.point).removed == again.added


def test_a_learnt_impression_that_is_put_back_is_not_believed(tmp_path: Path, make_template) -> None:
    from fpverify.errors import DeletedRecord

    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
    with database(tmp_path / "db" / "enrollments.sqlite") as behind:
        (row,) = behind.execute("SELECT * FROM impressions WHERE number = 2").fetchall()
    with Store.open(tmp_path / "db") as store:
        store.forget("A")
    with database(tmp_path / "db" / "enrollments.sqlite") as behind:
        behind.execute("INSERT INTO impressions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        behind.execute("UPDATE subjects SET impression_count = 2")
    with Store.open(tmp_path / "db") as store, pytest.raises(DeletedRecord):
        store.references("A")


@pytest.mark.parametrize("how", ["forget", "learn"])
def test_no_byte_of_what_was_learnt_is_left_when_it_is_gone(tmp_path: Path, make_template, how: str) -> None:
    place = tmp_path / "db" / "enrollments.sqlite"
    with Store.open(tmp_path / "db") as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        with database(place) as behind:
            ((sealed,),) = behind.execute("SELECT record FROM impressions WHERE number = 2").fetchall()
        assert _traces(place, sealed)
        store.forget("A") if how == "forget" else learn(store, make_template(2), most=1)
        assert not _traces(place, sealed)


def _traces(place: Path, sealed: bytes) -> bool:
    kept = b"".join(one.read_bytes() for one in place.parent.iterdir())
    return any(sealed[at : at + 64] in kept for at in range(0, len(sealed) - 64, 64))


def test_what_was_learnt_stays_learnt_in_an_archive(open_store: OpenStore, make_template, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        export_archive(store, archive, passphrase=None)
    with Store.open(tmp_path / "other") as other, opened_archive(archive, None) as arriving:
        import_archive(other, arriving)
        assert [one.learnt for one in other.references("A")] == [False, True]
        assert other.forget("A") == 1
        assert inspect(other).findings == ()


def test_what_was_learnt_stays_learnt_under_a_new_key_and_a_new_name(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        store.rotate()
        store.update("A", rename="B")
        assert [one.learnt for one in store.references("B")] == [False, True]
        assert store.forget("B") == 1
        assert inspect(store).findings == ()


def test_a_large_store_notes_what_was_forgotten(open_store: OpenStore, make_template, monkeypatch) -> None:
    monkeypatch.setattr(wiping, "SMALL_BYTES", 0)
    monkeypatch.setattr(wiping, "SHARE", 10.0)
    with open_store() as store:
        store.add("A", INDEX, make_template(0))
        learn(store, make_template(1))
        assert store.unwiped() is None
        store.forget("A")
        unwiped = store.unwiped()
    assert unwiped is not None
    assert unwiped.size > 0
