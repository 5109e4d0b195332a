"""The page in a real browser, by its keyboard alone, on a desk and on a phone, in light and dark."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from effort import tries

pytest.importorskip("websocket")

from browser import CHROMIUM, Browser, running_browser
from page_visit import Visit

from fpverify.readers import opened_reader

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "fpverify" / "samples"
PAGE = ROOT / "fpverify" / "service" / "page"
AXE = [Path(os.environ.get("FPVERIFY_AXE", "")), ROOT / "node_modules" / "axe-core" / "axe.min.js"]
DESK, PHONE = (1280, 800), (390, 844)
SIZES = [DESK, pytest.param(PHONE, marks=pytest.mark.thorough)]
LOOKS = [
    (DESK, "light"),
    pytest.param((DESK, "dark"), marks=pytest.mark.thorough),
    pytest.param((PHONE, "light"), marks=pytest.mark.thorough),
    (PHONE, "dark"),
]
NAVIGATION = {
    "verify": ["Verify", "Identify", "Kiosk"],
    "scores": ["Verify", "Identify", "Compare", "Kiosk"],
    "enroll": ["Verify", "Identify", "Enrol", "People", "Kiosk"],
    "admin": ["Verify", "Identify", "Compare", "Enrol", "People", "Kiosk"],
}
COUNTED = """
const made = URL.createObjectURL.bind(URL), freed = URL.revokeObjectURL.bind(URL), urls = new Set();
URL.createObjectURL = (one) => { const url = made(one); urls.add(url); return url; };
URL.revokeObjectURL = (url) => { urls.delete(url); freed(url); };
window.leftUrls = urls;
"""
LEFT = """(async () => localStorage.length + sessionStorage.length + document.cookie.length + leftUrls.size
  + (await indexedDB.databases()).length + (await caches.keys()).length
  + (await navigator.serviceWorker.getRegistrations()).length)()"""

needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=COUNTED)
        yield browser


@pytest.fixture
def tab(browser: Browser) -> Iterator[Browser]:
    """The browser, as it was at first, and without any complaint about the page's policy in the end."""
    browser.size(*DESK)
    browser.scheme("light")
    browser.complaints.clear()
    yield browser
    complaints = [text for text in browser.complaints if re.search("Security Policy|trusted|Uncaught", text, re.I)]
    browser.call("Network.clearBrowserCookies")
    assert not complaints


def folder_reader(folder: Path) -> Any:
    """A reader connected to the server: what is dropped into a folder is on it."""
    from fpverify.service.reader import ConnectedReader

    folder.mkdir()
    return ConnectedReader(lambda: opened_reader(f"folder:{folder}"))


def put_down(visit: Visit, folder: Path, scan: str) -> None:
    """Puts a finger on that reader, as soon as the page asks for one."""
    visit.browser.until("/Put the finger|put your finger/.test(document.body.innerText)")
    number = len(list(folder.iterdir()))
    (folder / f"{number}.part").write_bytes((SAMPLES / scan).read_bytes())
    (folder / f"{number}.part").rename(folder / f"{number}.bmp")


def look(browser: Browser, size: tuple[int, int], scheme: str) -> None:
    browser.size(*size)
    browser.scheme(scheme)


def enrolled(service: Any, subject: str, *scans: str, finger: str = "right-index") -> None:
    for scan in scans:
        given = {"subject": subject, "finger": finger, "unchecked": "true"}
        assert service.post("/v1/enroll", SAMPLES / scan, **given).status_code == 201


def sees_no_more_than_fits(browser: Browser) -> bool:
    return bool(browser.value("document.documentElement.scrollWidth <= window.innerWidth"))


@needs_browser
@pytest.mark.parametrize("look_like", LOOKS)
def test_a_person_is_enrolled_verified_and_deleted_by_keyboard_alone(
    start: Any, release_model: str, tab: Browser, look_like: Any
) -> None:
    look(tab, *look_like)
    name = f"<b>Eve</b> {'of a very long name ' * 8}".strip()
    with start(release_model) as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        enrolls(visit, name)
        tells_apart(visit)
        deletes(visit, name)
        assert service.ask("GET", "/v1/subjects").json()["fingers"] == []
    assert "Eve" not in tab.value("document.getElementById('page').innerHTML + location.href")


