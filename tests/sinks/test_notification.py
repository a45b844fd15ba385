"""The notification sink as transcripts, and each system's way of showing a toast."""

from __future__ import annotations

import json
import logging
import os
import shlex
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from traywatch.core.errors import SinkError
from traywatch.core.model import Impact, IncidentOpened, IncidentStatus, Recorded
from traywatch.core.wording import Toast
from traywatch.sinks import toast_linux
from traywatch.sinks.notification import NotificationSink, desktop_pop_up
from traywatch.sinks.sessionbus import BusError, BusTimeout, NoBus
from traywatch.sinks.toast_linux import LinuxToaster
from traywatch.sinks.toast_macos import macos_toast

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENED = IncidentOpened(
    page_id="acme",
    page_name="Acme",
    at=NOW,
    incident_id="1",
    incident_name="Login",
    incident_status=IncidentStatus.INVESTIGATING,
    impact=Impact.MAJOR,
    body="down",
)


def opened(*numbers: int) -> list[Recorded]:
    return [
        Recorded(n, NOW, replace(OPENED, incident_id=str(n), incident_name=f"I{n}"))
        for n in numbers
    ]


class Screen:
    """Shows toasts, or fails as it is told."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.failures: list[SinkError | None] = []

    def __call__(self, toast: Toast) -> None:
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.titles.append(toast.title)


class Desktop:
    """The sink with all that surrounds it."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.paused = False
        self.now = NOW
        self.sink = self.new_sink()

    def new_sink(self) -> NotificationSink:
        return NotificationSink(self.screen, paused=lambda: self.paused, now=lambda: self.now)


# ------------------------------------------------------------------ the sink


def test_what_breaks_is_shown_and_the_state_is_what_the_cursor_keeps() -> None:
    desktop = Desktop()
    assert desktop.sink.start(7, "", []) == (7, "")
    position = desktop.sink.emit(opened(1, 2))
    assert desktop.screen.titles == ["Acme - I1", "Acme - I2"]
    again = desktop.new_sink()
    assert again.start(9, position, []) == (9, position)
    assert again.emit([]) == position


def test_paused_is_silent_and_asked_anew_for_each_batch() -> None:
    desktop = Desktop()
    desktop.paused = True
    desktop.sink.emit(opened(1))
    desktop.paused = False
    desktop.sink.emit(opened(2))
    assert desktop.screen.titles == ["Acme - I2"]
    assert desktop.sink.count == 1


def test_what_piled_up_is_one_digest() -> None:
    desktop = Desktop()
    desktop.now = NOW + timedelta(hours=2)
    desktop.sink.emit(opened(*range(100)))
    assert desktop.screen.titles == ["While you were away"]
    assert desktop.sink.batch >= 2_000, "the larger the batch, the fewer the digests"


def test_after_a_failure_half_way_only_the_rest_is_shown() -> None:
    desktop = Desktop()
    desktop.screen.failures = [None, SinkError("frozen")]
    with pytest.raises(SinkError, match="frozen"):
        desktop.sink.emit(opened(1, 2, 3))
    desktop.sink.emit(opened(1, 2, 3))
    assert desktop.screen.titles == ["Acme - I1", "Acme - I2", "Acme - I3"]
    desktop.sink.emit(opened(1))
    assert desktop.screen.titles[3:] == ["Acme - I1"], "what comes later is another batch"


def test_a_desktop_without_toasts_is_told_of_once_and_its_events_are_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desktop = Desktop()
    desktop.screen.failures = [SinkError("no daemon", permanent=True) for _ in range(3)]
    for number in (1, 2, 3):
        assert desktop.sink.emit(opened(number)), "the state moves on all the same"
    assert [record.message for record in caplog.records] == ["toasts are not shown: no daemon"]
    desktop.sink.emit(opened(4))
    desktop.screen.failures = [SinkError("gone again", permanent=True)]
    desktop.sink.emit(opened(5))
    assert desktop.screen.titles == ["Acme - I4"]
    assert caplog.records[-1].levelno == logging.WARNING
    assert len(caplog.records) == 2


def test_each_system_has_its_way() -> None:
    screen = Screen()
    assert desktop_pop_up(screen, "win32") is screen
    assert desktop_pop_up(screen, "darwin") is macos_toast
    assert isinstance(desktop_pop_up(screen, "linux"), LinuxToaster)
    assert isinstance(desktop_pop_up(screen, "freebsd14"), LinuxToaster)


def test_neither_it_nor_the_menu_brings_pystray_pillow_or_plyer() -> None:
    modules = "traywatch.sinks.notification, traywatch.sinks.menu, traywatch.sinks.toast_linux"
    look = f"import {modules}, sys; print({{'pystray', 'PIL', 'plyer'}} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


# ------------------------------------------------------------------ a program that takes toasts

