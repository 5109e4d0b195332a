"""Requests that are sent again: the same answer, and nothing done twice; whatever happens in between."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest


def enroll(service: Any, scan: Path, word: str | None, scope: str = "enroll", **fields: Any) -> Any:
    headers = {} if word is None else {"Idempotency-Key": word}
    data = {"unchecked": "true"} | fields
    return service.ask("POST", "/v1/enroll", scope, files={"reference": scan.read_bytes()}, data=data, headers=headers)


def impressions(service: Any, subject: str) -> int:
    return len(service.ask("GET", "/v1/impressions", params={"subject": subject}).json().get("impressions", []))


def forget(service: Any, *subjects: str) -> None:
    for subject in subjects:
        service.ask("DELETE", "/v1/impressions", params={"subject": subject})


def said(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_request_that_is_sent_again_gets_the_same_answer_and_enrolls_nothing(service: Any, stripes: Path) -> None:
    first = enroll(service, stripes / "A_00.bmp", "one", subject="again")
    again = enroll(service, stripes / "A_00.bmp", "one", subject="again")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert impressions(service, "again") == 1
    assert said(enroll(service, stripes / "A_00.bmp", None, subject="again")) == (403, "ProofNeeded")
    forget(service, "again")


def test_other_fields_with_the_same_word_are_refused_in_one_line(service: Any, stripes: Path) -> None:
    assert enroll(service, stripes / "A_00.bmp", "two", subject="words").status_code == 201
    for scan, fields in (("B_00.bmp", {"subject": "words"}), ("A_00.bmp", {"subject": "others"})):
        refused = enroll(service, stripes / scan, "two", **fields)
        assert said(refused) == (422, "IdempotencyKeyReused")
        assert "\n" not in refused.json()["message"]
    assert impressions(service, "others") == 0
    forget(service, "words")


def test_the_words_of_two_api_keys_do_not_meet(service: Any, stripes: Path) -> None:
    assert enroll(service, stripes / "A_00.bmp", "three", subject="mine").status_code == 201
    other = enroll(service, stripes / "B_00.bmp", "three", "admin", subject="theirs")
    assert (other.status_code, other.json()["subject"]) == (201, "theirs")
    for scope in ("verify", "scores"):
        assert said(enroll(service, stripes / "A_00.bmp", "three", scope, subject="mine")) == (403, "Forbidden")
    assert said(enroll(service, stripes / "A_00.bmp", "three", None, subject="mine")) == (401, "Unauthorized")
    forget(service, "mine", "theirs")


def test_a_key_of_a_revoked_ones_name_is_another(start: Any, stripes: Path) -> None:
    from fpverify.service.api_keys import Scope, new_key

    with start() as service:
        enroll(service, stripes / "A_00.bmp", "w", subject="A")
        with service.store() as store:
            store.api_keys.revoke("enroll")
            service.keys["enroll"] = new_key(store, "enroll", Scope.ENROLL)
        assert said(enroll(service, stripes / "A_00.bmp", "w", subject="A")) == (403, "ProofNeeded")


def test_a_refusal_is_not_kept_and_the_request_may_be_mended(service: Any, stripes: Path) -> None:
    assert enroll(service, stripes / "A_00.bmp", "four", subject="two\nlines").status_code == 422
    assert enroll(service, stripes / "A_00.bmp", "four", subject="mended").status_code == 201
    forget(service, "mended")


def test_who_was_deleted_is_enrolled_anew(service: Any, stripes: Path) -> None:
    assert enroll(service, stripes / "A_00.bmp", "five", subject="gone").status_code == 201
    forget(service, "gone")
    assert "idempotent-replayed" not in enroll(service, stripes / "A_00.bmp", "five", subject="gone").headers
    assert impressions(service, "gone") == 1
    forget(service, "gone")


def test_an_answer_is_remembered_for_a_day_and_over_a_restart(
    start: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start() as service:
        first = enroll(service, stripes / "A_00.bmp", "w", "admin", subject="A")
        with service.store() as store:
            (admin,) = [one for one in store.api_keys.all() if one.name == "admin"]
        assert enroll(service, stripes / "A_00.bmp", "w", "admin", subject="A").content == first.content
        from fpverify.service import repeats

        with service.store() as store:
            (until,) = store._database.first("SELECT until FROM repeats")
        import time

        assert 0.9 * repeats.LIFETIME_S < until - time.time() <= repeats.LIFETIME_S
        monkeypatch.setattr("fpverify.service.repeats.time.time", lambda: until + 1.0)
        late = enroll(service, stripes / "A_00.bmp", "w", "admin", subject="A")
        assert (late.status_code, late.json()["impression"]) == (201, 2)
        with service.store() as store:
            assert store._database.first("SELECT count(*) FROM repeats") == (1,)
        assert admin.name == "admin"


@pytest.mark.parametrize("word", ["", "x" * 256, "two words", "\u00e9"])
def test_a_word_that_is_none_is_refused(service: Any, stripes: Path, word: str) -> None:
    answer = service.ask(
        "POST",
        "/v1/enroll",
        files={"reference": (stripes / "A_00.bmp").read_bytes()},
        data={"subject": "worded"},
        headers={"Idempotency-Key": word.encode()},
    )
    assert answer.status_code == 422
    assert impressions(service, "worded") == 0


def test_json_and_a_form_of_the_same_fields_are_one_request(service: Any, stripes: Path) -> None:
    import base64

    assert enroll(service, stripes / "A_00.bmp", "six", subject="both").status_code == 201
    coded = base64.b64encode((stripes / "A_00.bmp").read_bytes()).decode()
    given = {"reference": coded, "unchecked": True, "subject": "both"}
    again = service.ask("POST", "/v1/enroll", "enroll", json=given, headers={"Idempotency-Key": "six"})
    assert again.headers.get("idempotent-replayed") == "true", again.text
    forget(service, "both")


def test_the_same_request_many_times_at_once_enrolls_once(service: Any, stripes: Path) -> None:
    found: list[Any] = []
    asking = [
        threading.Thread(
            target=lambda: found.append(enroll(service, stripes / "A_00.bmp", "seven", "admin", subject="crowd"))
        )
        for _ in range(6)
    ]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert {one.status_code for one in found} <= {201, 409}
    assert len({one.content for one in found if one.status_code == 201}) == 1
    assert impressions(service, "crowd") == 1
    forget(service, "crowd")


def test_another_service_that_was_quicker_is_believed(
    service: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two services of one store: neither knows what the other is about."""
    from fpverify.service.repeats import remembered

    first = enroll(service, stripes / "A_00.bmp", "eight", "admin", subject="quick")
    asked = []

    def late(store: Any, repeat: Any) -> Any:
        asked.append(repeat)
        return None if len(asked) == 1 else remembered(store, repeat)

    monkeypatch.setattr("fpverify.service.routes.enrolling.remembered", late)
    again = enroll(service, stripes / "A_00.bmp", "eight", "admin", subject="quick")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert impressions(service, "quick") == 1
    forget(service, "quick")


