"""The site of the documents: it builds strictly, asks nobody for anything, and leads everywhere it points."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from public_names import commands as commands_of
from public_names import openapi, python_names

from fpverify.cli.program import program

pytestmark = pytest.mark.slow

pytest.importorskip("mkdocs")

ROOT = Path(__file__).parents[2]
ELSEWHERE = re.compile(r"(?:https?:)?//")
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("link", "href")}
CONTENT_RELATIONS = {"canonical", "next", "prev"}  # of <link>, which load nothing
PUBLIC = (ROOT / "docs" / "public.txt").read_text(encoding="utf-8")
NAMED_ELSEWHERE = {  # on the first page of the reference; and what Python gives to every exception
    *("__version__", "errors", "FpverifyError.add_note", "FpverifyError.with_traceback"),
    *("FpverifyDeprecationWarning.add_note", "FpverifyDeprecationWarning.with_traceback"),
}
PAGES_WITHOUT_WORDS = {"404.html"}


class Page(HTMLParser):
    """What a page has: places to link to, links, what it loads, pictures, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.language = ""
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag == "img":
            self.pictures.append(given)
        if tag == "link" and given.get("rel") in CONTENT_RELATIONS:
            return
        self.loaded += [str(given[name]) for of, name in LOADED if of == tag and given.get(name)]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; warnings of the build are errors."""
    folder = tmp_path_factory.mktemp("site")
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@cache
def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def pages(site: Path) -> dict[str, Page]:
    return {path.relative_to(site).as_posix(): page(path) for path in sorted(site.rglob("*.html"))}


def target(link: str, place: str) -> tuple[str, str] | None:
    """The file and the place in it that a link leads to; None for one to elsewhere."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(place), unquote(parts.path))) if parts.path else place  # noqa: PTH118, PTH120
    return path, unquote(parts.fragment)


def broken(site: Path, found: dict[str, Page]) -> list[str]:
    wrong = []
    for place, one in found.items():
        for link in one.links if place != "404.html" else []:
            to = target(link, place)
            if to is None:
                continue
            path, anchor = to
            exists = (site / path).is_file() or (path == "." and (site / "index.html").is_file())
            if not exists or (anchor and path in found and anchor not in found[path].ids):
                wrong.append(f"{place}: {link}")
    return wrong


def test_no_link_or_anchor_is_broken(site: Path) -> None:
    found = pages(site)
    assert len(found) > 50
    assert broken(site, found) == []


def test_a_broken_link_on_the_site_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<h1 id="x">a</h1><a href="b.html"></a><a href="#y"></a><a href="a.html#x"></a>')
    assert broken(tmp_path, pages(tmp_path)) == ["a.html: b.html", "a.html: #y"]


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    wrong = [(place, one) for place, each in pages(site).items() for one in each.loaded if ELSEWHERE.match(one)]
    assert wrong == []
    styles = [path for path in site.rglob("*.css") if re.search(r"url\((?:https?:)?//", path.read_text("utf-8"))]
    assert styles == []


def test_pages_can_be_read_by_everybody(site: Path) -> None:
    for place, one in pages(site).items():
        assert one.language == "en", place
        assert [picture for picture in one.pictures if not picture.get("alt")] == [], place
        if place not in PAGES_WITHOUT_WORDS:
            text = (site / place).read_text(encoding="utf-8")
            assert "md-skip" in text, place


def test_every_picture_says_what_it_shows() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]]
    words = [alt for text in texts for alt in re.findall(r"!\[([^\]]*)\]\(", text)]
    assert words
    assert [alt for alt in words if len(alt) < 10] == []


def test_paper_gets_no_menus(site: Path) -> None:
    assert "@media print" in (site / "assets" / "site.css").read_text(encoding="utf-8")


def test_every_public_name_is_described(site: Path) -> None:
    ids = {one.rpartition("fpverify.")[2] for place in pages(site) for one in page(site / place).ids}
    described = {".".join(one.rsplit(".", 2)[-2:]) for one in ids} | {one.rpartition(".")[2] for one in ids}
    names = {re.split(r"[(:]", line.removeprefix("class "))[0] for line in python_names()}
    assert len(names) > 150
    assert {one for one in names if one not in described} - NAMED_ELSEWHERE == set()


