"""What is on a desk's session bus: tray icons with their menus, and the toasts that arrived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jeepney import DBusAddress, Message, MessageType, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection

_DAEMON: Final = DBusAddress(
    "/org/freedesktop/DBus",
    bus_name="org.freedesktop.DBus",
    interface="org.freedesktop.DBus",
)
_WATCHER: Final = DBusAddress(
    "/StatusNotifierWatcher",
    bus_name="org.kde.StatusNotifierWatcher",
    interface="org.kde.StatusNotifierWatcher",
)
_DUNST: Final = DBusAddress(
    "/org/freedesktop/Notifications",
    bus_name="org.freedesktop.Notifications",
    interface="org.dunstproject.cmd0",
)
NOTIFIER: Final = "org.freedesktop.Notifications"


@dataclass(frozen=True)
class Row:
    """One row of a menu as a panel receives it."""

    id: int
    """Given anew whenever the menu is built."""
    label: str
    separator: bool
    enabled: bool
    checked: bool | None
    """None: it has no tick."""
    rows: tuple[Row, ...]

    def all(self) -> Iterator[Row]:
        """This row and every row below it."""
        yield self
        for row in self.rows:
            yield from row.all()


@dataclass(frozen=True)
class Arrived:
    """One toast as the daemon received it."""

    title: str
    body: str
    """As sent, markup not yet rendered."""
    app: str
    icon: str


class Bus:
    """A connection to the session bus of a desk."""

    def __init__(self, address: str) -> None:
        self._connection = open_dbus_connection(address)

    def close(self) -> None:
        """Leave the bus."""
        self._connection.close()

    def _send(self, message: Message) -> Any:
        reply = self._connection.send_and_get_reply(message, timeout=5)
        if reply.header.message_type is MessageType.error:
            raise LookupError(str(reply.body))
        return reply.body

    def _ask(self, address: DBusAddress, method: str, signature: str = "", *body: Any) -> Any:
        return self._send(new_method_call(address, method, signature or None, body))

    def _property(self, address: DBusAddress, name: str) -> Any:
        return self._send(Properties(address).get(name))[0][1]

    def owned(self, name: str) -> bool:
        """Does anybody answer to this name?"""
        return bool(self._ask(_DAEMON, "NameHasOwner", "s", name)[0])

    def tray_is_there(self) -> bool:
        """Is there a tray for StatusNotifierItems?"""
        return self.owned(_WATCHER.bus_name) and bool(
            self._property(_WATCHER, "IsStatusNotifierHostRegistered")
        )

    # ------------------------------------------------------------ the icon

    def items(self) -> list[str]:
        """The StatusNotifierItems in the tray, as ``bus name/object path``."""
        if not self.owned(_WATCHER.bus_name):
            return []
        return list(self._property(_WATCHER, "RegisteredStatusNotifierItems"))

    def item_property(self, name: str) -> Any:
        """A property of the one icon in the tray: Title, IconName..."""
        return self._property(self._item(), name)

    def menu(self) -> tuple[Row, ...]:
        """The menu of the one icon in the tray."""
        address = self._menu_address()
        self._ask(address, "AboutToShow", "i", 0)
        _, root = self._ask(address, "GetLayout", "iias", 0, -1, [])
        return _row(root).rows

    def rows(self) -> list[Row]:
        """Every row of that menu from top to bottom, without the separators."""
        return [row for top in self.menu() for row in top.all() if not row.separator]

    def labels(self) -> list[str]:
        """What the menu reads."""
        return [row.label for row in self.rows()]

    def choose(self, label: str) -> None:
        """Click the row whose text begins like this."""
        for row in self.rows():
            if row.label.strip().startswith(label):
                event = (row.id, "clicked", ("i", 0), 0)
                self._ask(self._menu_address(), "Event", "isvu", *event)
                return
        raise LookupError(f"{label!r} is not in {self.labels()}")

    def _item(self) -> DBusAddress:
        [item] = self.items()
        name, path = item.split("/", 1)
        return DBusAddress(f"/{path}", bus_name=name, interface="org.kde.StatusNotifierItem")

    def _menu_address(self) -> DBusAddress:
        item = self._item()
        path = self._property(item, "Menu")
        return DBusAddress(path, bus_name=item.bus_name, interface="com.canonical.dbusmenu")

    # ------------------------------------------------------------ toasts

    def toasts(self) -> list[Arrived]:
        """Every toast that arrived, oldest first. Those on the screen are closed by this."""
        self._ask(_DUNST, "NotificationCloseAll")
        (history,) = self._ask(_DUNST, "NotificationListHistory")
        return [_arrived(entry) for entry in reversed(history)]


def _row(layout: tuple[int, Mapping[str, tuple[str, Any]], Sequence[Any]]) -> Row:
    """One node of a com.canonical.dbusmenu layout: id, properties, children as variants."""
    number, properties, children = layout
    said = {name: value for name, (_, value) in properties.items()}
    return Row(
        id=number,
        # An underscore is doubled, as a single one would underline the letter after it.
        label=said.get("label", "").replace("__", "_"),
        separator=said.get("type") == "separator",
        enabled=said.get("enabled", True),
        checked=bool(said["toggle-state"]) if said.get("toggle-type") else None,
        rows=tuple(_row(child) for _, child in children),
    )


def _arrived(entry: Mapping[str, tuple[str, Any]]) -> Arrived:
    said = {name: value for name, (_, value) in entry.items()}
    return Arrived(said["summary"], said["body"], said["appname"], said.get("icon_path", ""))
