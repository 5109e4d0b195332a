"""Makes the pictures of the service's page: docs/images/page*.png.

    python tools/page_pictures.py [--out docs/images] [--all FOLDER]

In Chromium, by keyboard, with the release model and synthetic prints of people who do not exist. `--all` shows every
state of the page besides, on a desk and on a phone, in light and dark: to look at, not to keep.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from browser import CHROMIUM, Browser, running_browser
from page_visit import Visit
from pictures import ROOT, photograph
from PIL import Image

from fpverify import Verifier, read_scan, synthesise, write_scan
from fpverify.service.api_keys import Scope, new_key

SAMPLES = ROOT / "fpverify" / "samples"
PORT = 8791
START_S = 60.0
DESK_PX, PHONE_PX = (1280, 800), (390, 844)
DESK_SCALE, PHONE_SCALE = 0.75, 1.0
GAP_PX = 24  # between phones
INBOX = "inbox"  # what is dropped there is on the service's reader
PEOPLE = 24  # more than a page of the list has
LONG = "Maximiliane-Friederike Freifrau von Wolkenstein-Trostburg (Zutritt Nord, bis auf Widerruf)"
NAMES = ("anna.berg", "b.kowalski", "chen.li", "d.okafor", "e.lindqvist", LONG)
SEED = 21


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder of the pictures")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every state of the page, into a folder of its own")
    given = parser.parse_args(arguments)
    if not CHROMIUM:
        parser.error("no chromium on the path, and none in FPVERIFY_CHROMIUM")
    with tempfile.TemporaryDirectory() as made, _service(Path(made)) as key:
        scans = write_prints(Path(made) / "prints")
        with running_browser(Path(made) / "profile") as browser:
            draw(browser, key, scans, Camera(browser, given.out, given.all, Path(made)), Path(made) / INBOX)


def write_prints(folder: Path) -> list[Path]:
    """Impressions of one finger that is not enrolled: four to enroll or verify with."""
    folder.mkdir()
    paths = []
    for one in synthesise(1, 4, SEED):
        paths.append(folder / f"touch {one.impression}.bmp")
        write_scan(one.scan, paths[-1])
    return paths


def draw(browser: Browser, key: str, scans: Sequence[Path], camera: Camera, inbox: Path) -> None:
    """Goes through the page once, and takes its pictures."""
    browser.size(*DESK_PX)
    browser.scheme("light")
    visit = Visit(browser, f"http://127.0.0.1:{PORT}")
    camera.take("sign-in")
    visit.sign_in(key)
    camera.take("verify")
    _decide(visit, camera)
    _enroll(visit, camera, scans, inbox)
    _people(visit, camera)
    _others(visit, camera)
    camera.together("page-phone", ("match", "light"), ("enroll", "dark"), ("person", "light"))
    _kiosk(visit, camera, inbox)


def _decide(visit: Visit, camera: Camera) -> None:
    visit.press("button Verify")
    camera.take("lacking")
    visit.write("input Person", "anna.berg")
    _verify(visit, "A_2.bmp", "This is anna.berg")
    camera.take("match", "page")
    visit.press("summary Numbers")
    visit.browser.until("document.querySelector('figure img').naturalWidth > 0")
    camera.take("match-numbers", "page-numbers")
    _verify(visit, "B_1.bmp", "Not recognised")
    camera.take("non-match")
    _verify(visit, "README.md", "no image")
    camera.take("no-image")
    visit.write("input Person", "nobody")
    _verify(visit, "A_2.bmp", "Nobody of this id")
    camera.take("nobody")


def _verify(visit: Visit, scan: str, said: str) -> None:
    visit.give("input Scan", SAMPLES / scan)
    visit.browser.until("!!document.querySelector('.chosen :is(.quality, .wrong)')")
    visit.press("button Verify")
    visit.until(said)


def _enroll(visit: Visit, camera: Camera, scans: Sequence[Path], inbox: Path) -> None:
    visit.press("a Enrol")
    visit.until("Touch after touch")
    camera.take("enroll-start")
    visit.write("input Person", "f.marchetti")
    visit.until("Nobody has this id yet.")
    for number, scan in enumerate((*scans[:2], SAMPLES / "B_1.bmp"), 1):
        visit.give("input Add a touch", scan)
        visit.browser.until(f"document.querySelectorAll('.touch :is(.quality, .wrong)').length === {number}")
    visit.press("button Use the reader")
    visit.until("Put the finger on the reader.")
    camera.take("enroll", "page-enroll")
    (inbox / "garbage.png").write_bytes(b"garbage" * 100)
    visit.until("is no picture")
    visit.press("summary What more touches are worth")
    camera.take("enroll-garbage")
    visit.press("button Enrol f.marchetti")
    visit.until("is enrolled:")
    camera.take("enrolled")


def _people(visit: Visit, camera: Camera) -> None:
    visit.press("a People")
    visit.until("Next page")
    camera.take("people")
    visit.write("input Search", "nobody at all")
    visit.until("Nobody's id has")
    camera.take("none-found")
    visit.write("input Search", "anna")
    visit.until("1 finger, 2 impressions")
    visit.press("button anna.berg")
    visit.browser.until("!!document.querySelector('.history tbody tr')")
    visit.browser.value("document.activeElement.blur()")
    camera.take("person", "page-person")
    visit.press("button Delete")
    visit.until("Delete anna.berg?")
    camera.take("delete")
    visit.browser.press("Escape")
    visit.press("All people")
    visit.write("input Search", "wolkenstein")
    visit.until("1 finger, 1 impression")
    camera.take("long-name-list")
    visit.press("button Maximiliane")
    visit.browser.until("!!document.querySelector('.history tbody tr')")
    camera.take("long-name")
    visit.press("button Rename")
    visit.until("New id")
    camera.take("rename")
    visit.browser.press("Escape")


def _others(visit: Visit, camera: Camera) -> None:
    visit.press("a Identify")
    visit.until("Who is it")
    visit.give("input Scan", SAMPLES / "A_2.bmp")
    visit.press("button Identify")
    visit.until("This is")
    visit.press("summary Numbers")
    camera.take("identified")
    visit.press("a Compare")
    visit.until("Nothing is kept")
    camera.take("compare")


def _kiosk(visit: Visit, camera: Camera, inbox: Path) -> None:
    visit.press("a Kiosk")
    visit.until("Start the kiosk")
    camera.take("kiosk-start")
    visit.press("button Start the kiosk")
    for scan, said, name in (("A_2.bmp", "Welcome", "kiosk-yes"), ("B_1.bmp", "Not recognised", "kiosk-no")):
        visit.until("Please enter your id")
        camera.take("kiosk-id")
        visit.browser.type("anna.berg")
        visit.browser.press("Enter")
        visit.until("Please put your finger")
        camera.take("kiosk-finger")
        shutil.copy(SAMPLES / scan, inbox / f"{name}.part")
        (inbox / f"{name}.part").rename(inbox / f"{name}.bmp")
        visit.until(said)
        camera.take(name)
    camera.together("page-kiosk", ("kiosk-finger", "light"), ("kiosk-yes", "light"), ("kiosk-no", "light"))


class Camera:
    """Takes pictures of all that a page shows, however long it is.

    Attributes:
        out: folder of the documents' pictures.
        everything: folder for all of them; None for none.
    """

    def __init__(self, browser: Browser, out: Path, everything: Path | None, phones: Path) -> None:
        """Pictures of phones, of which the documents show several side by side, lie in `phones` meanwhile."""
        self._browser = browser
        self.out = out
        self.everything = everything
        self._phones = phones

    def take(self, name: str, document: str | None = None) -> None:
        """A picture of the present state; with a name of its own, for the documents."""
        if document is not None:
            self._frame(DESK_PX, DESK_SCALE)
            photograph(self._browser, self.out / f"{document}.png")
        for scheme in ("light", "dark"):
            self._browser.scheme(scheme)
            self._frame(PHONE_PX, PHONE_SCALE)
            self._browser.screenshot(self._phone(name, scheme))
            if self.everything is not None:
                self.everything.mkdir(parents=True, exist_ok=True)
                self._browser.screenshot(self.everything / f"{name}-phone-{scheme}.png")
                self._frame(DESK_PX, DESK_SCALE)
                self._browser.screenshot(self.everything / f"{name}-desk-{scheme}.png")
        self._browser.scheme("light")
        self._browser.size(*DESK_PX)

    def together(self, document: str, *phones: tuple[str, str]) -> None:
        """One picture of several phones side by side, of names and schemes."""
        pictures = [Image.open(self._phone(*one)).convert("RGB") for one in phones]
        pictures = [one.crop((0, 0, PHONE_PX[0], PHONE_PX[1])) for one in pictures]
        width = sum(one.width for one in pictures) + GAP_PX * (len(pictures) - 1)
        whole = Image.new("RGB", (width, PHONE_PX[1]), "white")
        for number, one in enumerate(pictures):
            whole.paste(one, (number * (PHONE_PX[0] + GAP_PX), 0))
        whole.quantize(256).save(self.out / f"{document}.png", optimize=True)

    def _phone(self, name: str, scheme: str) -> Path:
        return self._phones / f"{name}-{scheme}.png"

    def _frame(self, size_px: tuple[int, int], scale: float) -> None:
        """Makes the window as high as what it shows."""
        self._browser.size(*size_px, scale)
        height_px = self._browser.value("document.documentElement.scrollHeight")
        self._browser.size(size_px[0], max(size_px[1], height_px), scale)


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """A service with people enrolled, answering; the key of an administrator."""
    with Verifier.open(folder / "db", key="none") as verifier:
        for file in ("A_1.bmp", "A_2.bmp"):
            verifier.enroll(read_scan(SAMPLES / file), "anna.berg", "right-index", unchecked=True)
        for number, one in enumerate(synthesise(PEOPLE, 1, SEED + 1)):
            name = NAMES[number + 1] if number + 1 < len(NAMES) else f"guest-{number:03d}"
            verifier.enroll(one.scan, name, "right-thumb", unchecked=True)
        key = new_key(verifier.store, "office", Scope.ADMIN)
    command = [sys.executable, "-m", "fpverify", "serve", "--port", str(PORT), "--threads", "1"]
    (folder / INBOX).mkdir()
    command += ["--db", str(folder / "db"), "--key", "none", "--reader", f"folder:{folder / INBOX}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{PORT}/health/ready", process)
        yield key
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url):  # noqa: S310 - the service that was started here
            return
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer; is the port taken?")


if __name__ == "__main__":
    main()