no_scripts = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a Unix script")


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every program that shows toasts, replaced by one that writes its arguments to this file."""
    told = tmp_path / "told.json"
    teller = tmp_path / "tell.py"
    teller.write_text(f"import json, sys\njson.dump(sys.argv[1:], open({str(told)!r}, 'w'))\n")
    # By way of a shell: what follows #! may hold no space, and a checkout's path may.
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(teller))} "$@"\n'
    for name in ("notify-send", "osascript"):
        program = tmp_path / name
        program.write_text(script)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    return told


NASTY = Toast('-e "; rm -rf ~', "`id` $(id) ' \" <b>&\\n -- end")


@no_scripts
def test_on_macos_the_text_is_an_argument_and_never_a_part_of_the_script(stand_in: Path) -> None:
    macos_toast(NASTY)
    *script, title, body = json.loads(stand_in.read_text())
    assert not any(NASTY.body in part or NASTY.title in part for part in script)
    assert (title, body) == (f" {NASTY.title}", NASTY.body)


@no_scripts
@pytest.mark.parametrize(
    ("capabilities", "body"),
    [
        (("body",), "`id` $(id) ' \" <b>&\\\\n -- end"),
        (("body", "body-markup"), "`id` $(id) ' \" &lt;b&gt;&amp;\\\\n -- end"),
    ],
)
def test_on_linux_markup_is_escaped_where_the_daemon_renders_it(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch, capabilities: tuple[str, ...], body: str
) -> None:
    monkeypatch.setattr(toast_linux, "_can_import", lambda _: False)
    monkeypatch.setattr(toast_linux, "_capabilities", lambda: capabilities)
    LinuxToaster()(NASTY)
    title, said, *options = json.loads(stand_in.read_text())
    assert (title, said) == (f" {NASTY.title}", body)
    assert options[options.index("-a") :][:2] == ["-a", "traywatch"]
    assert options[options.index("-t") :][:2] == ["-t", "10000"]


@no_scripts
def test_a_container_with_a_folder_app_is_not_taken_for_flatpak(
    stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """plyer's own choice would be the portal, which shows nothing there and says nothing."""
    isdir = os.path.isdir
    monkeypatch.setattr(os.path, "isdir", lambda path: path == "/app" or isdir(path))
    monkeypatch.setattr(toast_linux, "_can_import", lambda _: False)
    monkeypatch.setattr(toast_linux, "_capabilities", lambda: ())
    LinuxToaster()(NASTY)
    assert stand_in.exists()


def test_without_notify_send_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(toast_linux, "_can_import", lambda _: False)
    monkeypatch.setattr(toast_linux, "_capabilities", lambda: ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SinkError, match="libnotify-bin") as raised:
        LinuxToaster()(NASTY)
    assert raised.value.permanent
    with pytest.raises(SinkError, match="osascript is missing") as raised:
        macos_toast(NASTY)
    assert raised.value.permanent


class Stuck:
    """A sender that hangs until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.let_go = threading.Event()

    def notify(self, **_: object) -> None:
        self.calls += 1
        self.let_go.wait(10)


def test_a_call_that_hangs_is_left_behind_and_no_second_one_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, toaster = Stuck(), LinuxToaster(send_s=0.01)
    monkeypatch.setattr(toast_linux, "_sender", lambda: stuck)
    monkeypatch.setattr(toast_linux, "_capabilities", lambda: ())
    for _ in range(3):
        with pytest.raises(SinkError) as raised:
            toaster(NASTY)
        assert not raised.value.permanent
    assert stuck.calls == 1
    left_behind = toaster._sending
    assert left_behind
    assert left_behind.daemon, "it must not keep the program from ending"
    stuck.let_go.set()
    left_behind.join()
    LinuxToaster.__call__(toaster, NASTY)
    assert stuck.calls == 2


def test_whatever_a_sender_raises_is_a_failure_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def notify(self, **_: object) -> None:
            raise RuntimeError("dbus-python says no")

    monkeypatch.setattr(toast_linux, "_sender", Broken)
    monkeypatch.setattr(toast_linux, "_capabilities", lambda: ())
    with pytest.raises(SinkError, match="dbus-python says no") as raised:
        LinuxToaster()(NASTY)
    assert not raised.value.permanent


SERVICE_UNKNOWN = "org.freedesktop.DBus.Error.ServiceUnknown"


@pytest.mark.parametrize(
    ("failure", "permanent", "said"),
    [
        (NoBus("there is no session bus"), True, "no session bus"),
        (BusError("nobody", SERVICE_UNKNOWN), True, "no notification daemon is running"),
        (BusError("x", "org.freedesktop.DBus.Error.Spawn.ExecFailed"), True, "is running: install"),
        (BusError("x", "org.freedesktop.DBus.Error.NoReply"), False, "does not answer"),
        (BusTimeout("no answer"), False, "does not answer"),
    ],
)
def test_what_the_bus_says_decides_whether_it_is_worth_another_try(
    monkeypatch: pytest.MonkeyPatch, failure: BusError, permanent: bool, said: str
) -> None:
    def refuse(timeout_s: float) -> None:
        raise failure

    monkeypatch.setattr(toast_linux, "SessionBus", refuse)
    with pytest.raises(SinkError, match=said) as raised:
        LinuxToaster()(NASTY)
    assert raised.value.permanent is permanent
