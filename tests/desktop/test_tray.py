"""The tray icon in a real tray: what is seen, read and clicked, on each of the Linux backends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image, ImageChops

from tests.desktop.desk import BAR_COLOUR, Desk
from tests.desktop.started import Started
from traywatch.core.overview import IconState
from traywatch.sinks import icons

PROGRAM: Final = str(Path(__file__).with_name("program.py"))
BACKENDS: Final = ("appindicator", "gtk", "xorg")
WITH_MENU: Final = "appindicator"
OUTAGE: Final = {
    "state": "major_outage",
    "pages": [
        {"name": "Calm", "severity": "operational"},
        {
            "name": "Acme",
            "severity": "major_outage",
            "troubled": [["R&D_API <b>", "major_outage"]],
            "incidents": [["Nobody can log in", "https://acme.test/incidents/1"]],
        },
    ],
}
CALM: Final = {"state": "operational", "pages": [{"name": "Acme", "severity": "operational"}]}

Lend = Callable[[str], str]
Start = Callable[..., Started]


@pytest.fixture
def start(desk: Desk, lend: Lend) -> Start:
    """Starts the program with a backend; ``**env`` on top of the desk's environment."""

    def start(backend: str, **env: str) -> Started:
        path = {"PYTHONPATH": lend("gi")}
        return desk.launch([sys.executable, PROGRAM], path | {"PYSTRAY_BACKEND": backend} | env)

    return start


def show(program: Started, desk: Desk, overview: dict[str, Any]) -> tuple[int, int]:
    """Have it shown; returns where the icon is."""
    program.tell({"show": overview})
    return desk.wait_for_colour(icons.colour(IconState(overview["state"])))


def wait_until_said(program: Started, desk: Desk, *words: object) -> None:
    desk.wait_for(lambda: list(words) in program.said, f"{words} among {program.lines}")


def wait_for_complaint(program: Started, desk: Desk, text: str) -> None:
    desk.wait_for(lambda: any(text in line for line in program.complaints), text)


def stop(program: Started) -> None:
    """It ends by itself, in good order, and leaves no thread behind."""
    program.tell({"stop": True})
    assert program.wait() == 0, program.complaints
    assert program.said[-1] == ["ended", None], program.complaints
    assert not any("Traceback" in line for line in program.complaints), program.complaints


# ------------------------------------------------------------------ the icon


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_state_is_seen_in_the_tray_pixel_by_pixel(
    desk: Desk, start: Start, backend: str
) -> None:
    """No scaling, no black square: what is on the bar is what was drawn for some size."""
    program = start(backend)
    for state in IconState:
        show(program, desk, {"state": state})
        as_meant = partial(_is_drawn_as_meant, desk, state)
        desk.wait_for(as_meant, f"{state} drawn for the tray's size")
        desk.screenshot(f"tray-{backend}-{state}")
    stop(program)


def _is_drawn_as_meant(desk: Desk, state: IconState) -> bool:
    seen = _without_margin(desk.bar())
    return any(_same(seen, _without_margin(_on_bar(state, size))) for size in icons.SIZES)


def _on_bar(state: IconState, size: int) -> Image.Image:
    picture = Image.new("RGBA", (size + 2, size + 2), (*BAR_COLOUR, 255))
    picture.alpha_composite(icons.draw(state, size), (1, 1))
    return picture.convert("RGB")


def _without_margin(picture: Image.Image) -> Image.Image:
    plain = Image.new("RGB", picture.size, BAR_COLOUR)
    return picture.crop(ImageChops.difference(picture, plain).getbbox())


