"""The tray without a desktop: why there is none, which backend is taken, what Windows is taught.

What the icon does in a real tray is in tests/desktop.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from traywatch.core.overview import IconState, Overview
from traywatch.core.wording import Toast
from traywatch.sinks import desktop, opening
from traywatch.sinks.backends import windows
from traywatch.sinks.backends.base import Backend
from traywatch.sinks.backends.signals import knock_on_signals

# ------------------------------------------------------------------ why there is none

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="about X11 and Wayland")


def why_no_tray(**environ: str) -> str:
    """Asked in a process of its own: pystray is imported once, and for good."""
    desktops = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
    env = {k: v for k, v in os.environ.items() if k not in desktops} | environ
    ask = "from traywatch.sinks.tray import why_no_tray; print(why_no_tray())"
    said = subprocess.run(
        [sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=True
    )
    assert not said.stderr
    return said.stdout.strip()


@linux_only
@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "there is no graphical display"),
        ({"DISPLAY": ":4711"}, "the display :4711 cannot be opened"),
        ({"DISPLAY": "nonsense"}, "the display nonsense cannot be opened"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "gir1.2-ayatanaappindicator3-0.1"),
        ({"PYSTRAY_BACKEND": "xorg", "DISPLAY": ":4711"}, "the display :4711 cannot be opened"),
    ],
)
def test_it_says_why_there_is_no_tray(environ: dict[str, str], said: str) -> None:
    assert said in why_no_tray(**environ)


@pytest.mark.parametrize(
    ("environ", "bus", "backends"),
    [
        ({}, True, ()),
        ({"DISPLAY": ":0"}, True, ("appindicator", "gtk", "xorg")),
        ({"DISPLAY": ":0"}, False, ("gtk", "xorg")),
        ({"WAYLAND_DISPLAY": "w"}, True, ("appindicator",)),
        ({"WAYLAND_DISPLAY": "w"}, False, ()),
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, True, ("appindicator", "xorg")),
        ({"WAYLAND_DISPLAY": "w", "DISPLAY": ":0"}, False, ("xorg",)),
        ({"PYSTRAY_BACKEND": "gtk"}, False, ("gtk",)),
    ],
)
def test_the_backends_that_can_work_are_tried_best_first(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], bus: bool, backends: tuple[str, ...]
) -> None:
    monkeypatch.setattr(desktop, "_bus_is_there", lambda: bus)
    assert desktop.usable_backends(environ) == backends


# ------------------------------------------------------------------ an icon that breaks


class Loop(Backend):
    """A backend whose loop ends at once. What is asked of it is done at once, and noted."""

    icons: ClassVar[list[Loop]] = []
    breaks = ""
    meanwhile: ClassVar[Callable[[Loop], None]] = lambda _: None
    """What other threads do while the loop runs."""

    def __init__(self, icon: Any, *rest: Any) -> None:
        super().__init__(icon, *rest)
        self.did: list[object] = []
        self.icons.append(self)
        # Where pystray's backends differ; ``run`` itself is pystray's own.
        icon._run, icon._stop = self._run, lambda: self.did.append("stop")
        icon._thread = threading.current_thread()  # what win32's looks for when it is deleted
        icon._update_menu = lambda: None

    def _run(self) -> None:
        if self.breaks:
            raise RuntimeError(self.breaks)
        self.icon._mark_ready()
        self.icon._setup_thread.join()
        self._look()
        Loop.meanwhile(self)

    def knock(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._look()

    def appear(self) -> None:
        self.did.append("appear")

    def paint(self, state: IconState) -> None:
        self.did.append(state)

    def tell(self, text: str) -> None:
        self.did.append(text)

    def refresh_menu(self) -> None:
        self.did.append("menu")

    def pop_up(self, title: str, body: str) -> None:
        self.did.append((title, body))


@pytest.fixture
def make_tray(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Tray on pystray's dummy backend, driven by ``Loop``."""
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    from traywatch.sinks import tray

    monkeypatch.setattr(tray, "backend_for", lambda _: Loop)
    monkeypatch.setattr(tray, "_say_what_is_missing", lambda _: None)
    monkeypatch.setattr(Loop, "icons", [])
    monkeypatch.setattr(Loop, "breaks", "")
    monkeypatch.setattr(Loop, "meanwhile", lambda _: None)
    nothing = tray.Commands(*4 * [lambda *_: None])
    yield lambda: tray.Tray(nothing)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pystray"]:
        del sys.modules[name]


