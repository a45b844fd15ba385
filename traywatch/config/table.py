"""One table of the settings file, taken apart key by key. Faults are gathered, never raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from traywatch.config.lines import KeyLines, KeyPath
from traywatch.config.nearest import suggestion

T = TypeVar("T")

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("interval", "log_level", "log_format", "pages", "listener", "relay"),
    "pages": ("id", "name", "url", "platform", "interval", "components", "ignore"),
    "listener": ("listen", "secrets", "allowed_hosts"),
    "relay": ("kind", "url", "page", "secrets"),
}
"""Table -> every key it may hold; "" is the top of the file. The README documents each of them."""


class Document:
    """The file a table comes from: its name, where its keys stand, what is wrong with it."""

    def __init__(self, file: Path, text: str, faults: list[str]) -> None:
        self._file = file
        self._text = text
        self._lines: KeyLines | None = None
        self._faults = faults

    def place(self, path: KeyPath) -> str:
        """``/path/config.toml:12: [[pages]] interval``"""
        self._lines = self._lines or KeyLines(self._text)
        return f"{self._file}:{self._lines.of(*path)}: {_key_name(path)}"

    def fault(self, path: KeyPath, words: str) -> None:
        """Note what is wrong with a key."""
        self._faults.append(f"{self.place(path)}: {words}")


class Table:
    """A table whose unknown keys have been reported."""

    def __init__(self, document: Document, path: KeyPath, raw: Mapping[str, object]) -> None:
        self.document = document
        self.path = path
        self._raw = raw
        known = KEYS[str(path[0]) if path else ""]
        for key in raw:
            if key not in known:
                self.fault(key, f"unknown key, {suggestion(key, known)}")

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def take(self, key: str, read: Callable[[object], T], default: T) -> T:
        """What the key holds; the default where it is missing, or wrong and reported."""
        if key not in self._raw:
            return default
        try:
            return read(self._raw[key])
        except ValueError as error:
            self.fault(key, str(error))
            return default

    def require(self, key: str, read: Callable[[object], T], default: T) -> T:
        """The same for a key that must be there."""
        if key not in self._raw:
            self.fault(key, "is missing")
        return self.take(key, read, default)

    def child(self, key: str) -> Table | None:
        """The table ``[key]``; None where it is missing or is no table."""
        raw = self._raw.get(key)
        if raw is None:
            return None
        if isinstance(raw, dict):
            return Table(self.document, (key,), raw)
        self.fault(key, f"must be a table: [{key}]")
        return None

    def children(self, key: str) -> Iterator[Table]:
        """Every table ``[[key]]``."""
        raw = self._raw.get(key, [])
        items = raw if isinstance(raw, list) else [raw]
        if not all(isinstance(item, dict) for item in items) or items is not raw:
            self.fault(key, f"must be written as [[{key}]]")
            return
        for index, item in enumerate(items):
            yield Table(self.document, (key, index), item)

    def place(self, key: str) -> str:
        """Where the key stands, for a fault found later."""
        return self.document.place((*self.path, key))

    def fault(self, key: str, words: str) -> None:
        """Note what is wrong with one of its keys."""
        self.document.fault((*self.path, key), words)


def _key_name(path: KeyPath) -> str:
    """``("pages", 1, "url")`` -> ``[[pages]] url``"""
    table, key = path[:-1], str(path[-1])
    if not table:
        return key
    return f"[[{table[0]}]] {key}" if len(table) > 1 else f"[{table[0]}] {key}"