def enrolls(visit: Visit, name: str) -> None:
    visit.press("a People")
    visit.until("Nobody is enrolled yet.")
    assert visit.focus == "h1 People"
    visit.press("button Enrol somebody")
    visit.until("Touch after touch")
    visit.write("input Person", name)
    visit.until("Nobody has this id yet.")
    for number, said in ((1, "Right index: A little higher."), (2, "press more firmly")):
        visit.give("input Add a touch", SAMPLES / f"A_{number}.bmp")
        visit.until(said)
        visit.browser.until(f"document.querySelectorAll('.touch .quality.best').length === {number}")
    assert "Very good" in visit.text
    assert sees_no_more_than_fits(visit.browser)
    visit.press("button Enrol <b>Eve")
    visit.until("is enrolled: 1 finger, 2 impressions.")
    assert visit.focus == "h1 ✓Enrolled"


def tells_apart(visit: Visit) -> None:
    visit.press("button Verify <b>Eve")
    visit.until("Is it the person they claim to be?")
    for scan, focus, said in (("A_2", "✓Match", "This is <b>Eve"), ("B_1", "✕No match", "Not recognised as <b>Eve")):
        visit.give("input Scan", SAMPLES / f"{scan}.bmp")
        visit.browser.until("!!document.querySelector('.chosen .quality')")
        visit.press("button Verify")
        visit.until(said)
        assert visit.focus == f"h2 {focus}"
        assert not visit.browser.value("document.querySelector('.numbers').open")
        visit.press("summary Numbers")
        visit.until("a false match rate of 0.1 %")
        assert re.search(
            "at 60; threshold 30.0|from 0 to 60", visit.browser.value("document.querySelector('.axis').ariaLabel")
        )
        assert visit.browser.value("document.querySelector('.threshold').style.getPropertyValue('--at')") == "50%"
        assert sees_no_more_than_fits(visit.browser)


def deletes(visit: Visit, name: str) -> None:
    tab = visit.browser
    visit.press("a People")
    visit.until("1 finger, 2 impressions")
    assert sees_no_more_than_fits(tab)
    visit.press("button <b>Eve")
    tab.until("document.querySelectorAll('.history tbody tr').length === 4")
    assert "No match" in visit.text
    assert sees_no_more_than_fits(tab)
    visit.press("button Delete")
    visit.until(f"Delete {name}?")
    assert visit.focus == "button Cancel"
    tab.press("Escape")
    tab.until("!document.querySelector('dialog')")
    assert visit.focus == "button Delete"
    tab.press("Enter")
    visit.press("button Delete <b>Eve")
    visit.until("Nobody is enrolled yet.")


@needs_browser
@pytest.mark.parametrize("scope", NAVIGATION)
def test_everyone_sees_what_the_key_allows(service: Any, tab: Browser, scope: str) -> None:
    visit = Visit(tab, service.url)
    visit.sign_in(service.keys[scope])
    links = "[...document.querySelectorAll('header nav a')].map((one) => one.textContent)"
    assert tab.value(links) == NAVIGATION[scope]
    for view in ("compare", "enroll", "people", "person"):
        tab.value(f"location.hash = '#/{view}'")
        tab.until("!!document.querySelector('h1')")
        expected = {"compare": "Compare", "enroll": "Enrol", "people": "People"}.get(view, "Verify")
        shown = expected if expected in NAVIGATION[scope] else "Verify"
        tab.until(f"document.querySelector('h1').textContent === {json.dumps(shown)}")


@needs_browser
def test_a_wrong_key_is_said_and_a_session_outlives_a_reload(service: Any, tab: Browser) -> None:
    visit = Visit(tab, service.url)
    tab.press("Enter")
    visit.until("Give a key first.")
    tab.type("fpv_nobodys")
    tab.press("Enter")
    visit.until("Nobody has this key.")
    assert visit.focus.startswith("input API key")
    assert tab.value("document.activeElement.getAttribute('aria-invalid')") == "true"
    visit.write("input API key", service.keys["admin"])
    tab.press("Enter")
    visit.until("Signed in as admin")
    tab.call("Page.reload")
    visit.until("Signed in as admin")
    visit.press("button Sign out")
    visit.until("With an API key")
    tab.call("Page.reload")
    visit.until("With an API key")
    assert tab.value(LEFT) == 0


@needs_browser
def test_a_revoked_key_signs_out_at_once(start: Any, tab: Browser) -> None:
    with start() as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        with service.store() as store:
            store.api_keys.revoke("admin")
        visit.press("a People")
        visit.until("You are signed out")
        assert visit.focus.startswith("input API key")


