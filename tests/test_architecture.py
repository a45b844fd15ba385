"""The floors of the house, read from the imports: what may know of what.

    0  core                    pure: no clock, no file, no network, no dice, no log
    1  platforms               as pure; leaves that everything above may use: bundled, failpoints
    2  everything not named    config, fetch, store, sinks, ...: never of each other
    3  watch; notice           what is said by way of a sink when the program ends
    4  hearing                 joins listener and relays to the watch
    5  running                 builds the conductor and all it stands on
    6  trayapp                 the same beside a tray icon
    7  app                     the ways to run
    8  cli

An import points to a lower floor or stays inside its own part, and imports never go in a circle.
The rules are functions over a source tree, so that planted breaches can show that they see.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = "traywatch"

FLOORS: Final[Mapping[str, int]] = {
    "": 0,  # traywatch/__init__.py: the version
    "core": 0,
    "platforms": 1,
    "bundled": 1,
    "failpoints": 1,
    "watch": 3,
    "notice": 3,
    "hearing": 4,
    "running": 5,
    "trayapp": 6,
    "app": 7,
    "cli": 8,
    "__main__": 9,
}
OTHERS: Final = 2

PURE: Final = ("core", "platforms")
FORBIDDEN_MODULES: Final = frozenset(
    {
        "asyncio", "concurrent", "ctypes", "fileinput", "getpass", "glob", "http", "io", "locale",
        "logging", "multiprocessing", "os", "pathlib", "platform", "random", "secrets", "select",
        "selectors", "shutil", "signal", "socket", "socketserver", "sqlite3", "ssl", "subprocess",
        "sys", "tempfile", "threading", "time", "uuid", "warnings",
    }
)  # fmt: skip
FORBIDDEN_CALLS: Final = frozenset({"breakpoint", "exec", "eval", "input", "open", "print"})
CLOCKS: Final = frozenset({"now", "today", "utcnow"})
"""Of datetime and date."""
PURE_PACKAGES: Final[Mapping[str, frozenset[str]]] = {
    "core": frozenset(),
    "platforms": frozenset({"dateutil"}),
}
"""What a pure part may use beyond the standard library."""


class Tree:
    """The modules of a package, parsed."""

    def __init__(self, package_dir: Path) -> None:
        self.modules: dict[str, ast.Module] = {}
        self._packages: set[str] = set()
        for file in sorted(package_dir.rglob("*.py")):
            parts = file.relative_to(package_dir.parent).with_suffix("").parts
            if parts[-1] == "__init__":
                parts = parts[:-1]
                self._packages.add(".".join(parts))
            self.modules[".".join(parts)] = ast.parse(file.read_text("utf-8"), str(file))

    def imports(self, module: str) -> Iterator[tuple[int, str]]:
        """Line and full name of each module imported, wherever in the file."""
        for node in ast.walk(self.modules[module]):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name
            elif isinstance(node, ast.ImportFrom):
                source = self._source(module, node)
                for alias in node.names:
                    inner = f"{source}.{alias.name}"
                    yield node.lineno, inner if inner in self.modules else source

    def _source(self, module: str, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = module.split(".")
        up = node.level - (module in self._packages)
        return ".".join(parts[: len(parts) - up] + ([node.module] if node.module else []))


def part_of(module: str) -> str:
    """``traywatch.store.sqlite`` -> ``store``; the package itself is part ""."""
    return [*module.split("."), ""][1]


def floor_of(module: str) -> int:
    return FLOORS.get(part_of(module), OTHERS)


# ---------------------------------------------------------------- the rules


def breaches(tree: Tree) -> list[str]:
    return [*upward_imports(tree), *impurities(tree), *cycles(tree)]


def upward_imports(tree: Tree) -> Iterator[str]:
    for module in tree.modules:
        for line, imported in tree.imports(module):
            if imported.split(".")[0] != PACKAGE or part_of(imported) == part_of(module):
                continue
            if floor_of(imported) >= floor_of(module):
                yield f"{module}:{line}: floor {floor_of(module)} imports {imported}"


def impurities(tree: Tree) -> Iterator[str]:
    for module, parsed in tree.modules.items():
        if part_of(module) not in PURE:
            continue
        allowed = PURE_PACKAGES[part_of(module)]
        for line, imported in tree.imports(module):
            top = imported.split(".")[0]
            foreign = top != PACKAGE and top not in sys.stdlib_module_names and top not in allowed
            if top in FORBIDDEN_MODULES or foreign or imported == "urllib.request":
                yield f"{module}:{line}: imports {imported}"
        for node in ast.walk(parsed):
            if isinstance(node, ast.Call) and (name := forbidden_call(node)):
                yield f"{module}:{node.lineno}: calls {name}"


def forbidden_call(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) if name in FORBIDDEN_CALLS:
            return name
        case ast.Attribute(value=ast.Name(id="date" | "datetime" as owner), attr=name):
            return f"{owner}.{name}" if name in CLOCKS else None
        case ast.Attribute(value=ast.Attribute(attr="date" | "datetime" as owner), attr=name):
            return f"{owner}.{name}" if name in CLOCKS else None
    return None


def cycles(tree: Tree) -> Iterator[str]:
    """Each circle once, named by the modules on it."""
    graph = {
        module: sorted({imported for _, imported in tree.imports(module)} & tree.modules.keys())
        for module in tree.modules
    }
    done: set[str] = set()
    reported: set[frozenset[str]] = set()

    def walk(module: str, path: tuple[str, ...]) -> Iterator[str]:
        if module in path:
            circle = path[path.index(module) :]
            if frozenset(circle) not in reported:
                reported.add(frozenset(circle))
                yield f"circle: {' -> '.join((*circle, module))}"
        elif module not in done:
            for imported in graph[module]:
                yield from walk(imported, (*path, module))
            done.add(module)

    for module in graph:
        yield from walk(module, ())


# ---------------------------------------------------------------- the house itself


def test_the_house_keeps_its_floors() -> None:
    assert breaches(Tree(ROOT / PACKAGE)) == []


def test_every_part_with_a_floor_exists() -> None:
    parts = {part_of(module) for module in Tree(ROOT / PACKAGE).modules}
    assert FLOORS.keys() <= parts


# ---------------------------------------------------------------- planted breaches

SOUND: Final = {
    "__init__.py": "__version__ = '1'",
    "core/__init__.py": "",
    "core/model.py": "import json, dataclasses\nfrom datetime import datetime, time",
    "core/advance.py": "from traywatch.core.model import x\nfrom . import model",
    "platforms/__init__.py": "from traywatch.platforms import base",
    "platforms/base.py": "from dateutil import parser\nfrom urllib.parse import urlsplit\n"
    "from ..core import model",
    "failpoints.py": "import os",
    "fetch.py": "import asyncio, httpx\nfrom traywatch import __version__, failpoints\n"
    "from traywatch.platforms import base",
    "store/__init__.py": "from traywatch.core.model import x",
    "store/sqlite.py": "import sqlite3\nfrom traywatch.store import x",
    "watch/__init__.py": "from traywatch import fetch, store",
    "app.py": "from traywatch.watch import x",
    "cli.py": "def main():\n    from traywatch import app",
    "__main__.py": "from traywatch.cli import main",
}


def planted(tmp_path: Path, changes: Mapping[str, str]) -> list[str]:
    """The breaches of the sound house once some of its files are others."""
    for name, source in {**SOUND, **changes}.items():
        file = tmp_path / PACKAGE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return breaches(Tree(tmp_path / PACKAGE))


def test_a_sound_house_has_no_breaches(tmp_path: Path) -> None:
    assert planted(tmp_path, {}) == []


BREACHES: Final = [
    ("core/model.py", "from traywatch.platforms import base",
     "core.model:1: floor 0 imports traywatch.platforms.base"),
    ("core/model.py", "\nfrom ..fetch import x", "core.model:2: floor 0 imports traywatch.fetch"),
    ("platforms/base.py", "def f():\n    import traywatch.store.sqlite",
     "platforms.base:2: floor 1 imports traywatch.store.sqlite"),
    ("platforms/base.py", "from traywatch import failpoints",
     "platforms.base:1: floor 1 imports traywatch.failpoints"),
    ("fetch.py", "from traywatch.store import x", "fetch:1: floor 2 imports traywatch.store"),
    ("fetch.py", "from . import store", "fetch:1: floor 2 imports traywatch.store"),
    ("new.py", "import traywatch.fetch", "new:1: floor 2 imports traywatch.fetch"),
    ("fetch.py", "if TYPE_CHECKING:\n    from traywatch import cli",
     "fetch:2: floor 2 imports traywatch.cli"),
    ("watch/__init__.py", "import traywatch.app", "watch:1: floor 3 imports traywatch.app"),
    ("core/model.py", "from time import monotonic", "core.model:1: imports time"),
    ("core/model.py", "import os.path", "core.model:1: imports os.path"),
    ("core/model.py", "import dateutil.parser", "core.model:1: imports dateutil.parser"),
    ("platforms/base.py", "import logging", "platforms.base:1: imports logging"),
    ("platforms/base.py", "import httpx", "platforms.base:1: imports httpx"),
    ("platforms/base.py", "import urllib.request", "platforms.base:1: imports urllib.request"),
    ("core/model.py", "x = datetime.now(UTC)", "core.model:1: calls datetime.now"),
    ("core/model.py", "x = datetime.date.today()", "core.model:1: calls date.today"),
    ("core/model.py", "open('x')", "core.model:1: calls open"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "source", "breach"), BREACHES)
def test_a_planted_breach_is_seen(tmp_path: Path, file: str, source: str, breach: str) -> None:
    found = [one.removeprefix("traywatch.") for one in planted(tmp_path, {file: source})]
    assert found[0] == breach
    assert all(one.startswith("circle: ") for one in found[1:])  # up the stairs and down again


@pytest.mark.parametrize(
    ("file", "source", "circle"),
    [
        ("core/model.py", "from traywatch.core import advance", {"core.model", "core.advance"}),
        ("store/__init__.py", "from traywatch.store.sqlite import x", {"store", "store.sqlite"}),
        ("core/model.py", "from traywatch.core import model", {"core.model"}),
    ],
)
def test_a_planted_circle_is_seen(tmp_path: Path, file: str, source: str, circle: set[str]) -> None:
    (found,) = planted(tmp_path, {file: source})
    modules = found.removeprefix("circle: ").split(" -> ")
    assert set(modules) == {f"traywatch.{name}" for name in circle}
    assert modules[0] == modules[-1]