def _same(one: Image.Image, other: Image.Image) -> bool:
    """Up to a rounding step: panels blend with other arithmetic than Pillow."""
    if one.size != other.size:
        return False
    extrema = ImageChops.difference(one, other).getextrema()
    return max(high for _, high in extrema) <= 2  # type: ignore[misc]


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_many_overviews_from_many_threads_the_last_one_is_shown(
    desk: Desk, start: Start, backend: str
) -> None:
    program = start(backend)
    program.tell({"flood": 2000, "then": OUTAGE})
    desk.wait_for_colour(icons.colour(IconState.MAJOR_OUTAGE))
    wait_until_said(program, desk, "flooded")
    show(program, desk, CALM)
    stop(program)


@pytest.mark.parametrize("backend", BACKENDS)
def test_names_in_any_script_are_taken(desk: Desk, start: Start, backend: str) -> None:
    program = start(backend)
    page = {"name": "Störung 障害 😀", "severity": "degraded"}
    show(program, desk, {"state": "degraded", "pages": [page]})
    stop(program)
    assert not any("could not be changed" in line for line in program.complaints)


@pytest.mark.parametrize("backend", BACKENDS)
def test_ctrl_c_ends_it_in_good_order(desk: Desk, start: Start, backend: str) -> None:
    program = start(backend)
    show(program, desk, CALM)
    program.signal(signal.SIGINT)
    assert program.wait() == 0, program.complaints
    assert ["quit"] in program.said


# ------------------------------------------------------------------ the menu


def test_the_menu_reads_and_obeys(desk: Desk, start: Start) -> None:
    program = start(WITH_MENU)
    show(program, desk, OUTAGE)
    desk.wait_for(lambda: len(desk.bus.rows()) > 5, "the menu")
    assert desk.bus.labels() == [
        "Acme: Major outage",
        "    Nobody can log in: Identified",
        "    R&D_API <b>: Major outage",
        "Calm: Operational",
        "Check now",
        "Pause notifications",
        "Open log",
        "Quit",
    ]
    assert desk.bus.item_property("Title") == "Acme: Major outage (R&D_API <b>)"
    for label, *said in (
        ("Check now", "check now"),
        ("Open log", "open log"),
        ("Acme", "link", "https://acme.test"),
        ("Nobody", "link", "https://acme.test/incidents/1"),
        ("Calm", "link", "https://calm.test"),
        ("Pause", "paused", True),
    ):
        desk.bus.choose(label)
        wait_until_said(program, desk, *said)
    desk.wait_for(lambda: _ticked(desk), "the tick")
    desk.bus.choose("Pause")
    wait_until_said(program, desk, "paused", False)
    desk.wait_for(lambda: not _ticked(desk), "the tick's end")
    desk.bus.choose("Quit")
    assert program.wait() == 0
    assert not desk.bus.items()


def _ticked(desk: Desk) -> bool:
    [row] = [row for row in desk.bus.rows() if row.label.startswith("Pause")]
    return row.checked is True


def test_the_menu_is_rebuilt_only_when_it_reads_otherwise(desk: Desk, start: Start) -> None:
    """Rebuilding closes a menu that is open. Rows get new ids when it happens."""
    program = start(WITH_MENU)
    show(program, desk, OUTAGE)
    before = desk.wait_for(lambda: desk.bus.rows()[5:] and desk.bus.rows(), "the menu")
    show(program, desk, OUTAGE | {"state": "degraded"})
    show(program, desk, OUTAGE)
    assert desk.bus.rows() == before
    show(program, desk, CALM)
    desk.wait_for(lambda: len(desk.bus.rows()) < len(before), "the other menu")


def test_an_open_menu_is_drawn_and_a_click_opens_the_incident(desk: Desk, start: Start) -> None:
    program = start(WITH_MENU)
    x, y = show(program, desk, OUTAGE)
    desk.wait_for(lambda: len(desk.bus.rows()) > 5, "the menu")
    desk.click(x, y)
    white = (255, 255, 255)
    desk.wait_for(lambda: desk.screen().getpixel((x + 40, 60)) == white, "the menu on the screen")
    desk.screenshot("menu-appindicator")
    desk.click(x + 60, 72)
    wait_until_said(program, desk, "link", "https://acme.test/incidents/1")


