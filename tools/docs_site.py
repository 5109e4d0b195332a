"""Makes a site of the documents, as hooks of MkDocs (mkdocs.yml names this file): nothing is written twice.

Documents link to one another and to files of the repository as they lie there. Here each file beside `docs/` that is
linked becomes a page: documents under `project/`, notebooks with their outputs under `notebooks/`, programs under
`source/`; and links are turned to those pages.
"""

from __future__ import annotations

import base64
import html
import json
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "GOVERNANCE.md", "SECURITY.md")
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
CODE = re.compile(r"^```.*?^```|^~~~.*?^~~~|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LANGUAGES = {
    "": "text",
    ".py": "python",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sh": "bash",
    ".toml": "toml",
    ".cff": "yaml",
    ".service": "ini",
}
PIPE = "\\|"
ROW = re.compile(r"^\|.*$", re.MULTILINE)  # of a table
EMPTY_HEAD = re.compile(r"<th([^>]*)></th>")
SEARCH = 'data-md-component="search" role="dialog"'
INLINE = re.compile(r"`([^`\n]+)`")
SHIM = "assets/search-from-files.js"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Lets the search work on pages that are opened from files, where browsers refuse workers and requests."""
    config.extra["polyfills"] = [SHIM]  # scripts that the theme loads before its own
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The documents, and a page for each file beside them that they link to."""
    texts = [(f"docs/{one.src_uri}", one.content_string) for one in files.documentation_pages()]
    texts += [(name, (ROOT / name).read_text(encoding="utf-8")) for name in PROJECT]
    texts += [(place, notebook_markdown(ROOT / place)) for place in notebooks()]
    wanted = {*PROJECT, *notebooks()}
    for place, text in texts:
        wanted |= {target for target in targets(text, place) if is_source(target)}
    for place in sorted(wanted):
        for uri, content in pages_of(place):
            files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page's text with links that lead to pages of the site."""
    uri = page.file.src_uri
    return with_pipes(relinked(markdown, repository_place(uri), uri))


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The page without heads of tables that say nothing, which would be read out as such."""
    return EMPTY_HEAD.sub(r"<td\1></td>", content)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The whole page, whose search has a name."""
    return output.replace(SEARCH, f'{SEARCH} aria-label="Search"')


def on_post_build(config: MkDocsConfig) -> None:
    """Writes the index of the search as a script too: what a page that lies in a file may load."""
    site = Path(config.site_dir)
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    (site / "search" / "search_index.js").write_text(f"var __index = {index}", encoding="utf-8")
    (site / "sitemap.xml.gz").unlink(missing_ok=True)  # holds the time of the build
    (site / "sitemap.xml").unlink(missing_ok=True)


# --- places -----------------------------------------------------------------------------------------------------------


def notebooks() -> list[str]:
    """All notebooks, as places in the repository."""
    return sorted(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))


def is_source(place: str) -> bool:
    """Whether a place is a file beside the documents that is shown as a page of code."""
    known = Path(place).suffix in LANGUAGES and (ROOT / place).is_file()
    return known and not place.startswith(("docs/", "..")) and place not in PROJECT


def site_place(place: str) -> str | None:
    """Where the site has a file of the repository; None if it has none of it."""
    if place.startswith("docs/"):
        return place.removeprefix("docs/")
    if place in PROJECT:
        return f"project/{place}"
    if place.endswith(".ipynb"):
        return place.removesuffix(".ipynb") + ".md"
    return f"source/{place}.md" if is_source(place) else None


def repository_place(uri: str) -> str:
    """Where the repository has what a page of the site is made of."""
    for start, end in (("project/", ""), ("source/", ".md")):
        if uri.startswith(start):
            return uri.removeprefix(start).removesuffix(end)
    if uri.startswith("notebooks/"):
        return uri.removesuffix(".md") + ".ipynb"
    return f"docs/{uri}"


def targets(text: str, place: str) -> set[str]:
    """Files of the repository that a text links to; `place` is where it lies."""
    links = LINK.findall(CODE.sub("", text))
    return {resolved(link, place) for link in links if is_relative(link)}


