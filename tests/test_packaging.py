"""What leaves this checkout: lock files, wheel, source archive. None of them knows this machine."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from traywatch import __version__

ROOT: Final = Path(__file__).parent.parent
LOCKS: Final = ("run", "dev")

REQUIREMENT: Final = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[\w.+!-]+)(?P<marker> ; [^\\]+)?"
    r"(?P<hashes>(?: \\\n {4}--hash=sha256:[0-9a-f]{64})+)\n"
)
"""A pinned requirement with its hashes, as pip reads it."""


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")


def pins(name: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in REQUIREMENT.finditer(lock(name))}


def project() -> dict[str, list[str]]:
    """The names of what pyproject.toml asks for, by lock."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table = tomllib.load(file)["project"]
    wanted = {"run": table["dependencies"], "dev": table["optional-dependencies"]["test"]}
    return {
        name: [re.split(r"[^\w-]", one.lower())[0] for one in asked]
        for name, asked in wanted.items()
    }


# ---------------------------------------------------------------- lock files


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    rest = REQUIREMENT.sub("", lock(name))
    assert [line for line in rest.splitlines() if not re.match(r" *#", line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    assert re.findall(r"\w+://\S+|--(?:extra-)?index\S*|--find-links\S*", lock(name)) == []


def test_what_the_project_asks_for_is_locked() -> None:
    asked = project()
    assert set(asked["run"]) <= pins("run").keys()
    assert set(asked["dev"]) <= pins("dev").keys()


# What is there without our asking, or is not asked of PyPI.
NOT_ASKED: Final = {
    "PyObjCTools",  # with pystray, on macOS
    "_typeshed",  # of the type checker, never there when it runs
    "gi",  # the system's own: it belongs to its GTK
}
DISTRIBUTION_OF: Final = {
    "PIL": "pillow",
    "PyInstaller": "pyinstaller",
    "Xlib": "python-xlib",
    "dateutil": "python-dateutil",
}


def imported_by(folder: str) -> set[str]:
    """The distributions from which the sources in a folder import anything."""
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    foreign = found - sys.stdlib_module_names - {"benchmarks", "tests", "tools", "traywatch"}
    return {DISTRIBUTION_OF.get(name, name).replace("_", "-") for name in foreign - NOT_ASKED}


def test_what_is_imported_is_asked_for_and_what_is_asked_for_is_used() -> None:
    asked = project()
    assert imported_by("traywatch") == set(asked["run"])
    assert imported_by("tests") <= {*asked["run"], *asked["dev"]}


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    assert pins("run").items() <= pins("dev").items()


@pytest.mark.parametrize(
    ("package", "system"),
    [("python-xlib", "linux"), ("pyobjc-core", "darwin"), ("pywin32-ctypes", "win32")],
)
def test_one_lock_serves_all_systems(package: str, system: str) -> None:
    (found,) = [one for one in REQUIREMENT.finditer(lock("run")) if one["name"] == package]
    assert found["marker"] == f" ; sys_platform == '{system}'"


def test_every_folder_with_sources_is_type_checked() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        checked = tomllib.load(file)["tool"]["mypy"]["files"]
    folders = {path.relative_to(ROOT).parts[0] for path in own_files() if path.suffix == ".py"}
    assert folders == set(checked)


# ---------------------------------------------------------------- nothing of this machine

MACHINE: Final = re.compile(
    r"(?<![\w.*$}~/-])/(?:home|mnt|opt|root|srv|Users|work)/(?!joe\b)[\w.-]+"  # Joe is made up
    r"|(?<!emit-)(?:index-url|find-links)"
)


def own_files() -> Iterator[Path]:
    """What git knows of, or in an unpacked source archive everything."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        return (ROOT / name for name in listed.stdout.split("\0") if name)
    return (file for file in ROOT.rglob("*") if not set(file.parts) & {".venv", "__pycache__"})


def test_no_file_names_a_place_of_some_machine() -> None:
    found = []
    for file in own_files():
        if file == Path(__file__) or not file.is_file():
            continue
        text = file.read_bytes().decode("utf-8", "replace")
        found += [f"{file.relative_to(ROOT)}: {match[0]}" for match in MACHINE.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("cd /home/jane/src", True),
        ('"/opt/pypi"', True),
        ("--extra-index-url x", True),
        ("--no-emit-index-url", False),
        ("https://status.example.com/work/items", False),
        ("~/work/x, $HOME/opt/x", False),
    ],
)
def test_such_a_place_is_seen(text: str, named: bool) -> None:
    assert bool(MACHINE.search(text)) is named


# ---------------------------------------------------------------- wheel and source archive


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both, made by the sources alone: nothing is fetched."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_wheel_runs_and_finds_its_assets(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    assert wheel.name == f"traywatch-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    info = f"traywatch-{__version__}.dist-info"
    assert {"traywatch/py.typed", f"{info}/licenses/LICENSE"} <= names
    assert {name.split("/")[0] for name in names} == {"traywatch", info}
    assert "traywatch = traywatch.cli:main" in (tmp_path / info / "entry_points.txt").read_text()

    script = "from traywatch import bundled; print(bundled.asset('icons/traywatch.png'))"
    for arguments in (["-m", "traywatch", "--version"], ["-c", script]):
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert Path(done.stdout.strip()) == tmp_path.resolve() / "traywatch/assets/icons/traywatch.png"


def test_the_source_archive_holds_what_is_needed_to_test(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {
        "LICENSE",
        "Makefile",
        "README.md",
        "pyproject.toml",
        "requirements/dev.txt",
        "tests/test_packaging.py",
        "tools/make-venv",
        "traywatch/cli.py",
    } <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith(".venv")]
