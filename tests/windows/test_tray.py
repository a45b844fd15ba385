"""traywatch.exe on a desk: icon, menu, balloon, a second start, how it ends and is started."""

from __future__ import annotations

import signal
import urllib.parse
from pathlib import Path
from typing import Final

import pytest

from tests.desktop.started import Started
from tests.process.harness import PATIENCE_S, StoppedClock, polled_again
from tests.windows.screen import BALLOON, BOX, MENU, Menu, Screen
from tests.windows.test_console import RUN_KEY
from tools.wine import windows_path
from traywatch.core.model import ComponentStatus, IncidentStatus
from traywatch.core.overview import IconState
from traywatch.demo import SUMMARY, DemoVendor
from traywatch.demo.board import utc_now

pytestmark = pytest.mark.windows

RED: Final = IconState.MAJOR_OUTAGE
DOWN: Final = "Störung 障害: Major outage (API)"
PAGE, INCIDENT, COMPONENT, CHECK, PAUSE, LOGIN, LOG, QUIT = range(8)
"""The rows of the menu while the vendor has its outage."""
ROWS: Final = 8
WM_QUERYENDSESSION: Final = 0x0011
WM_ENDSESSION: Final = 0x0016

InProfile = tuple[str, str]


def opened(screen: Screen) -> Menu:
    return screen.open_menu(RED, ROWS)


def ends_well(program: Started) -> None:
    assert program.wait(PATIENCE_S) == 0, program.complaints
    assert not any("Traceback" in line for line in program.complaints), program.complaints


def look_seldom(profile: Path, vendor: DemoVendor) -> None:
    """Once an hour, so that no poll wakes the tray."""
    text = f'[[pages]]\nurl = "{vendor.url}"\ninterval = 3600\n'
    (profile / "config.toml").write_text(text, "utf-8")


def holder(profile: Path) -> str:
    """The Windows process that holds the profile."""
    return (profile / "traywatch.lock").read_text().strip()


# ---------------------------------------------------------------- what is seen


def test_the_icon_has_the_colour_of_what_the_vendor_says(
    screen: Screen, vendor: DemoVendor, in_profile: InProfile
) -> None:
    screen.start(*in_profile)
    screen.icon(IconState.OPERATIONAL)
    down = {"API": ComponentStatus.MAJOR_OUTAGE}
    outage = vendor.open_incident("Ausfall ✗", "Nichts geht mehr & 障害.", components=down)
    screen.icon(RED)
    screen.desk.screenshot("windows-icon-red")
    slow = {"API": ComponentStatus.DEGRADED_PERFORMANCE}
    outage.update(IncidentStatus.MONITORING, "Es geht wieder.", components=slow)
    screen.icon(IconState.DEGRADED)
    outage.resolve("Wieder da.")
    screen.icon(IconState.OPERATIONAL)
    vendor.stop()
    screen.icon(IconState.UNREADABLE)


def test_what_breaks_is_told_in_a_balloon(
    screen: Screen, vendor: DemoVendor, clock: StoppedClock, in_profile: InProfile
) -> None:
    screen.start(*in_profile)
    screen.icon(IconState.OPERATIONAL)
    clock.now = utc_now()  # of what is older than an hour there is only a digest
    down = {"API": ComponentStatus.MAJOR_OUTAGE}
    vendor.open_incident("Ausfall ✗", "Nichts geht mehr & 障害.", components=down)
    screen.wait_for_window(BALLOON, "Nichts geht mehr & 障害.")
    screen.desk.screenshot("windows-balloon")


def test_the_tooltip_names_what_is_wrong(
    screen: Screen, outage: DemoVendor, in_profile: InProfile
) -> None:
    screen.start(*in_profile)
    screen.desk.point(*screen.icon(RED))
    assert screen.wait_for_window(BALLOON, "Major").text == DOWN


# ---------------------------------------------------------------- what is clicked


def test_the_menu_is_drawn_and_each_row_obeys(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile, tmp_path: Path
) -> None:
    look_seldom(profile, outage)
    program = screen.start(*in_profile)
    menu = opened(screen)
    screen.desk.screenshot("windows-menu")
    asked = len(outage.requests)
    screen.choose(menu, CHECK)
    outage.wait_for(lambda log: SUMMARY in [each.path for each in log[asked:]], PATIENCE_S)

    for row in (PAUSE, LOGIN):
        for ticked in (False, True):
            menu = opened(screen)
            assert menu.ticked(row) is ticked
            screen.choose(menu, row)
            if row == LOGIN:
                said = screen.windows.registry(RUN_KEY, tmp_path).get("traywatch", "")
                assert said.endswith(f'--profile "{in_profile[1]}"') is not ticked
    screen.choose(opened(screen), QUIT)
    ends_well(program)
    screen.no_icon(RED)
    assert holder(profile) == ""


