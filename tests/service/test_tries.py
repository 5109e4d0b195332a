"""What may be tried: locks of subjects and keys, which all services of a store share and a restart keeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.service.limits import TryLimit


def limit(after: int) -> TryLimit:
    return TryLimit(((after, 600.0),), calm_s=3600)


MANY = limit(1000)


def tried(service: Any, scan: Path, scope: str = "verify", **fields: Any) -> Any:
    return service.post("/v1/verify", scan, scope, **fields)


def searched(service: Any, scan: Path, scope: str = "verify", **fields: Any) -> Any:
    return service.post("/v1/identify", scan, scope, **fields)


def statuses(count: int, ask: Callable[[], Any]) -> list[int]:
    return [ask().status_code for _ in range(count)]


@pytest.fixture
def guarded(start: Any, stripes: Path) -> Callable[..., Any]:
    """Starts a service with A and B enrolled."""

    def started(**limits: Any) -> Any:
        return start(**{"subject": MANY, "verifying": MANY, "identifying": MANY} | limits)

    return started


def enroll(service: Any, stripes: Path, *subjects: str) -> None:
    for subject in subjects:
        assert service.post("/v1/enroll", stripes / f"{subject}_00.bmp", subject=subject).status_code == 201


def test_a_subject_is_locked_after_non_matches_and_a_match_forgives(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(3)) as service:
        enroll(service, stripes, "A", "B")
        for scan in ("B_01.bmp", "B_01.bmp", "A_01.bmp", "B_01.bmp", "B_01.bmp", "B_01.bmp"):
            assert tried(service, stripes / scan, subject="A").status_code == 200
        locked = tried(service, stripes / "A_01.bmp", subject="A")
        assert (locked.status_code, locked.json()["error"]) == (423, "Locked")
        assert 0 < int(locked.headers["Retry-After"]) <= 60
        assert tried(service, stripes / "B_01.bmp", subject="B").status_code == 200


def test_a_looser_rate_than_the_services_is_refused_so_that_none_clears_the_count(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(3)) as service:
        enroll(service, stripes, "A")
        for scope in ("verify", "admin"):
            loose = tried(service, stripes / "B_01.bmp", scope, subject="A", fmr="0.1")
            assert (loose.status_code, loose.json()["error"]) == (422, "LooserRate")
        assert searched(service, stripes / "B_01.bmp", fpir="0.002").status_code == 422
        assert statuses(3, lambda: tried(service, stripes / "B_01.bmp", subject="A", fmr="0.0005")) == [200] * 3
        assert tried(service, stripes / "A_01.bmp", subject="A", fmr="0.0005").status_code == 423


def test_a_key_waits_before_it_has_locked_many_subjects(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(3), verifying=limit(4)) as service:
        enroll(service, stripes, "A", "B")
        found = statuses(5, lambda: tried(service, stripes / "B_01.bmp", subject="A"))
        assert found == [200, 200, 200, 423, 423]
        assert statuses(3, lambda: tried(service, stripes / "A_01.bmp", subject="B")) == [200, 429, 429]
        assert tried(service, stripes / "B_01.bmp", "scores", subject="B").status_code == 200  # another key


def test_identifications_count_for_their_key_and_a_match_of_its_own_forgives_nothing(
    guarded: Any, stripes: Path
) -> None:
    with guarded(identifying=limit(2)) as service:
        enroll(service, stripes, "A")
        for scan, status in (("A_01.bmp", 200), ("B_01.bmp", 200), ("A_01.bmp", 200), ("B_01.bmp", 200)):
            assert searched(service, stripes / scan).status_code == status
        refused = searched(service, stripes / "A_01.bmp")
        assert (refused.status_code, refused.json()["error"]) == (429, "TooManyTries")
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert searched(service, stripes / "A_01.bmp", "scores").status_code == 200
        assert 'fpverify_locks_total{kind="identify"} 1.0' in service.ask("GET", "/metrics").text


def test_what_a_restart_and_another_service_know(guarded: Any, stripes: Path) -> None:
    limits = {"subject": limit(2), "identifying": limit(1)}
    with guarded(**limits) as service:
        enroll(service, stripes, "A")
        assert statuses(2, lambda: tried(service, stripes / "B_01.bmp", subject="A")) == [200, 200]
        searched(service, stripes / "B_01.bmp")
    with guarded(**limits) as again:
        assert tried(again, stripes / "A_01.bmp", subject="A").status_code == 423
        assert searched(again, stripes / "A_01.bmp").status_code == 429


def test_an_administrator_sees_locks_and_forgives(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(2), identifying=limit(1)) as service:
        enroll(service, stripes, "A")
        assert statuses(2, lambda: tried(service, stripes / "B_01.bmp", subject="A")) == [200, 200]
        searched(service, stripes / "B_01.bmp")
        found = service.ask("GET", "/v1/locks").json()["locks"]
        assert {(one["kind"], one["name"]) for one in found} == {("subject", "A"), ("identify", "verify")}
        assert all(0 < one["seconds"] <= 60 for one in found)
        for scope in ("verify", "scores", "enroll"):
            assert service.ask("GET", "/v1/locks", scope).status_code == 403
            assert service.ask("DELETE", "/v1/locks", scope, params={"subject": "A"}).status_code == 403
        assert service.ask("DELETE", "/v1/locks").status_code == 422
        assert service.ask("DELETE", "/v1/locks", params={"subject": "A"}).json() == {"forgiven": 1}
        assert service.ask("DELETE", "/v1/locks", params={"key": "verify"}).json() == {"forgiven": 2}
        assert tried(service, stripes / "A_01.bmp", subject="A").status_code == 200
        assert searched(service, stripes / "A_01.bmp").status_code == 200
        assert service.ask("GET", "/v1/locks").json() == {"locks": []}


def test_many_at_once_are_no_more_tries_than_one_after_the_other(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(3)) as service:
        enroll(service, stripes, "A")
        found: list[int] = []
        asking = [
            threading.Thread(target=lambda: found.append(tried(service, stripes / "B_01.bmp", subject="A").status_code))
            for _ in range(12)
        ]
        for one in asking:
            one.start()
        for one in asking:
            one.join()
        assert sorted(found) == [200] * 3 + [423] * 9


def at_once(count: int, ask: Callable[[], Any]) -> list[int]:
    found: list[int] = []
    asking = [threading.Thread(target=lambda: found.append(ask().status_code)) for _ in range(count)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    return sorted(found)


def test_many_identifications_at_once_are_no_more_tries_either(guarded: Any, stripes: Path) -> None:
    with guarded(identifying=limit(1)) as service:
        enroll(service, stripes, "A")
        assert at_once(8, lambda: searched(service, stripes / "B_01.bmp")) == [200] + [429] * 7


def test_ids_that_are_not_enrolled_count_for_the_key_and_are_told_alike(guarded: Any, stripes: Path) -> None:
    with guarded(verifying=limit(3)) as service:
        enroll(service, stripes, "A")
        asked = [{"subject": "x0"}, {"subject": "A", "finger": "left-thumb"}, {"subject": "x1"}]
        answers = [tried(service, stripes / "A_01.bmp", **one) for one in asked]
        assert [one.status_code for one in answers] == [404] * 3
        assert len({one.text for one in answers}) == 1
        assert tried(service, stripes / "A_01.bmp", subject="A").status_code == 429


def test_an_enrollment_that_finds_the_finger_counts_as_an_identification(guarded: Any, stripes: Path) -> None:
    with guarded(identifying=limit(2)) as service:
        enroll(service, stripes, "A")
        found = [service.post("/v1/enroll", stripes / "A_01.bmp", "enroll", subject="ghost") for _ in range(3)]
        assert [one.status_code for one in found] == [409, 409, 429]
        assert "'A'" not in found[0].json()["message"]
        assert "'A'" in service.post("/v1/enroll", stripes / "A_01.bmp", "admin", subject="ghost").json()["message"]


def test_what_cannot_be_written_counts_all_the_same(
    guarded: Any, stripes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fpverify.errors import StoreLocked
    from fpverify.store.tries import Tries

    def held(*_: object) -> None:
        raise StoreLocked("the store is held by another process")

    with guarded(subject=limit(3)) as service:
        enroll(service, stripes, "A")
        tried(service, stripes / "B_01.bmp", subject="A")
        monkeypatch.setattr(Tries, "change", held)
        assert statuses(2, lambda: tried(service, stripes / "B_01.bmp", subject="A")) == [200, 200]
        assert tried(service, stripes / "A_01.bmp", subject="A").status_code == 423
        assert [one["name"] for one in service.ask("GET", "/v1/locks").json()["locks"]] == ["A"]


def test_a_scan_that_cannot_be_used_is_no_try(guarded: Any, stripes: Path) -> None:
    with guarded(subject=limit(1), verifying=limit(1), identifying=limit(1)) as service:
        enroll(service, stripes, "A")
        assert service.post("/v1/verify", b"no scan", "verify", subject="A").status_code == 415
        assert service.post("/v1/identify", b"no scan", "verify").status_code == 415
        assert tried(service, stripes / "A_01.bmp", subject="A").status_code == 200
        assert searched(service, stripes / "A_01.bmp").status_code == 200


def test_a_key_that_decides_learns_no_score(guarded: Any, stripes: Path) -> None:
    with guarded() as service:
        enroll(service, stripes, "A")
        for scan, word in (("A_01.bmp", "match"), ("B_01.bmp", "non-match")):
            for ask, more in ((tried, {"subject": "A", "picture": "true"}), (searched, {})):
                told = ask(service, stripes / scan, **more).json()
                all_of_it = ask(service, stripes / scan, "scores", **more).json()
                assert told["decision"] == all_of_it["decision"] == word
                assert "score" in all_of_it
                assert not {"score", "llr", "extrapolated"} & told.keys()
                assert all("score" not in one for one in told["probes"])
                assert [one["subject"] for one in told.get("candidates", []) if word == "non-match"] == []
                assert all("score" not in one for one in told.get("candidates", []))
                hidden = {"finger", "picture"} & all_of_it.keys()
                assert bool(hidden & told.keys()) == (word == "match" and bool(hidden))
                assert {"threshold", "ppi"} <= told.keys()
        both = {"first": (stripes / "A_00.bmp").read_bytes(), "second": (stripes / "A_01.bmp").read_bytes()}
        assert [service.ask("POST", "/v1/compare", one, files=both).status_code for one in ("verify", "scores")] == [
            403,
            200,
        ]
        again = service.post("/v1/enroll", stripes / "A_01.bmp", "enroll", subject="B")
        assert again.status_code == 409
        assert "score" not in again.json()["message"]
