"""Toasts on Linux and other free desktops: plyer, and around it what plyer leaves to chance.

plyer 2.1.0 sends through dbus-python where that is installed, else through ``notify-send``. It
takes a directory ``/app`` for Flatpak and then shows nothing; it never learns that there is no
notification daemon; a frozen one holds it for a minute; and it sends a body as it is, though most
daemons read it as markup. So the daemon is asked first, over the bus, what it is and does, and
plyer is called on a thread that may be left behind.
"""

from __future__ import annotations

import html
import shutil
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Final, Protocol

from traywatch.bundled import asset
from traywatch.core.errors import SinkError
from traywatch.core.wording import Toast
from traywatch.sinks.sessionbus import BusError, NoBus, SessionBus

ASK_S: Final = 2.0
"""How long the notification daemon may take to say what it can do; it takes a millisecond."""
SEND_S: Final = 5.0
"""How long it may take to accept a toast."""
SHOWN_S: Final = 10
"""How long a toast is to be seen, where the desktop lets us choose."""

_DAEMON: Final = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_HOW_TO_GET_ONE: Final = "install one (Debian: dunst or xfce4-notifyd) to see toasts"


class _Sender(Protocol):
    def notify(
        self, *, title: str, message: str, app_name: str, app_icon: str, timeout: int
    ) -> None:
        """Hand a toast to the daemon; may hang, may raise anything."""


class LinuxToaster:
    """Shows toasts, one after another."""

    def __init__(self, send_s: float = SEND_S) -> None:
        self._send_s = send_s
        self._sender: _Sender | None = None
        self._sending: threading.Thread | None = None

    def __call__(self, toast: Toast) -> None:
        """Show it. Takes at most seven seconds.

        Raises SinkError: permanent where nothing on this desktop can show a toast, passing where
        the daemon does not answer.
        """
        markup = "body-markup" in _capabilities()
        # https://specifications.freedesktop.org/notification-spec/latest/markup.html
        body = html.escape(toast.body, quote=False) if markup else toast.body
        sender = self._sender = self._sender or _sender()
        self._within_bounds(
            lambda: sender.notify(
                title=toast.title or "traywatch",
                message=body,
                app_name="traywatch",
                app_icon=_icon(),
                timeout=SHOWN_S,
            )
        )

    def _within_bounds(self, send: Callable[[], None]) -> None:
        """Do it on a thread; one that hangs is left behind, and no second one is started."""
        if self._sending and self._sending.is_alive():
            raise SinkError("the notification daemon does not answer")
        failures: list[Exception] = []

        def run() -> None:
            try:
                send()
            except Exception as error:  # noqa: BLE001 - dbus-python raises what it likes
                failures.append(error)

        self._sending = threading.Thread(target=run, name="toast", daemon=True)
        self._sending.start()
        self._sending.join(self._send_s)
        if self._sending.is_alive():
            raise SinkError(f"the notification daemon took no toast within {self._send_s:g} s")
        if failures:
            raise SinkError(f"the toast could not be sent: {failures[0]}") from failures[0]


def _capabilities() -> tuple[str, ...]:
    """What the notification daemon can do; asking starts it where the bus knows how to."""
    try:
        with SessionBus(ASK_S) as bus:
            answer = bus.ask(*_DAEMON, "GetCapabilities")
    except NoBus as error:
        raise SinkError(f"{error}, and without it no toasts", permanent=True) from error
    except BusError as error:
        if error.nobody_there:
            reason = f"no notification daemon is running: {_HOW_TO_GET_ONE}"
            raise SinkError(reason, permanent=True) from error
        raise SinkError(f"the notification daemon does not answer: {error}") from error
    return answer if isinstance(answer, tuple) else ()


def _sender() -> _Sender:
    """One of plyer's two ways; the choice is ours, as plyer's own falls for a directory /app."""
    if _can_import("dbus"):
        from plyer.platforms.linux.notification import NotifyDbus

        through_dbus: _Sender = NotifyDbus()
        return through_dbus
    if not shutil.which("notify-send"):
        raise SinkError("notify-send is missing: install libnotify-bin", permanent=True)
    return _notify_send()


def _can_import(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def _notify_send() -> _Sender:
    from plyer.platforms.linux.notification import NotifySendNotification

    class NotifySend(NotifySendNotification):  # type: ignore[misc] # plyer has no types
        """plyer's, with the arguments as ``notify-send`` reads them."""

        def _notify(self, **said: object) -> None:
            super()._notify(
                title=_argument(str(said["title"])),
                # libnotify 0.8.1 runs the body through g_strcompress; "\\377" makes it abort.
                message=_argument(str(said["message"]).replace("\\", "\\\\")),
                icon=said["app_icon"],
                app_name=said["app_name"],
                expire_time=str(1000 * SHOWN_S),  # plyer's own "0" means for ever
            )

    through_program: _Sender = NotifySend()
    return through_program


def _argument(text: str) -> str:
    """A text that is not taken for an option; plyer leaves no room for a ``--`` before it."""
    return f" {text}" if text.startswith("-") else text


def _icon() -> str:
    try:
        return str(asset("icons/traywatch.png"))
    except FileNotFoundError:
        return ""