def test_a_crash_between_leaves_neither_answer_nor_enrollment(
    start: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fpverify.store.repeats import Repeats

    kept = Repeats.keep

    def crash(*given: Any) -> None:
        kept(*given)
        raise MemoryError

    with start() as service:
        with monkeypatch.context() as broken:
            broken.setattr(Repeats, "keep", crash)
            assert enroll(service, stripes / "A_00.bmp", "w", subject="A").status_code == 500
        assert impressions(service, "A") == 0
        assert enroll(service, stripes / "A_00.bmp", "w", subject="A").status_code == 201
        assert "idempotent-replayed" in enroll(service, stripes / "A_00.bmp", "w", subject="A").headers
        assert impressions(service, "A") == 1


def test_an_answer_that_was_altered_is_not_given(start: Any, stripes: Path) -> None:
    with start() as service:
        enroll(service, stripes / "A_00.bmp", "w", subject="A")
        with service.store() as store:
            store._database.execute("""UPDATE repeats SET answer = '[{"subject": "B"}]'""")
        assert said(enroll(service, stripes / "A_00.bmp", "w", subject="A")) == (503, "CorruptRecord")


def test_neither_scans_nor_words_are_kept(start: Any, stripes: Path) -> None:
    import hashlib

    with start() as service:
        enroll(service, stripes / "A_00.bmp", "a-word-of-its-own", subject="A")
        with service.store() as store:
            (row,) = store._database.rows("SELECT * FROM repeats")
    text = repr(row)
    assert "a-word-of-its-own" not in text
    assert hashlib.sha256((stripes / "A_00.bmp").read_bytes()).hexdigest() not in text


def test_asking_again_is_no_second_try(start: Any, stripes: Path) -> None:
    """A proof that matched is not asked for again, and an answer that is remembered finds nothing out."""
    with start() as service:
        service.post("/v1/enroll", stripes / "A_00.bmp", subject="A")
        given = {
            "files": {"reference": (stripes / "B_00.bmp").read_bytes(), "proof": (stripes / "A_01.bmp").read_bytes()}
        }
        given |= {"data": {"subject": "A", "finger": "left-index"}, "headers": {"Idempotency-Key": "w"}}
        assert [service.ask("POST", "/v1/enroll", "enroll", **dict(given)).status_code for _ in range(3)] == [201] * 3
        metrics = service.ask("GET", "/metrics").text
        assert 'fpverify_decisions_total{decision="match",kind="verify"} 1.0' in metrics