@needs_browser
def test_rounds_leave_nothing_behind(start: Any, release_model: str, tab: Browser, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    with start(release_model, reader=folder_reader(inbox)) as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        for number in range(tries(3, 10)):
            visit.press("a Enrol")
            visit.until("Touch after touch")
            visit.write("input Person", f"Eve {number}")
            visit.give("input Add a touch", SAMPLES / "A_1.bmp")
            tab.until("!!document.querySelector('.touch .quality')")
            visit.press("button Use the reader")
            put_down(visit, inbox, "A_2.bmp")
            tab.until("document.querySelectorAll('.touch .quality').length === 2")
            visit.press("button Stop")
            visit.press(f"button Enrol Eve {number}")
            visit.until("is enrolled:")
            visit.press("button Verify Eve")
            visit.press("button Use the reader")
            put_down(visit, inbox, "A_2.bmp")
            tab.until("!!document.querySelector('.chosen .quality')")
            visit.press("button Verify")
            visit.until("This is Eve")
            visit.press("a People")
            visit.until("1 finger, 2 impressions")
            visit.press("button Eve")
            visit.until("Impression 1")
            visit.press("button Delete")
            visit.press("button Delete Eve")
            visit.until("Nobody is enrolled yet.")
        assert tab.value(LEFT) == 0
        assert service.captures() == 0
        assert not [one for one in history(tab) if "Eve" in one]
        assert tab.value("[...document.querySelectorAll('img, canvas')].length") == 0


def history(browser: Browser) -> list[str]:
    return [one["url"] + one["title"] for one in browser.call("Page.getNavigationHistory")["entries"]]


@needs_browser
@pytest.mark.parametrize("size", [pytest.param(DESK, marks=pytest.mark.thorough), PHONE])
def test_one_finger_after_another_is_asked_for(
    start: Any, release_model: str, tab: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    from fpverify import synthesise, write_scan

    look(tab, size, "light")
    scans = {(one.finger, one.impression): tmp_path / f"{one.name}.bmp" for one in synthesise(2, 3, 21)}
    for one in synthesise(2, 3, 21):
        write_scan(one.scan, scans[one.finger, one.impression])
    with start(release_model) as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["enroll"])
        visit.press("a Enrol")
        visit.until("Right index: put it down flat")
        visit.write("input Person", "Eve")
        visit.give("input Add a touch", *(scans[1, number] for number in (1, 2, 3)))
        visit.until("Right index: Lift it and put it down once more.")
        tab.until("document.querySelectorAll('.map .seen').length > 200")
        assert "Covered: 81 %" in visit.text
        visit.press("button Next: Left index")
        visit.until("Left index: put it down flat")
        assert visit.focus.startswith("input Index")
        visit.give("input Add a touch", scans[2, 1], SAMPLES / "README.md")
        visit.until("Left index: there is no print in the last one.")
        assert "is left out" in visit.text
        visit.press("button Remove touch 2 of Left index")
        visit.until("Left index: A little lower.")
        visit.press("button Enrol Eve")
        visit.until("Eve is enrolled: 2 fingers, 4 impressions.")
        told = service.ask("GET", "/v1/subjects").json()["fingers"]
    assert [(one["finger"], one["impressions"]) for one in told] == [("right-index", 3), ("left-index", 1)]


@needs_browser
@pytest.mark.parametrize("size", SIZES)
def test_people_are_turned_over_searched_renamed_and_unlocked(
    start: Any, stripes: Path, tab: Browser, size: tuple[int, int]
) -> None:
    from fpverify.service.limits import TryLimit

    look(tab, size, "light")
    with start(subject=TryLimit(((1, 60.0),), calm_s=60)) as service:
        for number in range(25):
            given = {"subject": f"Guest {number:02d}", "unchecked": "true"}
            service.post("/v1/enroll", stripes / "A_00.bmp", finger="left-ring", **given)
        service.post("/v1/verify", stripes / "B_00.bmp", subject="Guest 07")
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        visit.press("a People")
        visit.until("Guest 19")
        assert "Guest 20" not in visit.text
        visit.press("button Next page")
        visit.until("Guest 24")
        assert visit.focus == "button Guest 20"
        visit.press("button Previous page")
        visit.until("Guest 19")
        visit.press("button Unlock Guest 07")
        tab.until("!document.body.innerText.includes('Locked after')")
        assert service.ask("GET", "/v1/locks").json() == {"locks": []}
        visit.write("input Search", "gUEST 24")
        tab.until("!document.body.innerText.includes('Guest 19')")
        visit.press("button Guest 24")
        visit.until("Left ring")
        visit.press("button Rename")
        visit.write("input New id", "Guest 00")
        tab.press("Enter")
        visit.until("does not fit what is enrolled already")
        visit.press("button Rename")
        visit.write("input New id", "Zo\u00eb")
        tab.press("Enter")
        tab.until("document.querySelector('h1').textContent === 'Zo\u00eb'")
        assert service.ask("GET", "/v1/impressions", params={"subject": "Zo\u00eb"}).status_code == 200


@needs_browser
def test_a_service_that_is_gone_is_said(start: Any, tab: Browser) -> None:
    with start() as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        visit.until("Signed in as admin")
    visit.press("button Sign out")
    visit.until("You are still signed in. The service cannot be reached")
    visit.press("a People")
    visit.until("The service cannot be reached")


@needs_browser
def test_what_is_dropped_and_pasted_is_taken(start: Any, release_model: str, tab: Browser) -> None:
    content = json.dumps(list((SAMPLES / "A_1.bmp").read_bytes()))
    event = """const moved = new DataTransfer();
    moved.items.add(new File([new Uint8Array(%s)], '%s', {type: 'image/bmp'}));"""
    with start(release_model) as service:
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["scores"])
        visit.press("a Compare")
        visit.until("Nothing is kept")
        tab.value(
            "{" + event % (content, "dropped.bmp") + " document.querySelector('.drop')"
            ".dispatchEvent(new DragEvent('drop', {dataTransfer: moved, bubbles: true, cancelable: true})); }"
        )
        visit.until("dropped.bmp")
        tab.value(
            "{" + event % (content, "pasted.bmp") + " document.body"
            ".dispatchEvent(new ClipboardEvent('paste', {clipboardData: moved, bubbles: true, cancelable: true})); }"
        )
        visit.until("pasted.bmp")
        tab.until("document.querySelectorAll('.chosen .quality').length === 2")
        names = tab.value("[...document.querySelectorAll('.chosen .name')].map((one) => one.textContent)")
        assert names == ["dropped.bmp", "pasted.bmp"]


