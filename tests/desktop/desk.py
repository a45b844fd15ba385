"""A throw-away desktop: X server, session bus, panel with a tray, notification daemon.

Every part is a process of its own that was started here and is ended here; HOME and the XDG
folders lie in a temporary directory, so that nothing of the person's own desktop is touched.
What is seen is what a person would see: pixels, menus, toasts.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from PIL import Image, ImageGrab
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from tests.desktop.bus import NOTIFIER, Bus
from tests.desktop.started import Started

SCREEN: Final = (900, 640)
BAR: Final = 32
"""The panel's height; it lies along the top."""
BAR_COLOUR: Final = (64, 69, 82)
PROGRAMS: Final = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus-daemon",
    "xfce4-panel": "xfce4-panel",
    "dunst": "dunst",
    "notify-send": "libnotify-bin",
}
"""What must be there, and the Debian package that brings it."""

Colour = tuple[int, int, int]
T = TypeVar("T")

# The bus may start the panel's settings store and nothing else: otherwise it would start the
# machine's own notification daemon behind the back of a test that wants none.
_BUS: Final = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <servicedir>{services}</servicedir>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""

# One panel along the top, nothing on it but the tray.
_PANEL: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="icon-size" type="uint" value="24"/>
      <property name="background-style" type="uint" value="1"/>
      <property name="background-rgba" type="array">
        <value type="double" value="0.25"/>
        <value type="double" value="0.27"/>
        <value type="double" value="0.32"/>
        <value type="double" value="1"/>
      </property>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""

# Equal toasts would otherwise be shown as one, and a test could not count them.
_DUNSTRC: Final = """\
[global]
stack_duplicates = false
history_length = 100
notification_limit = 10
origin = top-right
offset = 12x48
width = 380
font = Sans 10
markup = full
format = "<b>%s</b>\\n%b"
[urgency_low]
timeout = 60
[urgency_normal]
timeout = 60
[urgency_critical]
timeout = 60
"""


def missing_programs() -> list[str]:
    """The Debian packages without which there is no desktop."""
    return [package for program, package in PROGRAMS.items() if not shutil.which(program)]


