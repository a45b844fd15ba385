"""What is undocumented fails: flags, keys, variables in the README, public things in the code."""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from traywatch import arguments
from traywatch.arguments import DEFAULT_LISTEN, build_parser
from traywatch.config import KEYS, TEMPLATE, VARIABLES
from traywatch.listener.signatures import path_token
from traywatch.platforms import PLATFORMS

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    """The README's text under a heading, down to the next one at least as high."""
    found = re.search(rf"^(#+) {re.escape(title)}$", README, re.MULTILINE)
    assert found, f"the README has no section {title}"
    rest = README[found.end() :]
    return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> Iterator[str]:
    """The first cell of each row of a section's tables."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield line.replace("\\|", "/").split("|")[1]


def documented(text: str) -> set[str]:
    """Everything written as code in those cells."""
    return {code for cell in rows(text) for code in re.findall(r"`([^`]+)`", cell)}


# ---------------------------------------------------------------- the README


def test_every_key_of_every_table_is_in_the_readme() -> None:
    found: dict[str, set[str]] = {table: set() for table in KEYS}
    table = ""
    for cell in rows(section("Settings").partition("### Variables")[0]):
        for code in re.findall(r"`([^`]+)`", cell):
            if code.startswith("["):
                table = code.strip("[]")
                found[""].add(table)
            else:
                found[table].add(code)
    assert found == {name: set(keys) for name, keys in KEYS.items()}


def test_every_variable_is_in_the_readme() -> None:
    assert documented(section("Variables")) == set(VARIABLES)


def flags(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from (flag for flag in action.option_strings if flag.startswith("--"))
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield f"traywatch {name}"
                yield from flags(command)


def test_every_flag_and_command_is_in_the_readme_and_nothing_else() -> None:
    found = {
        name
        for code in documented(section("Command line"))
        for name in re.findall(r"--[a-z-]+|traywatch [a-z]+", code)
    }
    assert found == set(flags(build_parser()))
    assert f"`{DEFAULT_LISTEN}`" in section("Command line")


def test_every_exit_code_is_in_the_readme() -> None:
    (told,) = re.findall(
        r"^Exit codes: (.*?)\. ", section("Command line"), re.MULTILINE | re.DOTALL
    )
    help_text = build_parser().format_help().partition("exit codes:")[2]
    listed = re.findall(r"^  (\d+) ", help_text, re.MULTILINE)
    assert re.findall(r"\b\d+\b", told) == listed
    exits = {getattr(arguments, name) for name in dir(arguments) if name.startswith("EXIT_")}
    assert exits <= set(map(int, listed))


def test_every_platform_is_in_the_readme() -> None:
    (row,) = [line for line in section("Settings").splitlines() if line.startswith("| `platform`")]
    assert re.findall(r"`([a-z0-9]+)`", row)[1:] == [platform.name for platform in PLATFORMS]


def test_every_platform_is_in_the_help_of_check() -> None:
    with pytest.raises(SystemExit), contextlib.redirect_stdout(io.StringIO()) as told:
        build_parser().parse_args(["check", "--help"])
    named = " ".join(told.getvalue().split()).partition("instead of finding out: ")[2]
    assert named.split(" --")[0] == " or ".join(platform.name for platform in PLATFORMS)


def test_the_first_paragraph_says_which_pages_are_read() -> None:
    first = " ".join(README.split("\n\n")[1].split())
    assert "Atlassian Statuspage" in first and "incident.io" in first
    assert len(PLATFORMS) == 2


@pytest.mark.skipif(
    not (shutil.which("sh") and shutil.which("openssl")), reason="the line asks openssl"
)
def test_the_line_that_makes_a_token_prints_the_token_and_nothing_else() -> None:
    (line,) = re.findall(r"^printf /webhook/ID .*$", README, re.MULTILINE)
    done = subprocess.run(
        ["sh", "-c", line.replace("ID", "openai", 1)],
        env={**os.environ, "TRAYWATCH_SIGNING_SECRET": "it's a $ecret"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == path_token(b"it's a $ecret", "openai") + "\n"


def test_what_needs_the_profile_for_itself_says_so() -> None:
    table = [line for line in section("Command line").splitlines() if line.startswith("| `")]
    told = {line.split("`")[1]: line for line in table}
    assert "`/api/status`" in told["--once"] and "`--profile`" in told["--once"]
    assert "beside" in told["traywatch status [--json]"]


def test_an_id_is_not_said_to_keep_the_memory_of_another_address() -> None:
    (row,) = [line for line in section("Settings").splitlines() if line.startswith("| `id`")]
    assert "for good" not in row and "for good" not in TEMPLATE
    assert "begins anew when `url` names another page" in row


def test_each_promise_leads_to_a_test_that_is_there() -> None:
    promises = section("What traywatch promises").partition("\n- ")[2].partition("\n\n")[0]
    for promise in promises.split("\n- "):
        (proof,) = re.findall(r'\[proof\]\((tests/\S+\.py) "(test_\w+)"\)$', promise)
        file, name = proof
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), promise


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (named,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert re.findall(r"^([a-z-]+):.*## .+$", makefile, re.MULTILINE) == named.split()


# ---------------------------------------------------------------- the code

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public classes, functions and methods without a docstring, by name; "" is the module.

    What dunder methods do is said by the language.
    """
    if not ast.get_docstring(tree) and tree.body:
        yield ""
    for node in tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield from _without(node, node.name)


def _without(node: Documented, name: str) -> Iterator[str]:
    if not ast.get_docstring(node):
        yield name
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            if isinstance(inner, Documented) and not inner.name.startswith("_"):
                yield from _without(inner, f"{name}.{inner.name}")


SOURCES: Final = sorted((ROOT / "traywatch").rglob("*.py"))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_public_has_a_docstring(file: Path) -> None:
    assert list(undocumented(ast.parse(file.read_text("utf-8")))) == []


def test_a_missing_docstring_is_seen() -> None:
    source = """
class A:
    "doc"
    def b(self): ...
    def _c(self): ...
    def __len__(self): ...
    class D:
        def e(self): "doc"
class _F:
    def g(self): ...
async def h(): ...
"""
    assert list(undocumented(ast.parse(source))) == ["", "A.b", "A.D", "h"]
    assert list(undocumented(ast.parse('"""doc"""'))) == []