@needs_browser
def test_who_is_enrolled_is_added_to_with_a_proof(start: Any, release_model: str, tab: Browser) -> None:
    with start(release_model) as service:
        enrolled(service, "Eve", "A_1.bmp")
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["enroll"])
        visit.press("a Enrol")
        visit.write("input Person", "Eve")
        visit.until("Eve is enrolled already: Right index, 1 impression.")
        visit.press("input Index", "ArrowUp")
        visit.give("input Add a touch", SAMPLES / "B_1.bmp")
        tab.until("!!document.querySelector('.touch .quality')")
        visit.press("button Enrol Eve")
        visit.until("Choose a scan first.")
        visit.give("input Proof", SAMPLES / "A_2.bmp")
        visit.press("button Enrol Eve")
        visit.until("Eve is enrolled: 1 finger, 1 impression.")
        assert len(service.ask("GET", "/v1/impressions", params={"subject": "Eve"}).json()["impressions"]) == 2


@needs_browser
@pytest.mark.parametrize("mode", ["verify", "identify"])
def test_a_kiosk_forgets_and_tells_strangers_nothing(start: Any, release_model: str, tab: Browser, mode: str) -> None:
    with start(release_model) as service:
        enrolled(service, "Eve Smith", "A_1.bmp")
        visit = Visit(tab, service.url)
        visit.sign_in(service.keys["admin"])
        visit.press("a Kiosk")
        visit.until("Start the kiosk")
        visit.tab_to("input The person's id")
        if mode == "identify":
            tab.press("ArrowDown")
        visit.press("button Start the kiosk")
        for scan, subject, said in (
            ("B_1.bmp", "Eve Smith", "Not recognised"),
            ("A_2.bmp", "nobody", "Not recognised" if mode == "verify" else "Welcome"),
            ("A_2.bmp", "Eve Smith", "Welcome"),
        ):
            if mode == "verify":
                visit.until("Please enter your id")
                assert tab.value("document.activeElement.value") == ""
                tab.type(subject)
                tab.press("Enter")
            visit.until("Please put your finger on the reader")
            visit.give("input Scan of the finger", SAMPLES / scan)
            visit.until(said)
            assert visit.focus == f"h1 {said}"
            shown = tab.value("document.getElementById('page').outerHTML") + tab.value("document.title")
            assert ("Eve" in shown) == (said == "Welcome")
            if said != "Welcome":
                assert not re.search(r"\d", visit.text)
                assert visit.text.split("\n")[0] == "✕"
            visit.press("button Done")
        visit.give("input", SAMPLES / "B_1.bmp") if mode == "identify" else (tab.type("Eve"), tab.press("Enter"))
        tab.until("document.body.innerText.includes('Please put your finger')", 40)
        answer = tab.value("fetch('v1/subjects', {headers: {'X-Fpverify-Page': '1'}}).then((one) => one.status)")
        assert answer == 403
        tab.call("Page.reload")
        visit.until("Leave")
        visit.press("button Leave")
        visit.until("need a key to go on")
        visit.press("button Leave")
        visit.until("With an API key")


