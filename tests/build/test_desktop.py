"""The built program on a desktop: icon, menu, toasts, what it starts, and who starts it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.build.conftest import dumped
from tests.desktop.desk import Desk
from tests.desktop.started import Started
from traywatch.core.model import ComponentStatus
from traywatch.core.overview import IconState
from traywatch.demo import DemoVendor
from traywatch.sinks.icons import colour

RED: Final = colour(IconState.MAJOR_OUTAGE)
DOWN: Final = "Example Cloud: Major outage (API)"
OUTAGE_S: Final = 40.0
"""By then the demonstration is at its worst."""

Tray = Callable[..., Started]


@pytest.fixture
def vendor() -> Iterator[DemoVendor]:
    """One with an open incident."""
    with DemoVendor() as vendor:
        down = {"API": ComponentStatus.MAJOR_OUTAGE}
        vendor.open_incident("API is down", "We are looking into it.", components=down)
        yield vendor


@pytest.fixture
def tray(desk: Desk, program: str, vendor: DemoVendor) -> Tray:
    """Start the tray on the vendor's page."""

    def start(*arguments: str, **env: str) -> Started:
        page = ("--page", vendor.url, "--interval", "1")
        return desk.launch([program, *page, *arguments], env)

    return start


def quit_tray(program: Started, desk: Desk) -> None:
    desk.bus.choose("Quit")
    assert program.wait() == 0, program.complaints
    assert not any("Traceback" in line for line in program.complaints), program.complaints


# ---------------------------------------------------------------- what is seen


@pytest.mark.usefixtures("with_menu")
def test_the_demo_in_the_tray(desk: Desk, program: str) -> None:
    """What a person sees who just looks at it; the README shows these pictures."""
    demo = desk.launch([program, "--demo"])
    desk.wait_for_colour(colour(IconState.OPERATIONAL))
    desk.wait_for_colour(colour(IconState.DEGRADED))
    x, y = desk.wait_for(lambda: desk.find(RED), "the major outage", OUTAGE_S)
    desk.wait_for(lambda: shown_on_the_right(desk), "toasts on the screen")
    desk.click(x, y)
    white = (255, 255, 255)
    desk.wait_for(lambda: desk.screen().getpixel((x + 40, 60)) == white, "the menu on the screen")
    desk.screenshot("built-demo")
    assert "    Elevated API errors: Investigating" in desk.bus.labels()
    assert {toast.title.partition(" - ")[0] for toast in desk.bus.toasts()} == {"Example Cloud"}
    quit_tray(demo, desk)


def shown_on_the_right(desk: Desk) -> bool:
    """Is anything but the empty screen where toasts are shown?"""
    picture = desk.screen()
    return (
        len(picture.crop((picture.width // 2, 40, picture.width, 200)).getcolors(1 << 16) or ())
        > 16
    )


@pytest.mark.usefixtures("with_menu")
@pytest.mark.parametrize("backend", ["appindicator", "gtk", "xorg"])
def test_the_icon_with_each_backend(desk: Desk, tray: Tray, backend: str) -> None:
    program = tray(PYSTRAY_BACKEND=backend)
    desk.wait_for_colour(RED)
    program.signal(signal.SIGTERM)
    assert program.wait() == 0, program.complaints


def test_the_icon_in_an_environment_with_little_more_than_a_display(
    desk: Desk, program: str, vendor: DemoVendor, tmp_path: Path
) -> None:
    """No PATH, no session bus: no toasts, and an icon all the same."""
    nobody = {"HOME": str(tmp_path / "nobody"), "DISPLAY": desk.env["DISPLAY"]}
    command = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in nobody.items())]
    started = desk.launch([*command, program, "--page", vendor.url])
    desk.wait_for_colour(RED)
    started.signal(signal.SIGTERM)
    assert started.wait() == 0, started.complaints


# ---------------------------------------------------------------- what it starts


@pytest.mark.usefixtures("with_menu")
def test_other_programs_see_the_persons_own_surroundings(
    desk: Desk, tray: Tray, tmp_path: Path
) -> None:
    """A browser or an editor must not load our copies of the system's libraries."""
    seen = tmp_path / "seen"
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    opener.write_text(
        f"#!/bin/sh\nenv -0 > {shlex.quote(str(seen))}.part && mv {seen}.part {seen}\n"
    )
    opener.chmod(0o755)
    given = {
        "PATH": f"{opener.parent}:{desk.env['PATH']}",
        "LD_LIBRARY_PATH": "/usr/lib/mine",
        "GTK_MODULES": "some-module",
        "XDG_DATA_DIRS": "/usr/share",
    }
    program = tray(**given)
    desk.wait_for_colour(RED)
    desk.bus.choose("Open log")
    desk.wait_for(seen.exists, "the program that opens files")
    made_by_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    assert {
        name: value for name, value in dumped(seen).items() if name not in made_by_the_shell
    } == {
        name: value for name, value in (desk.env | given).items() if name not in made_by_the_shell
    }
    assert not any("some-module" in line for line in program.complaints), program.complaints
    quit_tray(program, desk)


# ---------------------------------------------------------------- who starts it


@pytest.mark.usefixtures("with_menu")
def test_started_at_login_by_its_entry(desk: Desk, program: str, vendor: DemoVendor) -> None:
    """GLib reads the entry as GNOME and Xfce do."""
    profile = desk.folder / "a profile"
    profile.mkdir()
    settings = f'[[pages]]\nurl = "{vendor.url}"\ninterval = 1\n'
    (profile / "config.toml").write_text(settings)
    on = desk.launch([program, "autostart", "on", "--profile", str(profile)])
    assert on.wait() == 0
    [said] = on.lines
    assert said.startswith("on: ")
    entry = desk.folder / "config" / "autostart" / "traywatch.desktop"
    launch(entry, desk.env)
    desk.wait_for_colour(RED)
    assert os.readlink(f"/proc/{holder(profile)}/exe") == program
    desk.bus.choose("Quit")
    desk.wait_for(lambda: not desk.bus.items(), "its end")
    assert desk.launch([program, "autostart", "off"]).wait() == 0
    assert not entry.exists()


@pytest.mark.usefixtures("with_menu")
def test_the_tick_in_the_menu(desk: Desk, tray: Tray, program: str) -> None:
    started = tray()
    desk.wait_for_colour(RED)
    entry = desk.folder / "config" / "autostart" / "traywatch.desktop"
    for ticked in (True, False):
        assert tick(desk) is not ticked
        desk.bus.choose("Start at login")
        desk.wait_for(lambda wanted=ticked: tick(desk) is wanted, "the tick")  # type: ignore[misc]
        assert entry.exists() is ticked
        how = desk.launch([program, "autostart", "status"])
        assert how.wait() == 0
        assert how.lines[0].startswith("on: " if ticked else "off: ")
    quit_tray(started, desk)


def tick(desk: Desk) -> bool | None:
    [row] = [row for row in desk.bus.rows() if row.label == "Start at login"]
    return row.checked


def launch(entry: Path, env: Mapping[str, str]) -> None:
    """As a desktop starts what an entry names."""
    command = ["gio", "launch", str(entry)]
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, timeout=30, check=True)


