"""What kind of desktop this is, as far as a tray icon is concerned. Linux and other free systems.

There are two kinds of tray: the old one (XEmbed, X11 only) and StatusNotifierItem (over the session
bus). A panel may offer either, both, or none; it may come after us, and go and come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from traywatch.sinks.sessionbus import BusError, SessionBus

INDICATOR_PACKAGES: Final = "python3-gi and gir1.2-ayatanaappindicator3-0.1"
"""What brings the AppIndicator backend on Debian and its like."""
NO_HOST: Final = (
    "this desktop shows no tray at present: traywatch goes on, and its icon appears as soon as "
    "there is one. GNOME needs the AppIndicator extension (Debian: "
    "gnome-shell-extension-appindicator), other desktops a panel with a tray"
)

_WATCHER: Final = "org.kde.StatusNotifierWatcher"
_ASK_S: Final = 1.0


def usable_backends(environ: Mapping[str, str]) -> tuple[str, ...]:
    """pystray's backends that can work here, best first; empty where there is no display.

    appindicator needs the session bus: without, its library complains on stderr. gtk draws an icon
    on X11 only. xorg needs nothing but X11, and has no menu.
    """
    if named := environ.get("PYSTRAY_BACKEND"):
        return (named,)
    x11, wayland = bool(environ.get("DISPLAY")), bool(environ.get("WAYLAND_DISPLAY"))
    if not (x11 or wayland):
        return ()
    indicator = ("appindicator",) if _bus_is_there() else ()
    # Where there is Wayland, GTK draws by it, and not on the X11 display beside it.
    return (*indicator, *(("gtk",) if not wayland else ()), *(("xorg",) if x11 else ()))


def tray_is_there(*, any_kind: bool) -> bool:
    """Is a tray there to show the icon now? any_kind: StatusNotifierItem will do as well."""
    return _old_tray_is_there() or (any_kind and _notifier_host_is_there())


def _bus_is_there() -> bool:
    try:
        with SessionBus(_ASK_S):
            return True
    except BusError:
        return False


def _notifier_host_is_there() -> bool:
    """A watcher alone shows nothing: a host must have registered with it."""
    try:
        with SessionBus(_ASK_S) as bus:
            if not bus.has_owner(_WATCHER):  # asking it anything would start one
                return False
            path = "/StatusNotifierWatcher"
            return bus.get(_WATCHER, path, _WATCHER, "IsStatusNotifierHostRegistered") is True
    except BusError:
        return False


def _old_tray_is_there() -> bool:
    """Somebody holds the selection of the first screen's tray."""
    from Xlib import X, error
    from Xlib.display import Display

    try:
        display = Display()
    except (error.DisplayError, error.ConnectionClosedError, OSError):
        return False
    try:
        selection = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        return bool(display.get_selection_owner(selection) != X.NONE)
    except error.ConnectionClosedError:
        return False
    finally:
        display.close()
