"""What each of pystray's backends must be taught, one file a backend.

pystray offers the same few calls everywhere, and means something else by them on each system. A
``Backend`` drives one icon of one backend. What holds true of each:

- Only ``knock`` may be called on any thread; everything else, and every call into pystray, happens
  on the main thread, inside the icon's own loop. (Two threads that set the icon deadlock pystray's
  xorg.)
- ``knock`` makes that loop call ``look`` soon. Knocking twice may look once.

They reach into pystray's private parts, as there is no other way; ``tests/desktop`` shows that
what they rely on is there, with the version that is locked.
"""

from __future__ import annotations

from traywatch.sinks.backends.base import Backend


def backend_for(icon_class: type) -> type[Backend]:
    """The one for the backend pystray chose, known by the module its Icon comes from."""
    name = icon_class.__module__.rpartition("._")[2]
    if name in ("appindicator", "gtk"):
        from traywatch.sinks.backends import gtk

        return gtk.AppIndicator if name == "appindicator" else gtk.StatusIcon
    if name == "xorg":
        from traywatch.sinks.backends.xorg import Xorg

        return Xorg
    if name == "win32":
        from traywatch.sinks.backends.windows import Windows

        return Windows
    from traywatch.sinks.backends.macos import MacOS

    return MacOS