def holder(profile: Path) -> int:
    """The process that holds the profile."""
    return int((profile / "traywatch.lock").read_text())


@pytest.mark.usefixtures("with_menu")
def test_a_second_start_shows_the_first(desk: Desk, tray: Tray) -> None:
    first = tray()
    desk.wait_for_colour(RED)
    desk.wait_for(lambda: desk.bus.item_property("Title") == DOWN, "the tooltip")
    second = tray()
    assert second.wait() == 0, second.complaints
    desk.wait_for(lambda: said_hello(desk), "the first one's toast")
    third = tray("--console")
    assert third.wait() == 70
    assert "already running" in third.complaints[-1]
    assert f"(process {holder(desk.folder / 'state' / 'traywatch')})" in third.complaints[-1]
    quit_tray(first, desk)


def said_hello(desk: Desk) -> bool:
    return ("traywatch is running", DOWN) in [
        (toast.title, toast.body) for toast in desk.bus.toasts()
    ]


def test_faults_of_the_settings_are_seen_without_a_terminal(desk: Desk, program: str) -> None:
    settings = desk.folder / "config" / "traywatch" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('log_levle = "info"\n')
    started = desk.launch([program])
    assert started.wait() == 64
    [toast] = desk.wait_for(desk.bus.toasts, "the toast")
    assert toast.title == "traywatch has ended"
    assert 'did you mean "log_level"?' in toast.body


# ---------------------------------------------------------------- installed


def test_installed_for_one_person_and_removed_without_a_trace(
    desk: Desk, built: Path, tmp_path: Path, vendor: DemoVendor
) -> None:
    """From a folder of any name, by way of the menu entry and of the terminal."""
    folder = tmp_path / 'its "own" & $HOME | `place` \\ é'
    shutil.copytree(built, folder, symlinks=True)
    home = desk.env | {"TRAYWATCH_PAGES": vendor.url, "TRAYWATCH_PROFILE": str(tmp_path / "p")}
    before = files(desk.folder)

    def run(*command: Path | str) -> str:
        done = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    link = desk.folder / ".local" / "bin" / "traywatch"
    assert f"{link} autostart on" in run(folder / "install")
    run(link, "--version")
    assert run(link, "autostart", "on").startswith("on: ")
    launch(desk.folder / "data" / "applications" / "traywatch.desktop", home)
    desk.wait_for_colour(RED)
    os.kill(holder(tmp_path / "p"), signal.SIGTERM)
    desk.wait_for(lambda: not desk.find(RED), "its end")
    run(folder / "install", "--remove")
    assert files(desk.folder) - before <= {desk.folder / "data" / "recently-used.xbel"}


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_dir()}