@needs_browser
def test_the_switch_and_the_browsers_wish_choose_the_language(service: Any, tab: Browser) -> None:
    for wish, word in (("de-AT,de;q=0.9,en;q=0.5", "Anmelden"), ("fr, en;q=0.4", "Sign in"), ("", "Sign in")):
        page = service.ask("GET", "/", None, headers={"Accept-Language": wish})
        assert f'<html lang="{"de" if word == "Anmelden" else "en"}">' in page.text
        assert page.headers["vary"] == "Accept-Language"
    visit = Visit(tab, service.url)
    visit.press("a Deutsch")
    visit.until("Mit einem API-Schlüssel")
    assert tab.value("document.documentElement.lang") == "de"
    visit.sign_in(service.keys["admin"])
    visit.until("Ist es die Person")
    tab.call("Page.reload")
    visit.until("Ist es die Person")


@needs_browser
def test_every_language_has_every_text_with_the_same_values(service: Any, tab: Browser) -> None:
    Visit(tab, service.url)
    texts = tab.value("import('/page/words.js').then((one) => one.LANGUAGES)")
    holes = {
        language: {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in words.items()}
        for language, (_, words) in texts.items()
    }
    assert set(holes) == {"en", "de"}
    assert holes["en"] == holes["de"]
    sources = "".join(one.read_text() for one in PAGE.glob("*.js") if one.name != "words.js")
    asked = set(re.findall(r"\bt\(\"([\w.-]+)\"", sources))
    assert asked - set(holes["en"]) == set()


@needs_browser
@pytest.mark.parametrize("look_like", LOOKS)
def test_axe_finds_nothing(start: Any, release_model: str, tab: Browser, tmp_path: Path, look_like: Any) -> None:
    axe = next((one for one in AXE if one.is_file()), None)
    if axe is None:
        pytest.skip("no axe-core: npm install axe-core, or its axe.min.js in FPVERIFY_AXE")
    rules = axe.read_text(encoding="utf-8")
    look(tab, *look_like)
    tab.call("Page.setBypassCSP", enabled=True)
    try:
        inbox = tmp_path / "inbox"
        with start(release_model, reader=folder_reader(inbox)) as service:
            visit = Visit(tab, service.url)
            tab.value("document.querySelector('main').append(document.createElement('input'))")
            assert [one for one, _ in findings(tab, rules)] == ["label"]  # so it does look
            tab.value("document.querySelector('main > input').remove()")
            found = {"sign in": findings(tab, rules)}
            visit.sign_in(service.keys["admin"])
            for place in (
                *deciding(visit),
                *administering(visit),
                *at_the_reader(visit, inbox),
                *standing_there(visit, inbox),
            ):
                found[place] = findings(tab, rules)
    finally:
        tab.call("Page.setBypassCSP", enabled=False)
    assert {place: found for place, found in found.items() if found} == {}
    assert len(found) > 15