def is_relative(link: str) -> bool:
    """Whether a link leads to another file of the repository."""
    return "://" not in link and not link.startswith(("#", "mailto:", "data:"))


def resolved(link: str, place: str) -> str:
    """The file that a link leads to, from where it stands."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(place), link.partition("#")[0]))


def relinked(text: str, place: str, uri: str) -> str:
    """A text with links as the site has them: it lies at `place` in the repository and at `uri` in the site."""

    def turned(found: re.Match[str]) -> str:
        link = found[0]
        target = site_place(resolved(link, place)) if is_relative(link) else None
        if target is None:
            return link
        anchor = link.partition("#")[2]
        return posixpath.relpath(target, posixpath.dirname(uri) or ".") + (f"#{anchor}" if anchor else "")

    return outside_code(text, lambda part: LINK.sub(turned, part))


def with_pipes(text: str) -> str:
    """A text whose code in tables may have pipes: escaped there for GitHub, which MkDocs takes as it stands."""

    def as_html(found: re.Match[str]) -> str:
        return f"<code>{html.escape(found[1]).replace(PIPE, '&#124;')}</code>" if PIPE in found[1] else found[0]

    return ROW.sub(lambda row: INLINE.sub(as_html, row[0]), text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """A text, changed wherever it is not code."""
    ends = [(found.start(), found.end()) for found in CODE.finditer(text)]
    parts, at = [], 0
    for start, end in ends:
        parts += [change(text[at:start]), text[start:end]]
        at = end
    return "".join([*parts, change(text[at:])])


# --- pages ------------------------------------------------------------------------------------------------------------


def pages_of(place: str) -> Iterator[tuple[str, str | bytes]]:
    """The page of a file beside the documents, and the pictures on it."""
    uri = site_place(place)
    if uri is None:
        return
    path = ROOT / place
    if place.endswith(".ipynb"):
        yield uri, notebook_markdown(path)
        yield from ((f"notebooks/{name}", content) for name, content in notebook_pictures(path))
    elif is_source(place):
        code = fenced(path.read_text(encoding="utf-8"), LANGUAGES[path.suffix])
        yield uri, f"---\nsearch:\n  exclude: true\n---\n# {place}\n\n{code}\n"
    else:
        yield uri, path.read_text(encoding="utf-8")


def notebook_markdown(path: Path) -> str:
    """A notebook as a document: its words, its code, and what it printed and drew."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts: list[str] = []
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(fenced(source, "python"))
        parts += [shown for shown in map(output_text, cell["outputs"]) if shown]
        parts += [f"![{alternative(cell)}]({name})" for name, _ in cell_pictures(path.stem, number, cell)]
    parts.append(f"*The notebook itself: `notebooks/{path.name}` in the repository.*")
    return "\n\n".join(parts) + "\n"


def notebook_pictures(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each picture that a notebook drew."""
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        yield from cell_pictures(path.stem, number, cell)


def cell_pictures(stem: str, number: int, cell: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The pictures of one cell."""
    pictures = [one["data"]["image/png"] for one in cell.get("outputs", ()) if "image/png" in one.get("data", {})]
    for at, picture in enumerate(pictures):
        yield f"{stem}-{number}-{at}.png", base64.b64decode("".join(picture))


def alternative(cell: dict[str, Any]) -> str:
    """What a picture shows, for whoever does not see it: the first line of its cell says so."""
    return "".join(cell["source"]).splitlines()[0].removeprefix("# Picture: ")


def output_text(output: dict[str, Any]) -> str:
    """What a cell printed, or the value that it ends with; nothing where that is a picture."""
    text = "".join(output.get("text", "") or ("" if "image/png" in output["data"] else output["data"]["text/plain"]))
    return fenced(text.rstrip(), "text") if text.strip() else ""


def fenced(text: str, language: str) -> str:
    """A block of code, whatever backticks it has."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