class Desk:
    """The desktop. The fixture starts it; a test may stop and start parts of it."""

    def __init__(self, folder: Path, screenshots: Path) -> None:
        self.folder = folder
        self.env = _bare_environment(folder)
        """What a program started on this desktop sees of the world."""
        self._screenshots = screenshots
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._programs: list[Started] = []
        self._bus: Bus | None = None
        self._display: Display | None = None

    @property
    def bus(self) -> Bus:
        """The session bus, seen from outside."""
        assert self._bus, "this desk has no session bus"
        return self._bus

    # ------------------------------------------------------------ its parts

    def start(self, *, bus: bool = True, tray: bool = True, notifier: bool = True) -> None:
        """Switch the desktop on, or only some of its parts."""
        self._start_screen()
        if bus:
            self._start_bus()
        if notifier:
            self.start_notifier()
        if tray:
            self.start_tray()

    def stop(self) -> None:
        """End everything that was started here."""
        for program in self._programs:
            program.kill()
        if self._bus:
            self._bus.close()
        self._leave_screen()
        for name in reversed(list(self._parts)):
            self.stop_part(name)

    def stop_screen(self) -> None:
        """The X server is gone, as when the person logs off."""
        self._leave_screen()
        self.stop_part("screen")

    def _leave_screen(self) -> None:
        if self._display:
            self._display.close()
            self._display = None

    def _start_screen(self) -> None:
        size = f"{SCREEN[0]}x{SCREEN[1]}x24"
        options = ["-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        number = self._start_and_hear("screen", ["Xvfb", *options, "-displayfd"])
        self.env["DISPLAY"] = f":{number}"
        self._display = Display(self.env["DISPLAY"])
        self.park_pointer()

    def _start_bus(self) -> None:
        services, socket = self.folder / "services", self.folder / "run" / "bus"
        services.mkdir()
        shutil.copy("/usr/share/dbus-1/services/org.xfce.Xfconf.service", services)
        settings = self.folder / "bus.conf"
        settings.write_text(_BUS.format(socket=socket, services=services))
        command = ["dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address"]
        address = self._start_and_hear("bus", command)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address.partition(",")[0]
        self._bus = Bus(self.env["DBUS_SESSION_BUS_ADDRESS"])

    def _start_and_hear(self, name: str, command: Sequence[str]) -> str:
        """Start a part whose last option takes the pipe on which it tells how to reach it.

        Once it tells, it listens. Number and end of line may come separately.
        """
        answer, told = os.pipe()
        *most, last = command
        number = [f"{last}={told}"] if last.startswith("--") else [last, str(told)]
        self._start_part(name, [*most, *number], pass_fds=(told,))
        os.close(told)
        with os.fdopen(answer) as lines:
            line = lines.readline().strip()
        assert line, f"{name} did not start:\n{self.log(name)}"
        return line

    def start_tray(self) -> None:
        """A panel whose tray shows both kinds of icon: XEmbed and StatusNotifierItem."""
        settings = self.folder / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(_PANEL)
        self._start_part("tray", ["xfce4-panel", "--disable-wm-check"])
        self.wait_for(self._tray_is_there, "the panel's tray")

    def start_notifier(self) -> None:
        """The notification daemon."""
        settings = self.folder / "dunstrc"
        settings.write_text(_DUNSTRC)
        self._start_part("notifier", ["dunst", "-conf", str(settings)])
        self.wait_for(lambda: self.bus.owned(NOTIFIER), "the notification daemon")

    def freeze(self, name: str) -> None:
        """Let a part hang as a broken one may: it takes requests and never answers."""
        os.kill(self._parts[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        os.kill(self._parts[name].pid, signal.SIGCONT)

    def stop_part(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End one part (and what it started) and nothing else."""
        part = self._parts.pop(name)
        for sig in (how, signal.SIGCONT):
            _signal_group(part, sig)
        try:
            part.wait(5)
        except subprocess.TimeoutExpired:
            _signal_group(part, signal.SIGKILL)
            part.wait()

    def launch(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> Started:
        """Start a program on this desktop. It is killed with the desk, if it still runs."""
        program = Started(command, {**self.env, **(env or {})})
        self._programs.append(program)
        return program

    def _start_part(
        self, name: str, command: Sequence[str], pass_fds: tuple[int, ...] = ()
    ) -> None:
        with self._log_file(name).open("ab") as log:
            self._parts[name] = subprocess.Popen(
                command,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    def _log_file(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def log(self, name: str) -> str:
        """What a part said."""
        return self._log_file(name).read_text(errors="replace")

    def _tray_is_there(self) -> bool:
        assert self._display
        selection = self._display.intern_atom("_NET_SYSTEM_TRAY_S0")
        owner = self._display.get_selection_owner(selection)
        return bool(owner != X.NONE) and self.bus.tray_is_there()

    # ------------------------------------------------------------ the screen

    def screen(self) -> Image.Image:
        """What is on the screen now, without the pointer."""
        return ImageGrab.grab(xdisplay=self.env["DISPLAY"]).convert("RGB")

    def bar(self) -> Image.Image:
        """The panel with its tray."""
        return self.screen().crop((0, 0, SCREEN[0], BAR))

    def screenshot(self, name: str) -> Path:
        """Keep the screen as a picture for a person to look at."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.screen().save(path)
        return path

    def find(self, colour: Colour, *, at_least: int = 12) -> tuple[int, int] | None:
        """Where on the bar something is drawn in exactly this colour; None: next to nothing is."""
        bar = self.bar()
        places = [(x, y) for y in range(BAR) for x in range(SCREEN[0])]
        found = [place for place in places if bar.getpixel(place) == colour]
        if len(found) < at_least:
            return None
        return sum(x for x, _ in found) // len(found), sum(y for _, y in found) // len(found)

    def wait_for_colour(self, colour: Colour) -> tuple[int, int]:
        """Wait until an icon of this colour is on the bar; returns where."""
        return self.wait_for(lambda: self.find(colour), f"an icon of colour {colour}")

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move the pointer there, press a button, and take the pointer away again."""
        self.point(x, y)
        self._fake(X.ButtonPress, button)
        self._fake(X.ButtonRelease, button)
        self.park_pointer()

    def point(self, x: int, y: int) -> None:
        """Move the pointer there."""
        self._fake(X.MotionNotify, x=x, y=y)

    def park_pointer(self) -> None:
        """Away from anything that lights up under it."""
        self.point(SCREEN[0] // 2, SCREEN[1] - 40)

    def _fake(self, kind: int, detail: int = 0, **where: int) -> None:
        assert self._display
        xtest.fake_input(self._display, kind, detail, **where)
        self._display.sync()

    # ------------------------------------------------------------ waiting

    def wait_for(self, condition: Callable[[], T | None], what: str, seconds: float = 10) -> T:
        """Ask again and again until the answer is truthy; past the deadline the test fails.

        A LookupError (a part that is not there yet) is no answer. What the screen showed instead
        is kept as a picture.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                if answer := condition():
                    return answer
            except LookupError:
                pass
            if time.monotonic() >= deadline:
                picture = self.screenshot("instead")
                raise AssertionError(f"not within {seconds} s: {what}; see {picture}")
            time.sleep(0.02)


def _bare_environment(folder: Path) -> dict[str, str]:
    """The caller's environment without its desktop, and with folders of its own."""
    foreign = ("DBUS_", "XDG_", "WAYLAND", "DISPLAY", "XAUTHORITY", "PYSTRAY_", "TRAYWATCH_", "GTK")
    env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    for name in ("config", "cache", "data", "state", "run"):
        (folder / name).mkdir(mode=0o700, parents=True)
    return env | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_SESSION_TYPE": "x11",
        "GDK_BACKEND": "x11",
        "NO_AT_BRIDGE": "1",
        "LC_ALL": "C.UTF-8",
    }


def _signal_group(part: subprocess.Popen[bytes], sig: signal.Signals) -> None:
    try:
        os.killpg(part.pid, sig)
    except ProcessLookupError:
        pass
