"""Toasts as a real notification daemon receives them, by each of plyer's two ways."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.desktop.conftest import ROOT
from tests.desktop.desk import Desk
from tests.desktop.started import Started
from traywatch.sinks.toast_linux import ASK_S, SEND_S

PROGRAM: Final = str(Path(__file__).with_name("toaster.py"))
NO_DAEMON: Final = {"tray": False, "notifier": False}
NO_TRAY: Final = {"tray": False}

Show = Callable[[str, str], Any]


@pytest.fixture(params=["notify-send", "dbus-python"])
def toaster(request: pytest.FixtureRequest, desk: Desk, lend: Callable[[str], str]) -> Started:
    """The program, which has dbus-python or not."""
    path = lend("dbus") if request.param == "dbus-python" else str(ROOT)
    return desk.launch([sys.executable, PROGRAM], {"PYTHONPATH": path})


@pytest.fixture
def show(desk: Desk, toaster: Started) -> Show:
    """Has a toast shown; returns the program's answer."""

    def show(title: str, body: str) -> Any:
        answers = len(toaster.lines)
        toaster.tell([title, body])
        desk.wait_for(lambda: len(toaster.lines) > answers, "an answer", seconds=15)
        return toaster.said[answers]

    return show


@pytest.mark.parametrize("desk", [NO_TRAY], indirect=True)
@pytest.mark.parametrize(
    ("title", "body", "title_seen", "body_seen"),
    [
        ("Acme - Login", "Investigating: down", "Acme - Login", "Investigating: down"),
        ("a", "5 < 6 & <b>7</b> &amp;", "a", "5 &lt; 6 &amp; &lt;b&gt;7&lt;/b&gt; &amp;amp;"),
        ("a", 'it\'s "$(id)" `id` %s', "a", 'it\'s "$(id)" `id` %s'),
        ("a", r"C:\new \377 \\ \101\ ".strip(), "a", r"C:\new \377 \\ \101" + "\\"),
        ("Störung 障害 😀", "Störung 障害 😀", "Störung 障害 😀", "Störung 障害 😀"),
        ("-u critical", "--help", "-u critical", "--help"),
        ("", "a body", "traywatch", "a body"),
        ("a title", "", "a title", ""),
        ("x" * 200, "y" * 200, "x" * 200, "y" * 200),
    ],
)
def test_what_is_sent_arrives_as_it_is_and_is_not_read_as_markup(
    desk: Desk, show: Show, title: str, body: str, title_seen: str, body_seen: str
) -> None:
    assert show(title, body) == "shown"
    [toast] = desk.wait_for(desk.bus.toasts, "the toast")
    assert (toast.title.strip(), toast.body.strip()) == (title_seen, body_seen)
    assert toast.app == "traywatch"
    assert toast.icon.endswith("traywatch.png")


@pytest.mark.parametrize("desk", [NO_TRAY], indirect=True)
def test_markup_is_seen_as_text(desk: Desk, show: Show) -> None:
    assert show("Acme: <i>Login</i>", "Investigating: <b>5 < 6</b> & more") == "shown"
    assert show("Acme - API", "Resolved: all is well again") == "shown"
    desk.wait_for(lambda: len(desk.screen().getcolors(1 << 20) or []) > 16, "toasts on the screen")
    desk.screenshot("toasts")  # the markup is read as text, which only an eye can see
    assert len(desk.bus.toasts()) == 2


@pytest.mark.parametrize("desk", [NO_DAEMON], indirect=True)
def test_without_a_daemon_it_says_what_to_install(desk: Desk, show: Show) -> None:
    failed, permanent, reason = show("a", "b")
    assert (failed, permanent) == ("failed", True)
    assert "no notification daemon is running: install" in reason
    desk.start_notifier()
    assert show("c", "d") == "shown"
    assert [toast.title for toast in desk.wait_for(desk.bus.toasts, "the toast")] == ["c"]


@pytest.mark.parametrize("desk", [NO_TRAY], indirect=True)
def test_a_frozen_daemon_is_left_within_seconds_and_nothing_comes_twice(
    desk: Desk, show: Show
) -> None:
    desk.freeze("notifier")
    for _ in range(2):
        before = time.monotonic()
        failed, permanent, _ = show("frozen", "b")
        assert (failed, permanent) == ("failed", False)
        assert time.monotonic() - before < ASK_S + SEND_S
    desk.thaw("notifier")
    assert show("thawed", "b") == "shown"
    assert [toast.title for toast in desk.wait_for(desk.bus.toasts, "the toast")] == ["thawed"]


@pytest.mark.parametrize("desk", [NO_TRAY], indirect=True)
def test_a_daemon_that_was_started_anew_is_found(desk: Desk, show: Show) -> None:
    assert show("a", "b") == "shown"
    desk.stop_part("notifier", signal.SIGKILL)
    assert show("lost", "b")[:2] == ["failed", True]
    desk.start_notifier()
    assert show("c", "d") == "shown"
    assert [toast.title for toast in desk.wait_for(desk.bus.toasts, "the toast")] == ["c"]


@pytest.mark.parametrize("desk", [NO_TRAY], indirect=True)
def test_when_the_bus_is_gone_it_says_so(desk: Desk, show: Show) -> None:
    assert show("a", "b") == "shown"
    desk.stop_part("notifier")
    desk.stop_part("bus")
    failed, permanent, reason = show("c", "d")
    assert (failed, permanent) == ("failed", True)
    assert "no session bus" in reason