def findings(browser: Browser, rules: str) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with what is shown: the rule, and the elements."""
    browser.value(rules)
    found = browser.value("axe.run().then((one) => one.violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))")
    assert found is not None
    return [(one, elements) for one, elements in found]


def unfold(browser: Browser) -> None:
    browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def deciding(visit: Visit) -> Iterator[str]:
    """Goes from place to place, and names each."""
    yield "verify"
    visit.press("button Verify")
    yield "a field that lacks something"
    visit.press("a People")
    visit.until("Nobody is enrolled yet.")
    yield "nobody"
    visit.press("a Enrol")
    visit.write("input Person", "Eve")
    visit.give("input Add a touch", SAMPLES / "A_1.bmp", SAMPLES / "README.md")
    visit.browser.until("!!document.querySelector('.touch .quality') && !!document.querySelector('.touch .wrong')")
    yield "enrol"
    visit.press("button Enrol Eve")
    visit.until("is enrolled:")
    yield "enrolled"
    visit.press("button Verify Eve")
    visit.until("The decision")
    for scan, said in (("A_2.bmp", "This is Eve"), ("B_1.bmp", "Not recognised"), ("README.md", "no image")):
        visit.give("input Scan", SAMPLES / scan)
        visit.press("button Verify")
        visit.until(said)
        unfold(visit.browser)
        yield said
    visit.press("a Identify")
    visit.until("Who is it")
    visit.give("input Scan", SAMPLES / "A_2.bmp")
    visit.press("button Identify")
    visit.until("This is Eve")
    unfold(visit.browser)
    yield "identified"
    visit.press("a Compare")
    visit.until("Nothing is kept")
    yield "compare"


def administering(visit: Visit) -> Iterator[str]:
    visit.press("a People")
    visit.until("1 finger, 1 impression")
    yield "people"
    visit.press("button Eve")
    visit.browser.until("!!document.querySelector('.history tbody tr')")
    yield "person"
    visit.press("button Rename")
    visit.until("New id")
    yield "rename"
    visit.browser.press("Escape")


def at_the_reader(visit: Visit, inbox: Path) -> Iterator[str]:
    visit.press("a Enrol")
    visit.until("Touch after touch")
    visit.press("button Use the reader")
    visit.until("Put the finger on the reader.")
    yield "reader, waiting"
    put_down(visit, inbox, "A_1.bmp")
    visit.browser.until("!!document.querySelector('.map')")
    unfold(visit.browser)
    visit.until("Put the finger on the reader. A little higher.")
    yield "reader, touch"
    (inbox / "garbage.png").write_bytes(b"garbage" * 100)
    visit.until("What the reader gave is no picture.")
    yield "reader, garbage"


def standing_there(visit: Visit, inbox: Path) -> Iterator[str]:
    visit.press("a Kiosk")
    visit.until("Start the kiosk")
    yield "kiosk"
    visit.press("button Start the kiosk")
    visit.until("Please enter your id")
    yield "kiosk, id"
    visit.browser.type("Eve")
    visit.browser.press("Enter")
    visit.until("Please put your finger")
    yield "kiosk, finger"
    put_down(visit, inbox, "B_1.bmp")
    visit.until("Not recognised")
    yield "kiosk, no"


def test_the_policy_allows_nothing_from_elsewhere(service: Any) -> None:
    answer = service.ask("GET", "/", None)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<style|style=|<script(?! type=\"module\" src=)|\son\w+=", answer.text)
    for one in sorted(PAGE.iterdir()):
        if one.suffix in {".js", ".css"} and not one.name.startswith("docs."):
            part = service.ask("GET", f"/page/{one.name}", None)
            assert part.status_code == 200
            assert part.text == one.read_text()
            assert not re.search(r"https?://|innerHTML|\beval\b|Storage|indexedDB", part.text), one.name


def test_the_whole_page_is_small() -> None:
    assert sum(one.stat().st_size for one in PAGE.iterdir()) < 200_000


def test_its_numbers_are_the_services() -> None:
    from fpverify.comparison.assignment import MOST_PROBES
    from fpverify.features.quality import LEAST_QUALITY
    from fpverify.service.api_keys import Scope

    def stated(file: str, name: str) -> float:
        found = re.search(rf"const {name} = ([\d.]+);", (PAGE / file).read_text())
        assert found
        return float(found[1])

    assert stated("quality.js", "LEAST") == LEAST_QUALITY
    assert stated("view-enroll.js", "MOST") == MOST_PROBES
    assert f"run {stated('view-kiosk.js', 'SHOWN_S'):g}s" in (PAGE / "page.css").read_text()
    for one in Scope:
        included = ", ".join(f'"{other.word}"' for other in Scope if one.includes(other))
        assert f"{one.word}: [{included}]" in (PAGE / "server.js").read_text()
