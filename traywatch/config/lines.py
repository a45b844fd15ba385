"""On which line of a TOML document each key stands: ``tomllib`` keeps no positions.

Each statement of a TOML document (a header, a ``key = value``) is a TOML document itself, and no
part of one that ends at a line break is. So the text is cut into statements by asking tomllib
after each line whether what has gathered is whole: strings and arrays over many lines, dotted
keys and inline tables come out right without a second parser to keep in step with the first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

KeyPath = tuple[str | int, ...]
"""``("pages", 1, "url")``: the key ``url`` of the second ``[[pages]]``."""


class KeyLines:
    """The lines, from 1, of a document that tomllib accepts."""

    def __init__(self, text: str) -> None:
        self._lines: dict[KeyPath, int] = {(): 1}
        self._lengths: dict[KeyPath, int] = {}  # of the arrays of tables so far
        table: KeyPath = ()
        for line, written, parsed in _statements(text):
            if written.lstrip().startswith("["):
                table = self._open_table(_chain(parsed), is_element=written.lstrip()[1] == "[")
                paths: Iterator[KeyPath] = _prefixes(table)
            else:
                paths = (table + path for path in _inside(parsed))
            for path in paths:
                self._lines.setdefault(path, line)

    def of(self, *path: str | int) -> int:
        """Where the key is set; where it is not, where the table begins that should hold it."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _open_table(self, names: tuple[str, ...], *, is_element: bool) -> KeyPath:
        """The full path of a header: names of arrays get the index of their last element."""
        path: KeyPath = ()
        for depth, name in enumerate(names, 1):
            path += (name,)
            if is_element and depth == len(names):
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                path += (self._lengths[path] - 1,)
        return path


def _statements(text: str) -> Iterator[tuple[int, str, Mapping[str, object]]]:
    """Line, text and meaning of each statement; comments and empty lines are left out."""
    gathered: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        gathered.append(line)
        # No statement ends in a comma: without this a long array costs its length squared.
        if line.rstrip().endswith(",") and "#" not in line:
            continue
        try:
            parsed = tomllib.loads("\n".join(gathered))
        except tomllib.TOMLDecodeError:
            continue
        if parsed:
            yield number - len(gathered) + 1, gathered[0], parsed
        gathered.clear()


def _chain(parsed: object) -> tuple[str, ...]:
    """``{"a": {"b": [{}]}}``, what a header parses to -> ``("a", "b")``"""
    names: list[str] = []
    while isinstance(parsed, dict) and parsed:
        ((name, parsed),) = parsed.items()
        names.append(name)
    return tuple(names)


def _prefixes(path: KeyPath) -> Iterator[KeyPath]:
    return (path[:end] for end in range(1, len(path) + 1))


def _inside(value: object) -> Iterator[KeyPath]:
    """The path of everything in a parsed value, itself left out."""
    children: Iterator[tuple[str | int, object]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    for key, child in children:
        yield (key,)
        yield from ((key, *deeper) for deeper in _inside(child))