@pytest.mark.parametrize("backend", ["gtk", "xorg"])
def test_a_plain_click_opens_the_page_of_most_concern(
    desk: Desk, start: Start, backend: str
) -> None:
    program = start(backend)
    desk.click(*show(program, desk, OUTAGE))
    wait_until_said(program, desk, "link", "https://acme.test")


# ------------------------------------------------------------------ trays that come and go


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_icon_comes_back_with_the_tray(
    desk: Desk, start: Start, backend: str, how: signal.Signals
) -> None:
    program = start(backend)
    show(program, desk, CALM)
    for _ in range(2):
        desk.stop_part("tray", how)
        program.tell({"show": OUTAGE})  # nobody sees it yet
        desk.start_tray()
        desk.wait_for_colour(icons.colour(IconState.MAJOR_OUTAGE))
    stop(program)


@pytest.mark.parametrize("desk", [{"tray": False}], indirect=True)
@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_tray_it_says_so_once_and_waits_for_one(
    desk: Desk, start: Start, backend: str
) -> None:
    program = start(backend)
    wait_for_complaint(program, desk, "shows no tray at present")
    assert "gnome-shell-extension-appindicator" in "".join(program.complaints)
    program.tell({"show": CALM})
    desk.start_tray()
    desk.wait_for_colour(icons.colour(IconState.OPERATIONAL))
    show(program, desk, OUTAGE)
    assert "".join(program.complaints).count("no tray at present") == 1
    stop(program)


def test_where_there_is_a_tray_nothing_is_said_of_it(desk: Desk, start: Start) -> None:
    program = start(WITH_MENU)
    show(program, desk, CALM)
    stop(program)
    assert not program.complaints


# ------------------------------------------------------------------ half a desktop


@pytest.mark.parametrize("desk", [{"notifier": False}], indirect=True)
def test_without_a_notification_daemon_the_icon_comes_and_goes(desk: Desk, start: Start) -> None:
    program = start(WITH_MENU)
    show(program, desk, CALM)
    stop(program)


@pytest.mark.parametrize("backend", ["appindicator", "gtk"])
def test_a_frozen_notification_daemon_holds_up_neither_start_nor_end(
    desk: Desk, start: Start, backend: str
) -> None:
    desk.freeze("notifier")
    program = start(backend)
    show(program, desk, CALM)
    stop(program)


@pytest.mark.parametrize("address", ["unix:path=/nonexistent", "nonsense", ""])
def test_without_a_session_bus_there_is_an_icon_all_the_same(
    desk: Desk, start: Start, address: str
) -> None:
    """By the next best backend, which needs none; and the end does not hang."""
    program = start("", DBUS_SESSION_BUS_ADDRESS=address)
    show(program, desk, CALM)
    stop(program)
    assert program.said[0] == ["backend", "StatusIcon"]


def test_the_best_backend_is_chosen(desk: Desk, start: Start) -> None:
    program = start("")
    show(program, desk, CALM)
    stop(program)
    assert program.said[0] == ["backend", "AppIndicator"]


def test_without_gtk_it_is_the_bare_icon_and_says_what_a_menu_needs(desk: Desk) -> None:
    program = desk.launch([sys.executable, PROGRAM], {"PYTHONPATH": str(Path(PROGRAM).parents[2])})
    show(program, desk, CALM)
    stop(program)
    assert program.said[0] == ["backend", "Xorg"]
    assert "gir1.2-ayatanaappindicator3-0.1" in "".join(program.complaints)


def test_when_the_display_goes_the_loop_ends_with_a_reason(desk: Desk, start: Start) -> None:
    program = start("xorg")
    show(program, desk, CALM)
    desk.stop_part("tray")
    desk.stop_screen()
    assert program.wait() == 0
    assert program.said[-1][0] == "ended"
    assert program.said[-1][1]