def test_what_was_shown_before_the_loop_runs_is_painted_before_the_icon_appears(
    make_tray: Any,
) -> None:
    tray = make_tray()
    tray.show(Overview(IconState.DEGRADED))
    tray.show(Overview(IconState.MAINTENANCE))
    tray.pop_up(Toast("a title", "a body"))
    tray.run()
    assert Loop.icons[0].did == [
        IconState.MAINTENANCE,
        "No pages are watched",
        "menu",
        "appear",
        ("a title", "a body"),
    ]


def test_only_what_differs_is_changed(make_tray: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tray = make_tray()

    def meanwhile(loop: Loop) -> None:
        loop.did.clear()
        for overview in (
            Overview(IconState.UNREADABLE),
            Overview(IconState.DEGRADED),
            Overview(IconState.DEGRADED, paused=True),
        ):
            tray.show(overview)
        tray.stop()

    monkeypatch.setattr(Loop, "meanwhile", meanwhile)
    assert tray.run() is None
    assert Loop.icons[0].did == [IconState.DEGRADED, "menu", "stop"]


def test_an_icon_whose_loop_breaks_is_made_anew_a_few_times_and_no_thread_stays(
    make_tray: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Loop, "breaks", "the X server is gone")
    threads = threading.active_count()
    assert make_tray().run() == "RuntimeError: the X server is gone"
    assert len(Loop.icons) == 3
    assert [record.message for record in caplog.records] == 3 * [
        "the tray icon is gone: RuntimeError: the X server is gone"
    ]
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(5)
    assert threading.active_count() == threads


def test_stopped_before_it_began_it_does_not_begin(make_tray: Any) -> None:
    tray = make_tray()
    tray.stop()
    assert tray.run() is None
    assert not Loop.icons


def test_ctrl_c_is_what_it_was_before(make_tray: Any) -> None:
    def mine(*_: object) -> None:
        """Mine."""

    before = signal.signal(signal.SIGINT, mine)
    try:
        make_tray().run()
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_change_that_fails_is_logged_and_tried_again(
    make_tray: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tray = make_tray()
    paint = Loop.paint

    def fail(self: Loop, state: IconState) -> None:
        raise OSError("no such window")

    def meanwhile(loop: Loop) -> None:
        assert loop.did == []
        monkeypatch.setattr(Loop, "paint", paint)
        tray.show(Overview(IconState.DEGRADED))
        assert (loop.did[0], loop.did[-1]) == (IconState.DEGRADED, "appear")
        tray.stop()

    monkeypatch.setattr(Loop, "paint", fail)
    monkeypatch.setattr(Loop, "meanwhile", meanwhile)
    assert tray.run() is None
    assert [record.message for record in caplog.records] == ["the tray icon could not be changed"]


# ------------------------------------------------------------------ Windows, as far as it goes here


class User32:
    """Notes what is asked of Windows."""

    def __init__(self) -> None:
        self.posted: list[object] = []
        self.icons: list[tuple[object, ...]] = []

    def PostMessageW(self, *what: object) -> None:  # noqa: N802
        self.posted.append(what)

    def EndMenu(self) -> None:  # noqa: N802
        self.posted.append("EndMenu")

    def GetSystemMetrics(self, index: int) -> int:  # noqa: N802
        return {49: 20}[index]

    def CreateIconFromResourceEx(self, *what: object) -> int:  # noqa: N802
        self.icons.append(what)
        return 4711


class Win32Icon:
    """The parts of pystray's win32 icon that are touched, as they are in 0.19.5."""

    def __init__(self) -> None:
        self._hwnd = 1
        self._icon_handle: int | None = None
        self._message_handlers = {11: self._on_notify}
        self.did: list[object] = []
        self.icon: Any = None
        self.title = ""

    def _on_notify(self, wparam: int, lparam: int) -> None:
        self.did.append(lparam)

    def _update_menu(self) -> None:
        self.did.append("menu")

    def _assert_icon_handle(self) -> None:
        raise AssertionError("not pystray's own")

    def notify(self, body: str, title: str) -> None:
        self.did.append((title, body))

    def stop(self) -> None:
        self.did.append("stop")


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch) -> tuple[windows.Windows, Win32Icon, list[str]]:
    monkeypatch.setattr(windows, "_user32", User32)
    icon, called = Win32Icon(), list[str]()
    look, leave = (lambda: called.append("look")), (lambda: called.append("leave"))
    return windows.Windows(icon, look, leave), icon, called


def test_on_windows_the_menu_is_built_when_it_is_opened_and_only_then(on_windows: Any) -> None:
    backend, icon, _ = on_windows
    backend.refresh_menu()
    assert icon.did == []
    icon._message_handlers[11](0, 0x0202)
    icon._message_handlers[11](0, 0x0205)
    assert icon.did == [0x0202, "menu", 0x0205]


def test_on_windows_logging_off_is_agreed_to_and_then_we_leave(on_windows: Any) -> None:
    _, icon, called = on_windows
    assert icon._message_handlers[0x11](0, 0) == 1
    icon._message_handlers[0x16](0, 0)
    assert called == [], "the person changed their mind"
    icon._message_handlers[0x16](1, 0)
    assert called == ["leave"]


def test_on_windows_an_open_menu_does_not_hold_up_the_end(on_windows: Any) -> None:
    backend, icon, _ = on_windows
    backend.vanish()
    assert (backend._user32.posted, icon.did) == (["EndMenu"], ["stop"])


def test_on_windows_a_knock_is_a_message_to_the_icons_window(on_windows: Any) -> None:
    backend, icon, called = on_windows
    backend.knock()
    [(window, message, *_)] = backend._user32.posted
    assert window == 1
    icon._message_handlers[message](0, 0)
    assert called == ["look"]


def test_on_windows_texts_have_the_lengths_it_takes(on_windows: Any) -> None:
    backend, icon, _ = on_windows
    backend.pop_up("😀" * 100, "😀" * 1000)
    backend.pop_up("a", "")
    (title, body), (_, blank) = icon.did
    assert [len(text.encode("utf-16-le")) // 2 for text in (title, body)] == [63, 255]
    assert blank == " "
    backend.tell("😀" * 100)
    assert len(icon.title.encode("utf-16-le")) // 2 <= 127
    assert backend.label("R&D") == "R&&D"


def test_on_windows_the_icon_has_the_size_of_the_notification_area(on_windows: Any) -> None:
    backend, icon, _ = on_windows
    backend.paint(IconState.DEGRADED)
    icon._assert_icon_handle()
    icon._assert_icon_handle()
    assert icon._icon_handle == 4711
    [(png, length, *_, width, height, _)] = backend._user32.icons
    assert png.startswith(b"\x89PNG")
    assert (length, width, height) == (len(png), 20, 20)


# ------------------------------------------------------------------ signals, browsers


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="needs a signal nobody else uses")
def test_a_signal_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    knocked = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        knock_on_signals(knocked.set)
        signal.raise_signal(signal.SIGUSR1)
        assert knocked.wait(5)
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)


def test_only_web_addresses_reach_the_browser(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    opened: list[str] = []
    done = threading.Event()

    def browser(url: str) -> bool:
        opened.append(url)
        done.set()
        return False

    monkeypatch.setattr(webbrowser, "open", browser)
    opening.open_link("file:///etc/passwd")
    opening.open_link("https://user:secret@acme.test/")
    assert done.wait(5)
    assert opened == ["https://user:secret@acme.test/"]
    for thread in threading.enumerate():
        if thread.name == "browser":
            thread.join(5)
    assert "not a web address" in caplog.text
    assert "no browser was found to open https://***@acme.test/" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a Unix script")
def test_a_file_that_cannot_be_shown_is_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    opening._open_file(tmp_path / "records.log", "linux")
    assert "records.log could not be opened" in caplog.text