def test_every_error_option_route_and_field_is_described(site: Path) -> None:
    sections = dict(re.findall(r"^\[([^\]]+)\]\n(.*?)(?=^\[|\Z)", PUBLIC, re.DOTALL | re.MULTILINE))
    errors = {line.rpartition("> ")[2] for line in sections["Errors: fpverify.errors"].split("\n") if line}
    assert errors <= page(site / "reference" / "errors.html").ids
    commands = " ".join("".join(page(site / "reference" / "commands.html").words).split())
    said = [line for line in sections["Commands"].split("\n") if " --" in line]
    assert len(said) > 200
    assert [line for line in said if line[line.index(" --") + 1 :] not in commands] == []
    headings = page(site / "reference" / "commands.html").ids
    assert {f"fpverify-{path.replace(' ', '-')}" for path, _ in commands_of(program)} <= headings
    routes = {f"{method.upper()} {path}" for path, methods in openapi()["paths"].items() for method in methods}
    told = "".join(page(site / "reference" / "http.html").words)
    assert {one for one in routes if one not in told} == set()
    answers = "".join(page(site / "reference" / "answers.html").words)
    fields = {line.partition(": ")[2] for line in sections["JSON"].split("\n") if line}
    assert {one for one in fields if " " not in one and one not in answers} == set()


def clicks(found: dict[str, Page], start: str) -> dict[str, int]:
    """How many links of the pages themselves lead from one page to each other one."""
    far, left = {start: 0}, deque([start])
    while left:
        place = left.popleft()
        for link in found[place].links:
            to = target(link, place)
            if to is not None and to[0] in found and to[0] not in far:
                far[to[0]] = far[place] + 1
                left.append(to[0])
    return far


@pytest.mark.parametrize(
    ("place", "has"),
    [
        ("tutorials/door.html", "/v1/verify"),
        ("tutorials/your-sensor.html", "95 % interval"),
        ("stripe-lesson.html", "0.5"),
    ],
)
def test_a_newcomer_gets_there_within_three_clicks(site: Path, place: str, has: str) -> None:
    found = {name: Page(content_of((site / name).read_text(encoding="utf-8"))) for name in pages(site)}
    assert clicks(found, "index.html")[place] <= 3
    assert has in "".join(found[place].words)


def content_of(html: str) -> str:
    """A page without its menus: what stands in its article."""
    return html.partition("<article")[2].partition("</article>")[0]


def test_the_search_finds_words_on_pages_that_lie_in_files(site: Path, tmp_path: Path) -> None:
    browser = pytest.importorskip("browser")
    if browser.CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with browser.running_browser(tmp_path / "profile") as shown:
        shown.open((site / "index.html").as_uri())
        shown.value("document.querySelector('[data-md-component=search-query]').focus()")
        shown.type("bozorth3")
        shown.press("ArrowDown")
        shown.until("document.querySelectorAll('.md-search-result__link').length > 0")
        links = "[...document.querySelectorAll('.md-search-result__link')]"
        found = shown.value(f"{links}.map((one) => one.href).join(' ')")
        assert "beside.html" in found
        asked = shown.value("performance.getEntriesByType('resource').map((one) => one.name)")
        assert [one for one in asked if not one.startswith(("file:", "data:", "blob:"))] == []


def test_nothing_that_was_built_is_kept_in_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "build/" in ignored
    assert "site_dir: build/site" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert shutil.which("git") is None or not tracked("build")


def tracked(folder: str) -> bool:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


AXE = [Path(os.environ.get("FPVERIFY_AXE", "")), ROOT / "node_modules" / "axe-core" / "axe.min.js"]
LOOKED_AT = ("index.html", "tutorials/door.html", "reference/measuring.html", "beside.html")
NOT_OURS = ("region", "landmark-unique")  # of rules: the theme announces outside landmarks, and names two alike


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_pages(site: Path, tmp_path: Path, scheme: str) -> None:
    axe = next((one for one in AXE if one.is_file()), None)
    browser = pytest.importorskip("browser")
    if axe is None or browser.CHROMIUM is None:
        pytest.skip("no chromium, or no axe-core: npm install axe-core, or its axe.min.js in FPVERIFY_AXE")
    found = {}
    with browser.running_browser(tmp_path / "profile") as shown:
        shown.scheme(scheme)
        for name in LOOKED_AT:
            shown.open((site / name).as_uri())
            shown.value(axe.read_text(encoding="utf-8"))
            violations = "one.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 90))])"
            asked = f"axe.run({{resultTypes: ['violations']}}).then((one) => {violations})"
            found[name] = [one for one in shown.value(asked) if one[0] not in NOT_OURS]
    assert {name: one for name, one in found.items() if one} == {}
