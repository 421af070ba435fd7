"""The house's own rules, held by reading the files that are tracked or about to be."""

import ast
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from farm.model import errors
from tools import draw_states

HOUSE = Path(__file__).parents[2]
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_LUA_LINES = 60


def files(*patterns: str) -> list[Path]:
    """Files that git tracks, or would if they were added; nothing that it ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=HOUSE,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [HOUSE / name for name in sorted(set(listed.split("\0"))) if (HOUSE / name).is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


PYTHON = files("*.py")
LUA = files("farm/store/lua/*.lua")
PAGES = files("*.md")


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_a_module_is_short_and_so_are_its_functions(path: Path) -> None:
    text = path.read_text("utf-8")
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > MAX_FUNCTION_LINES
    ]

    assert not long
    assert text.count("\n") <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", LUA, ids=name_of)
def test_a_lua_file_is_one_short_step_that_says_what_it_takes_and_returns(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    header = "\n".join(line for line in lines[:20] if line.startswith("--"))

    assert len(lines) <= MAX_LUA_LINES
    assert lines[0].startswith("-- ")
    if not path.name.startswith("_"):  # those are shared pieces, not steps
        assert re.search(r"\b(KEYS|ARGV)\b", header)
        assert "Returns" in header


def test_every_error_stands_in_the_drawn_tree_under_its_parent() -> None:
    drawn: list[tuple[str, str]] = []
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r" {4}(?P<stem>[│ ├└─]*)(?P<name>[A-Z]\w+)", line)
        if match:
            depth = len(match["stem"]) // 4
            parents[depth:] = [match["name"]]
            drawn.append((match["name"], parents[depth - 1] if depth else "Exception"))
    real = [
        (name, thing.__bases__[0].__name__)
        for name, thing in vars(errors).items()
        if inspect.isclass(thing) and issubclass(thing, errors.FarmError)
    ]

    assert sorted(drawn) == sorted(real)


def test_the_page_of_states_is_what_the_tables_draw() -> None:
    assert draw_states.PAGE.read_text("utf-8") == draw_states.page()


def test_what_runs_inside_blender_needs_only_the_standard_library_and_bpy() -> None:
    seen: set[str] = set()
    foreign: set[str] = set()
    ahead = {"workers.blender.inside"}
    while ahead:
        module = ahead.pop()
        seen.add(module)
        found = set(imports(HOUSE / f"{module.replace('.', '/')}.py"))
        ours = {name for name in found if name.startswith("workers.blender.")}
        ahead |= ours - seen
        foreign |= {name for name in found - ours if not allowed_inside(name)}

    assert not foreign


def allowed_inside(module: str) -> bool:
    return module.partition(".")[0] in {*sys.stdlib_module_names, "bpy"}


def imports(path: Path) -> Iterator[str]:
    """Modules that `path` imports; for `from package import module`, the module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "workers.blender":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def told_commands() -> Iterator[tuple[str, str]]:
    """Every `farm …` line of a code block in a page, without prompt, pipe or comment."""
    for page in PAGES:
        for block in re.findall(
            r"^```[a-z]*\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            for line in block.splitlines():
                match = re.match(r"\s*(?:\$ )?(farm [a-z][^|#>&]*)", line)
                if match:
                    yield (name_of(page), match[1].strip())


@pytest.mark.parametrize(("page", "line"), sorted(set(told_commands())))
def test_a_command_that_a_page_tells_exists_with_its_options(page: str, line: str) -> None:
    from farm.cli.main import cli

    command, words = find(cli, shlex.split(line)[1:])
    told = {word.partition("=")[0] for word in words if word.startswith("--")}
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
    asked = CliRunner().invoke(command, ["--help"])

    assert asked.exit_code == 0, page
    assert told <= known | {"--help", "--version"}


def find(command: click.Command, words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that `words` lead to, and what is left of them."""
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"there is no command {words[0]!r}"
        command, words = found, words[1:]
    return command, words


def test_no_file_names_somebodys_home_or_where_packages_come_from() -> None:
    hosts = "|".join(["py" + "pi", "python" + "hosted", "npm" + "js"])
    told = re.compile(rf"https?://[^ /]*(?:{hosts})|(?<![\w.])/(?:root|home/[a-z]\w+|work)/")
    found = [
        f"{name_of(path)}:{number}"
        for path in files()
        if path.suffix not in {".png", ".jpg", ".blend"} and path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if told.search(line)
    ]

    assert not found
