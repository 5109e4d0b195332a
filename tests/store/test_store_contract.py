"""What every store does, whatever it is built on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpverify.errors import CorruptRecord, EnrollmentError, NotEnrolled, SettingsError
from fpverify.store import Store, encode_template
from fpverify.store.inspection import inspect
from fpverify.store.repeats import AnsweredMeanwhile, Repeat
from fpverify.store.tries import SUBJECT, Tried
from fpverify.vocabulary import Template

OpenStore = Callable[[], Store]

INDEX, THUMB = "right-index", "left-thumb"
METACHARACTERS = [
    "'",
    '"; DROP TABLE subjects; --',
    "' OR '1'='1",
    "%",
    "_",
    "*",
    "?",
    ":name",
    "NULL",
    "a\\",
    "🖐️",
    "Ω ≠ ω",
]


def test_what_was_added_is_there_after_reopening(open_store: OpenStore, make_template) -> None:
    template = make_template(1)
    with open_store() as store:
        added = store.add("A", INDEX, template)
    with open_store() as store:
        (found,) = store.references("A")
    assert (found.subject, found.finger, found.impression, found.model_id) == ("A", INDEX, 1, "release-1")
    assert encode_template(found.template) == encode_template(added.template) == encode_template(template)
    assert found.enrolled_at == added.enrolled_at


def test_a_store_knows_which_models_made_what_it_holds(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        assert store.model_ids() == []
        for subject, model_id in (("A", "release-2"), ("B", "release-1"), ("C", "release-2"), ("D", "Ω 'x'; --")):
            store.add(subject, INDEX, make_template(1, model_id=model_id))
        assert set(store.model_ids()) == {"release-1", "release-2", "Ω 'x'; --"}
        assert len(store.model_ids()) == 3
        store.remake("B", "release-2", lambda _: make_template(2, model_id="release-2"))
        store.delete("D")
        assert set(store.model_ids()) == {"release-1", "release-2"}  # no scan was kept of B
        store.delete("B")
        assert store.model_ids() == ["release-2"]


def test_impressions_of_a_finger_are_kept_apart_and_numbered(open_store: OpenStore, make_template) -> None:
    templates = [make_template(seed) for seed in range(3)]
    with open_store() as store:
        assert [store.add("A", INDEX, template).impression for template in templates] == [1, 2, 3]
        assert store.add("A", THUMB, templates[0]).impression == 1
        assert store.add("B", INDEX, templates[0]).impression == 1
        found = store.references("A", INDEX)
    assert [encode_template(reference.template) for reference in found] == [encode_template(t) for t in templates]


def test_references_come_in_order_of_finger_code_and_impression(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for finger in (THUMB, INDEX, "unknown", INDEX):
            store.add("A", finger, make_template())
        order = [(reference.finger, reference.impression) for reference in store.references("A")]
    assert order == [("unknown", 1), (INDEX, 1), (INDEX, 2), (THUMB, 1)]


def test_reference_holds_the_time_of_enrollment_in_utc(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        before = datetime.now(UTC)
        now = store.add("A", INDEX, make_template()).enrolled_at
        given_time = datetime(2020, 2, 29, 1, 30, tzinfo=timezone(timedelta(hours=2)))
        store.add("A", THUMB, make_template(), enrolled_at=given_time)
        (found,) = store.references("A", THUMB)
    assert before <= now <= datetime.now(UTC)
    assert found.enrolled_at == given_time
    assert found.enrolled_at.utcoffset() == timedelta(0)


def test_time_without_a_zone_is_refused(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        with pytest.raises(ValueError, match="time zone"):
            store.add("A", INDEX, make_template(), enrolled_at=datetime(2020, 1, 1))
        assert store.subjects() == []


def test_subjects_sums_up_every_finger(open_store: OpenStore, make_template) -> None:
    first, last = datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
    one, two = make_template(1, model_id="old"), make_template(2, model_id="new")
    with open_store() as store:
        store.add("B", INDEX, two)
        store.add("A", THUMB, two)
        store.add("A", INDEX, one, enrolled_at=first)
        store.add("A", INDEX, two, enrolled_at=last)
        rows = store.subjects()
    assert [(row.subject, row.finger, row.impressions) for row in rows] == [
        ("A", INDEX, 2),
        ("A", THUMB, 1),
        ("B", INDEX, 1),
    ]
    assert rows[0].model_ids == ("new", "old")
    assert rows[0].qualities == (one.quality, two.quality)
    assert (rows[0].first_enrolled_at, rows[0].last_enrolled_at) == (first, last)


NAMES = ["a", "B", "Z", "_", "~", "é", "z", "Ω", "\uffdc", "🖐️", "10", "9", "A", "A A", "AA"]


def test_fingers_come_in_the_order_of_characters_whatever_the_database_sorts_by(
    open_store: OpenStore, make_template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.store.reading.BLOCK_SUBJECTS", 4)
    with open_store() as store:
        store.add_many((name, finger, make_template()) for name in NAMES for finger in (THUMB, INDEX))
        rows = list(store.fingers())
        assert rows == store.subjects()
    assert [(row.subject, row.finger) for row in rows] == [(name, f) for name in sorted(NAMES) for f in (INDEX, THUMB)]


def test_what_others_change_while_fingers_are_listed_is_no_damage(
    open_store: OpenStore, make_template, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.store.reading.BLOCK_SUBJECTS", 1)
    with open_store() as store, open_store() as other:
        store.add_many((name, INDEX, make_template()) for name in "ABCD")
        listed = store.fingers()
        seen = [next(listed).subject]
        other.delete("C")
        other.add("E", INDEX, make_template())
        seen += [row.subject for row in listed]
    assert seen == ["A", "B", "D", "E"]


def test_new_store_is_empty(open_store: OpenStore) -> None:
    with open_store() as store:
        assert store.subjects() == []
        store.check()


def test_unknown_subject_is_not_enrolled_and_the_store_is_named(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        for ask in (store.references, store.delete):
            with pytest.raises(NotEnrolled) as refusal:
                ask("a")
            assert "'a'" in str(refusal.value)
            assert store.place in str(refusal.value)


def test_unknown_finger_of_a_subject_is_not_enrolled_and_the_store_is_named(
    open_store: OpenStore, make_template
) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        for ask in (store.references, store.delete):
            with pytest.raises(NotEnrolled) as refusal:
                ask("A", THUMB)
            assert THUMB in str(refusal.value)
            assert store.place in str(refusal.value)
        assert len(store.references("A")) == 1


@pytest.mark.parametrize(("subject", "finger"), [("", INDEX), ("a\nb", INDEX), ("x" * 257, INDEX), ("A", "toe")])
def test_impossible_names_are_refused_and_change_nothing(open_store, make_template, subject: str, finger: str) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        for ask in (lambda: store.add(subject, finger, make_template()), lambda: store.references(subject, finger)):
            with pytest.raises(EnrollmentError):
                ask()
        with pytest.raises(EnrollmentError):
            store.delete(subject, finger)
        assert len(store.subjects()) == 1


def test_template_without_binary_form_changes_nothing(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        with pytest.raises(ValueError, match="model id"):
            store.add("A", INDEX, make_template(model_id=""))
        assert store.subjects() == []


def test_two_spellings_of_an_accent_are_one_subject(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("Jose\u0301", INDEX, make_template())
        store.add("Jos\u00e9", INDEX, make_template())
        assert len(store.references("Jose\u0301")) == 2
        assert [row.subject for row in store.subjects()] == ["Jos\u00e9"]


def test_sql_metacharacters_are_just_text(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for seed, subject in enumerate(METACHARACTERS):
            store.add(subject, INDEX, make_template(seed))
        assert sorted(METACHARACTERS) == [row.subject for row in store.subjects()]
        for subject in METACHARACTERS:
            assert [reference.subject for reference in store.references(subject)] == [subject]
        for left, subject in zip(reversed(range(len(METACHARACTERS))), METACHARACTERS, strict=True):
            assert store.delete(subject) == 1
            assert len(store.subjects()) == left


def test_delete_removes_the_subject_and_nothing_else(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for subject, finger in (("A", INDEX), ("A", INDEX), ("A", THUMB), ("B", INDEX)):
            store.add(subject, finger, make_template())
        assert store.delete("A") == 3
        with pytest.raises(NotEnrolled):
            store.references("A")
        assert [row.subject for row in store.subjects()] == ["B"]
        store.check()


def test_delete_of_a_finger_leaves_the_others(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        for finger in (INDEX, INDEX, THUMB):
            store.add("A", finger, make_template())
        assert store.delete("A", INDEX) == 2
        assert [reference.finger for reference in store.references("A")] == [THUMB]
        assert store.delete("A", THUMB) == 1
        assert store.subjects() == []


def test_deleted_finger_starts_again_at_one(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(1))
        store.delete("A", INDEX)
        assert store.add("A", INDEX, make_template(2)).impression == 1
        (found,) = store.references("A")
    assert np.array_equal(found.template.descriptors, make_template(2).descriptors)


def test_two_open_stores_see_each_other(open_store: OpenStore, make_template) -> None:
    with open_store() as one, open_store() as other:
        one.add("A", INDEX, make_template())
        assert other.add("A", INDEX, make_template()).impression == 2
        other.delete("A")
        assert one.subjects() == []


def test_whole_print_template_is_kept(open_store: OpenStore, make_template) -> None:
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    with open_store() as store:
        store.add("A", "unknown", replace(make_template(minutiae=0, size=0), vector=vector))
        (found,) = store.references("A")
    assert found.template.vector is not None
    assert found.template.vector.tobytes() == vector.tobytes()


Change = tuple[str, str, str]
CHANGES = st.tuples(
    st.sampled_from(["add", "delete", "delete finger"]), st.sampled_from("ABC"), st.sampled_from([INDEX, THUMB])
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(CHANGES, max_size=12))
def test_store_behaves_like_a_dictionary(open_store: OpenStore, make_template, changes: list[Change]) -> None:
    """The slow and obvious store: a dictionary of lists."""
    model: dict[tuple[str, str], list[int]] = {}
    with open_store() as store:
        for subject in {row.subject for row in store.subjects()}:
            store.delete(subject)
        for seed, (change, subject, finger) in enumerate(changes):
            if change == "add":
                store.add(subject, finger, make_template(seed, minutiae=2, size=2))
                model.setdefault((subject, finger), []).append(seed)
            else:
                gone = [key for key in model if key[0] == subject and (change == "delete" or key[1] == finger)]
                expected = sum(len(model.pop(key)) for key in gone)
                if expected:
                    assert store.delete(subject, None if change == "delete" else finger) == expected
                else:
                    with pytest.raises(NotEnrolled):
                        store.delete(subject, None if change == "delete" else finger)
        assert {(row.subject, row.finger): row.impressions for row in store.subjects()} == {
            key: len(seeds) for key, seeds in model.items()
        }
        for (subject, finger), seeds in model.items():
            found = [encode_template(reference.template) for reference in store.references(subject, finger)]
            assert found == [encode_template(make_template(seed, minutiae=2, size=2)) for seed in seeds]


@pytest.mark.parametrize("name", ["A ", " A", "A\u200b"])
def test_who_is_new_is_told_from_others_by_eye(open_store: OpenStore, make_template, name: str) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template())
        with pytest.raises(EnrollmentError, match="leave"):
            store.add(name, INDEX, make_template())
        with pytest.raises(EnrollmentError, match="leave"):
            store.update("A", rename=name)
        assert [row.subject for row in store.subjects()] == ["A"]


def test_an_id_from_before_that_looks_like_another_stays_in_use(open_store: OpenStore, make_template) -> None:
    with open_store() as store:
        store.add("A", INDEX, make_template(1))
        with store._changing():
            owner = store._rows.owner("A")
            store._move(owner, "A", "A ")
            store._rows.write_subject(owner, "A ", {})
        assert store.add("A ", INDEX, make_template(2)).impression == 2
        store.update("A ", rename="A")
        assert len(store.references("A")) == 2


def test_counts_of_tries_are_kept_and_go_with_their_subject(open_store: OpenStore, make_template) -> None:
    one, two = Tried((10.5,)), Tried((10.5, 20.25), 3, 1e12)
    with open_store() as store:
        assert store.tries.of(SUBJECT, "A") == Tried()
        assert store.tries.locked(0) == []
        assert not store.tries.forget(SUBJECT, "A")
        store.add("A", INDEX, make_template())
        assert store.tries.change(SUBJECT, "A", lambda before: one if before == Tried() else before) == one
        assert store.tries.change(SUBJECT, "A", lambda before: two if before == one else before) == two
        store.tries.change("verify", "A", lambda before: one)
        assert inspect(store).findings == ()
    with open_store() as store:
        assert store.tries.of(SUBJECT, "A") == two
        assert store.tries.locked(30) == [(SUBJECT, "A", two)]
        store.update("A", rename="B")
        assert (store.tries.of(SUBJECT, "A"), store.tries.of(SUBJECT, "B")) == (Tried(), two)
        store.delete("B")
        assert store.tries.of(SUBJECT, "B") == Tried()
        assert store.tries.of("verify", "A") == one
        assert store.tries.forget("verify", "A")
        assert store.tries.of("verify", "A") == Tried()


KEY = "ab" * 32


def test_an_api_key_is_known_to_every_process_until_one_revokes_it(open_store: OpenStore) -> None:
    with open_store() as store, open_store() as other:
        assert (store.api_keys.all(), store.api_keys.holder(KEY)) == ([], None)
        kept = store.api_keys.add("door-3", "verify", KEY)
        assert other.api_keys.holder(KEY) == kept
        assert other.api_keys.all() == [kept]
        assert other.api_keys.was_granted(KEY)
        with pytest.raises(SettingsError, match="has an API key 'door-3' already"):
            other.api_keys.add("door-3", "admin", KEY[::-1])
        other.api_keys.revoke("door-3")
        assert (store.api_keys.holder(KEY), store.api_keys.was_granted(KEY)) == (None, True)
        assert inspect(store).intact
        assert store.rotate() == 0
        assert inspect(store).intact


def test_an_answer_is_kept_with_what_it_is_about_or_not_at_all(
    open_store: OpenStore, make_template: Callable[..., Template]
) -> None:
    repeat = Repeat("holder", "word", "body")

    def enroll(store: Store, *, fails: bool) -> None:
        with store.batch():
            store.add("A", INDEX, make_template(1))
            store.repeats.keep(repeat, "A", "answer", 100.0, 200.0)
            if fails:
                raise KeyboardInterrupt

    with open_store() as store:
        assert store.repeats.of(repeat, 150.0) is None
        with pytest.raises(KeyboardInterrupt):
            enroll(store, fails=True)
        assert (store.count(), store.repeats.of(repeat, 150.0)) == (0, None)
        enroll(store, fails=False)
    with open_store() as store:
        assert store.repeats.of(repeat, 150.0) == ("answer", True)
        assert store.repeats.of(replace(repeat, body="other"), 150.0) == ("answer", False)
        assert store.repeats.of(replace(repeat, holder="other"), 150.0) is None
        assert store.repeats.of(repeat, 200.0) is None
        with pytest.raises(AnsweredMeanwhile):
            enroll(store, fails=False)
        assert store.count() == 1
        assert inspect(store).intact
        store.update("A", rename="B")
        assert store.repeats.of(repeat, 150.0) is None


def test_answers_that_are_over_go_with_the_next(open_store: OpenStore) -> None:
    with open_store() as store:
        for number, (now_s, until_s) in enumerate([(0.0, 10.0), (5.0, 20.0), (15.0, 30.0)]):
            with store.batch():
                store.repeats.keep(Repeat("holder", f"{number}", ""), "A", "", now_s, until_s)
        assert store._database.rows("SELECT until FROM repeats ORDER BY until") == [(20.0,), (30.0,)]


def test_fingers_come_in_pages_in_the_order_of_the_whole(
    open_store: OpenStore, make_template: Callable[..., Template]
) -> None:
    names = ["B", "a", "Ω", "🖐️", "A"]
    with open_store() as store:
        for name in names:
            store.add(name, INDEX, make_template(1))
        found, last = [], ""
        while True:
            last, page = store.fingers_after(last, 2)
            found += page
            if not last:
                break
        assert found == store.subjects()
        assert [one.subject for one in found] == sorted(names)


def test_api_keys_that_were_altered_or_put_back_are_not_believed(open_store: OpenStore) -> None:
    with open_store() as store:
        store.api_keys.add("door-3", "verify", KEY)
        (row,) = store._database.rows("SELECT sha256, name, scope, created_at, mac FROM api_keys")
        with store._database.writing():
            store._database.execute("UPDATE api_keys SET scope = 'admin'")
        with pytest.raises(CorruptRecord):
            store.api_keys.holder(KEY)
        store.api_keys.revoke("door-3")
        assert inspect(store).intact
        with store._database.writing():
            store._database.execute(
                "INSERT INTO api_keys (sha256, name, scope, created_at, mac) VALUES (?, ?, ?, ?, ?)", *row
            )
        with pytest.raises(CorruptRecord):
            store.api_keys.holder(KEY)
        assert not inspect(store).intact
