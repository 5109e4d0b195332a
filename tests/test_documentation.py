"""What the documents say is there: links, commands, options, targets, and Python that runs."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import fpverify

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SKIPPED_FOLDERS = {"runs", "build", "dist", "node_modules"}
UNFILLED = "…"  # stands for output in a block that shows only the command


def documents() -> list[Path]:
    paths = [*ROOT.glob("*.md"), *ROOT.glob("*/**/*.md")]
    return sorted(path for path in paths if not hidden_or_made(path.relative_to(ROOT)))


def hidden_or_made(path: Path) -> bool:
    return any(part.startswith(".") or part in SKIPPED_FOLDERS for part in path.parts)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """What GitHub makes of headings; the second of a name gets -1, and lines of code are none. And what the site makes
    of names of Python, which stand alone in a line.
    """
    named = re.findall(r"^::: (\S+)$", text, re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    seen: Counter[str] = Counter()
    headed = {numbered(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-"), seen) for title in titles}
    return headed | set(named)


def numbered(name: str, seen: Counter[str]) -> str:
    seen[name] += 1
    return name if seen[name] == 1 else f"{name}-{seen[name] - 1}"


def broken_links(text: str, folder: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(text))
    return [link for link in links if "://" not in link and not leads_somewhere(link, text, folder)]


def leads_somewhere(link: str, text: str, folder: Path) -> bool:
    path, _, anchor = link.partition("#")
    target = folder / path
    if path and not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8") if path else text)


def documents_named(source: str) -> list[str]:
    """Documents, with their anchors, that code points its readers to."""
    return re.findall(r"\bdocs/[\w/-]+\.md(?:#[\w-]+)?", source)


def command_lines(text: str, program: str) -> list[list[str]]:
    """The words of every line of code that calls a program, in consoles and indented code."""
    lines = re.findall(rf"^(?:\$ |    ){program} (.+)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the command line with its path, groups left out."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None:
            yield (*path, name), command


def all_commands() -> dict[tuple[str, ...], click.Command]:
    from fpverify.cli.program import program

    return dict(commands(program))


def wrong_words(words: list[str], known: dict[tuple[str, ...], click.Command]) -> list[str]:
    """What a call says that the command line does not know: its command, or its options."""
    path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known), None)
    if path is None:
        return words[:2]
    options = {option for parameter in known[path].params for option in parameter.opts} | {"--help"}
    return [word for word in words if word.startswith("-") and word.split("=")[0] not in options]


def masked(text: str) -> str:
    """Output without what may differ from one machine to the next: numbers, and how wide they are."""
    return " ".join(re.sub(r"\d[\d.,e+-]*", "#", text).split())


def shown_output(console: str) -> list[tuple[list[str], str]]:
    """(words of a call, the output shown for it) for every `$ fpverify` in a console."""
    calls = re.findall(r"^\$ fpverify (.+)\n((?:(?!\$ ).*\n?)*)", console, re.MULTILINE)
    return [(shlex.split(call), output.strip()) for call, output in calls]


@pytest.fixture
def prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release_model: str) -> Path:
    """A working directory with the files that the README names, for what needs the release model."""
    from fpverify.synthesis.dataset import write_ridges

    write_ridges(tmp_path / "prints", fingers=2, impressions=2)
    for name, source in (("finger.bmp", "1_1.bmp"), ("scan.bmp", "1_2.bmp")):
        (tmp_path / name).write_bytes((tmp_path / "prints" / source).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_resolve(path: Path) -> None:
    is_fragment = path.parent == ROOT / "changes" and path.name != "README.md"  # of the changelog, where it will stand
    assert broken_links(path.read_text(encoding="utf-8"), ROOT if is_fragment else path.parent) == []


def test_a_broken_link_is_seen() -> None:
    text = "# Title\n[a](README.md) [b](missing.md) [c](#title) [d](#nowhere) [e](https://example.org/x) `[f](gone)`"
    assert broken_links(text, ROOT) == ["missing.md", "#nowhere"]


def test_an_anchor_that_another_document_lacks_is_seen(tmp_path: Path) -> None:
    (tmp_path / "log.md").write_text("# Log\n## int8, `a_b`\n## Rejected\n## Rejected\n```\n# not a heading\n```\n")
    there = "[a](log.md#int8-a_b) [b](log.md#rejected) [c](log.md#rejected-1)"
    assert broken_links(there, tmp_path) == []
    gone = ["log.md#rejected-2", "log.md#not-a-heading", "log.md#Log", "gone.md#log"]
    assert broken_links(" ".join(f"[x]({link})" for link in gone), tmp_path) == gone


def test_every_document_that_code_names_is_there() -> None:
    paths = [path for folder in ("fpverify", "tools", "recipes") for path in (ROOT / folder).rglob("*")]
    sources = [path.read_text(encoding="utf-8") for path in paths if path.suffix in {".py", ".yaml"}]
    named = {link for source in sources for link in documents_named(source)}
    assert {"docs/rates.md", "docs/training.md"} <= named
    assert [link for link in named if not leads_somewhere(link, "", ROOT)] == []


def test_every_document_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert "experiments/releases.md" in pages
    assert pages - set(re.findall(r"\]\(([^)\s#]+)", index)) == {"README.md"}


WITH_COMMANDS = [path for path in documents() if path.name != "ARCHITECTURE.md"]  # which draws with the package's name


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_document_exists_with_its_options(path: Path) -> None:
    calls = command_lines(path.read_text(encoding="utf-8"), "fpverify")
    assert calls or path != ROOT / "README.md"
    assert [(words, wrong) for words in calls if (wrong := wrong_words(words, all_commands()))] == []


def test_an_unknown_command_or_option_is_seen() -> None:
    known = {("synth", "ridges"): click.Command("ridges", params=[click.Option(["--out"])])}
    assert wrong_words(["synth", "ridges", "--out", "x"], known) == []
    assert wrong_words(["synth", "ridges", "--to=x"], known) == ["--to=x"]
    assert wrong_words(["synth", "waves"], known) == ["synth", "waves"]


def test_every_command_of_the_command_line_is_in_its_document() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8").replace("`fpverify ", "`")
    assert [path for path in all_commands() if f"`{' '.join(path)}" not in text] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"test", "demo"} <= named <= targets


def test_every_extra_that_is_named_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {extra for group in re.findall(r"\.\[([\w,]+)\]", README) for extra in group.split(",")}
    assert named
    assert named <= set(extras)


def test_every_version_that_is_stated_is_the_same() -> None:
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation is not None
    assert citation[1] == fpverify.__version__


def test_every_action_of_the_audit_trail_is_documented() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "fpverify").rglob("*.py"))
    actions = set(re.findall(r'(?:[Tt]rail\S*(?: \S+)?\.append|append_audit|_note)\(\s*"([a-z]+)"', sources))
    assert {"create", "enroll", "verify", "migrate", "export"} <= actions
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    said = text.partition("Actions are ")[2].partition("In `details`")[0]
    assert set(re.findall(r"`([a-z]+)`", said)) == actions


def test_the_share_of_few_partners_is_the_one_that_is_used() -> None:
    from fpverify.explanation.causes import LOW_SHARE

    text = (ROOT / "docs" / "explaining.md").read_text(encoding="utf-8")
    assert f"| `few-partners` | fewer than {LOW_SHARE:.0%} ".replace("%", " %") in text


@pytest.mark.parametrize("name", ["train", "real_prints", "slow", "release"])
def test_every_marker_is_explained(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.slow
def test_python_in_its_own_document_runs(prints: Path) -> None:
    names: dict[str, object] = {}
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for block in blocks(text, "python"):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(block, "python.md", "exec"), names)  # noqa: S102
        assert said.getvalue() or "report" in block
    assert [one.word for one in names["decisions"]] == ["match", "match"]  # type: ignore[attr-defined]
    assert Path("report.html").exists()


@pytest.mark.parametrize("block", blocks(README, "python"), ids=lambda block: block.splitlines()[0])
def test_python_in_the_readme_compiles(block: str) -> None:
    compile(block, "README.md", "exec")


def test_python_in_the_readme_runs(prints: Path) -> None:
    names: dict[str, object] = {}
    for block in blocks(README, "python"):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(compile(block, "README.md", "exec"), names)  # noqa: S102
    assert getattr(names["decision"], "word", None) == "match"
    assert said.getvalue().startswith("match ")


@pytest.mark.slow
def test_consoles_in_the_readme_end_and_print_as_shown(prints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from fpverify.cli import main

    for console in blocks(README, "console"):
        for words, shown in shown_output(console) if "fpverify train" not in console else []:
            code = main(words)
            said = capsys.readouterr().out.replace(str(Path.cwd()), "/home/you")
            assert code == ("non-match" in said), f"{words}: {said}"
            assert shown == UNFILLED or masked(shown) == masked(said), f"{words}: {said}"


def test_the_output_of_each_call_in_a_console_is_told_apart() -> None:
    console = "$ fpverify a b\none\ntwo\n$ fpverify c\n…\n"
    assert shown_output(console) == [(["a", "b"], "one\ntwo"), (["c"], "…")]
    assert masked("score 41.35 of   3e-05\nmatch") == masked("score 7 of 1.2\nmatch") != masked("score x of 1\nmatch")