@pytest.mark.parametrize("row", [None, PAGE, INCIDENT])
def test_a_click_opens_the_page(
    screen: Screen, outage: DemoVendor, in_profile: InProfile, tmp_path: Path, row: int | None
) -> None:
    """In the browser of the system around wine: one that writes down what it is to open."""
    browser, seen = tmp_path / "bin" / "xdg-open", tmp_path / "seen"
    browser.parent.mkdir()
    script = f'#!/bin/sh\nprintf "%s" "$1" > "{seen}.part" && mv "{seen}.part" "{seen}"\n'
    browser.write_text(script)
    browser.chmod(0o755)
    screen.start(*in_profile, PATH=f"{browser.parent}:{screen.desk.env['PATH']}")
    if row is None:
        screen.desk.click(*screen.icon(RED))
    else:
        screen.choose(opened(screen), row)
    screen.wait_for(seen.exists, "the browser")
    place = urllib.parse.urlsplit(seen.read_text())
    assert f"{place.scheme}://{place.netloc}" == outage.url
    assert ("incident" in place.path) is (row == INCIDENT)


def test_an_open_menu_stays_while_things_change(
    screen: Screen, outage: DemoVendor, in_profile: InProfile
) -> None:
    """And the click on it is not lost. It lies over the icon, whose colour is not to be seen."""
    program = screen.start(*in_profile)
    menu = opened(screen)
    outage.incident("Ausfall ✗").resolve("Wieder da.")
    screen.wait_for(lambda: any("Wieder da." in line for line in program.lines), "the record")
    polled_again(outage)
    assert screen.seen(MENU)
    screen.choose(menu, QUIT)
    ends_well(program)


# ---------------------------------------------------------------- a second start


def test_a_second_start_shows_the_first(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile
) -> None:
    first = screen.start(*in_profile)
    screen.wait_for_window(BALLOON, "1 opened")  # else it takes the place of what we wait for
    ends_well(screen.start(*in_profile))
    screen.wait_for_window(BALLOON, DOWN)
    screen.desk.screenshot("windows-second-start")
    third = screen.start("--console", *in_profile, name="traywatchc.exe")
    assert third.wait(PATIENCE_S) == 70
    assert f"{in_profile[1]} (process {holder(profile)})" in third.complaints[-1]
    assert first.runs


# ---------------------------------------------------------------- its end


def test_ctrl_c_ends_it_in_good_order(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile
) -> None:
    """Where it was started from a terminal; a windowed program never hears of Ctrl-C."""
    look_seldom(profile, outage)
    program = screen.start(*in_profile, name="traywatchc.exe")
    screen.icon(RED)
    program.signal(signal.SIGINT)
    assert program.wait(PATIENCE_S) == 130, program.complaints
    assert holder(profile) == ""
    screen.no_icon(RED)


def test_with_a_menu_open_ctrl_c_ends_it_too(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile
) -> None:
    look_seldom(profile, outage)
    program = screen.start(*in_profile, name="traywatchc.exe")
    opened(screen)
    program.signal(signal.SIGINT)
    assert program.wait(PATIENCE_S) == 130, program.complaints


def test_logging_off_is_agreed_to_and_ends_it(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile
) -> None:
    program = screen.start(*in_profile)
    screen.icon(RED)
    assert screen.send(WM_QUERYENDSESSION, 0) == {1}
    screen.send(WM_ENDSESSION, 0)  # the person changed their mind
    assert screen.send(WM_QUERYENDSESSION, 0) == {1}
    screen.send(WM_ENDSESSION, 1)
    ends_well(program)
    assert holder(profile) == ""


# ---------------------------------------------------------------- how it is started


def test_it_starts_at_login_by_its_run_key(
    screen: Screen, outage: DemoVendor, profile: Path, in_profile: InProfile
) -> None:
    """As wine's own start of a session reads the key."""
    on = screen.start("autostart", "on", *in_profile, name="traywatchc.exe")
    assert on.wait(PATIENCE_S) == 0
    screen.launch("wineboot")
    screen.icon(RED)
    screen.choose(opened(screen), QUIT)
    screen.no_icon(RED)
    off = screen.start("autostart", "off", *in_profile, name="traywatchc.exe")
    assert off.wait(PATIENCE_S) == 0


def test_a_mistake_in_the_settings_is_shown_to_who_has_no_terminal(
    screen: Screen, profile: Path, folder: Path, in_profile: InProfile
) -> None:
    """Started as Explorer starts what is double-clicked: without outputs."""
    (profile / "config.toml").write_text("intervall = 5\n")
    screen.launch("start", windows_path(folder / "traywatch.exe"), *in_profile)
    box = screen.wait_for_window(BOX, "traywatch has ended")
    screen.desk.screenshot("windows-box")
    said = f'{in_profile[1]}\\config.toml:1: intervall: unknown key, did you mean "interval"?'
    assert said in [part.text for part in box.parts]
    [ok] = [part for part in box.parts if part.kind == "Button"]
    screen.desk.click(*ok.middle)
    screen.wait_for(lambda: not screen.seen(BOX), "the end of the box")
