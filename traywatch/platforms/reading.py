"""Reading JSON that may be anything: decoded by its BOM, looked into through ``Node``.

What holds for every ``bytes``: FormatError and no other exception, within a second for 5 MiB
(requirements O4). Bounds, not luck, see to that: a document has at most MOST_OBJECTS objects, and
no text leaves here longer than its limit.

Getters are tolerant (a wrong type reads as absent) because vendors send null everywhere; what
cannot be missing is asked for with ``required``, whose FormatError names the key's path.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from traywatch.core.errors import FormatError
from traywatch.platforms.instants import iso_instant, loose_instant
from traywatch.platforms.markup import document_text, plain_text, unescaped

MOST_OBJECTS: Final = 50_000
"""JSON objects in one document. The largest page known (Cloudflare, 475 components) has 600."""
MOST_ROWS: Final = 10_000
"""Members of a list that must be read whole."""
LONGEST_TEXT: Final = 1_000
"""Characters of a name or a word; what is shown is cut at 200."""
LONGEST_ID: Final = 200
"""Characters of an id. One that is longer is none: cut, it might equal another."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

T = TypeVar("T")


def decoded(body: bytes) -> str:
    """The text of a document: by its BOM (AWS serves UTF-16), else UTF-8.

    A byte that is none becomes U+FFFD: one bad character in a message must not hide an outage.
    """
    encoding = next((name for bom, name in _BOMS if body.startswith(bom)), "utf-8")
    return body.decode(encoding, "replace")


def read_json(body: bytes) -> object:
    """The JSON value of a document. Raises FormatError, whatever the bytes are.

    Tolerated: NaN, duplicate keys (the last counts), lone surrogates (see ``well_formed``).
    Refused: numbers of over 4,300 digits and nesting deeper than the interpreter's stack.
    """
    text = decoded(body)
    start = text.lstrip()[:1]
    if not start:
        raise FormatError("the document is empty")
    if start == "<":
        raise FormatError("a web page or a feed where JSON was expected")
    if text.count("{") > MOST_OBJECTS:
        raise FormatError(f"more than {MOST_OBJECTS:,} objects in the document")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise FormatError(f"not JSON: {error}") from None
    except ValueError:
        raise FormatError("not JSON: a number of absurd length") from None
    except RecursionError:
        raise FormatError("not JSON: nested too deeply") from None


def well_formed(text: str) -> str:
    """The text with lone surrogates, which JSON allows, replaced: it can be stored as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Node:
    """One JSON object of a document, and the path of keys that led to it."""

    fields: Mapping[str, object]
    path: str = ""

    def where(self, key: str) -> str:
        """The path of a key, for messages: ``incidents[2].id``."""
        return f"{self.path}.{key}" if self.path else key

    def text(self, *keys: str) -> str | None:
        """The first of these keys that holds words (or a whole number, as ids sometimes are)."""
        for key in keys:
            value = self.fields.get(key)
            if isinstance(value, str):
                found = well_formed(value[:LONGEST_TEXT]).strip()
            elif isinstance(value, int) and not isinstance(value, bool):
                found = str(value) if abs(value) < 10**18 else ""
            else:
                continue
            if found:
                return found
        return None

    def name(self, *keys: str) -> str | None:
        """The first of these keys that holds a name. ``R&amp;D`` is how some vendors write "R&D";
        everything else is the name's own, were it a tag."""
        texts = (self.text(key) for key in keys)
        return next(filter(None, (unescaped(text).strip() for text in texts if text)), None)

    def identity(self, *keys: str) -> str | None:
        """The first of these keys that holds an id."""
        texts = (self.text(key) for key in keys)
        return next((text for text in texts if text and len(text) <= LONGEST_ID), None)

    def required(self, *keys: str) -> str:
        """The first of these keys that holds an id. Raises FormatError naming the last of them."""
        found = self.identity(*keys)
        if found is None:
            raise FormatError(f"{self.where(keys[-1])}: missing")
        return found

    def body(self, *keys: str) -> str:
        """The first of these keys that holds a message, as plain text; else nothing."""
        values = (self.fields.get(key) for key in keys)
        texts = (plain_text(well_formed(value)) for value in values if isinstance(value, str))
        return next(filter(None, texts), "")

    def document(self, key: str) -> str:
        """The words of a message that is kept as a tree; nothing where there is none."""
        value = self.fields.get(key)
        return well_formed(document_text(value)) if isinstance(value, dict) else ""

    def instant(self, *keys: str) -> datetime | None:
        """The first of these keys that holds an ISO 8601 time, in UTC."""
        values = (self.fields.get(key) for key in keys)
        found = (iso_instant(value) for value in values if isinstance(value, str))
        return next((at for at in found if at is not None), None)

    def loose_instant(self, *keys: str) -> datetime | None:
        """A time as people, feeds and programs write it. Costs a thousand times what ``instant``
        does: not for anything that may stand in a long list."""
        found = (loose_instant(self.fields.get(key)) for key in keys)
        return next((at for at in found if at is not None), None)

    def link(self, *keys: str) -> str | None:
        """The first of these keys that holds a web address. Nothing else may be opened by a
        click: no ``file:``, no ``javascript:``, nothing with a space or a control character."""
        texts = (self.text(key) for key in keys)
        return next((text for text in texts if text and _is_web_address(text)), None)

    def node(self, key: str) -> Node | None:
        """The object under a key; None where there is none."""
        value = self.fields.get(key)
        return Node(value, self.where(key)) if isinstance(value, dict) else None

    def rows(self, *keys: str) -> tuple[Node, ...]:
        """The objects in the first list under these keys that has any; nothing where none has."""
        for key in keys:
            value = self.fields.get(key)
            members = enumerate(value) if isinstance(value, list) else ()
            objects = ((i, row) for i, row in members if isinstance(row, dict))
            found = tuple(Node(row, f"{self.where(key)}[{i}]") for i, row in objects)
            if found:
                return found
        return ()

    def first(self, key: str) -> Node | None:
        """The first object in the list under a key."""
        value = self.fields.get(key)
        members = value if isinstance(value, list) else ()
        return next((Node(row) for row in members if isinstance(row, dict)), None)

    def listed(self, key: str) -> tuple[Node, ...] | None:
        """The members of a list that must be one: None where the key is absent or null.

        A member that is no object stands as an empty one, so that whoever reads it stumbles: it
        is not known what it says. Raises FormatError on anything but a list, for what is not
        understood is never "nothing is wrong", and on more than MOST_ROWS members.
        """
        value = self.fields.get(key)
        if value is None:
            return None
        where = self.where(key)
        if not isinstance(value, list):
            raise FormatError(f"{where}: a list was expected")
        if len(value) > MOST_ROWS:
            raise FormatError(f"{where}: more than {MOST_ROWS:,} rows")
        objects = (row if isinstance(row, dict) else {} for row in value)
        return tuple(Node(row, f"{where}[{i}]") for i, row in enumerate(objects))


def readable(rows: Iterable[Node], read: Callable[[Node], T]) -> tuple[list[T], FormatError | None]:
    """What could be read of a list, and the first thing that was wrong with the rest."""
    good: list[T] = []
    fault: FormatError | None = None
    for row in rows:
        try:
            good.append(read(row))
        except FormatError as error:
            fault = fault or error
    return good, fault


def unique(items: Iterable[T], identity: Callable[[T], str | None]) -> tuple[T, ...]:
    """The items, of several with one id the first; those without an id all stay."""
    seen: set[str] = set()
    kept: list[T] = []
    for item in items:
        key = identity(item)
        if key is None or key not in seen:
            kept.append(item)
        if key is not None:
            seen.add(key)
    return tuple(kept)


def _is_web_address(text: str) -> bool:
    is_web = text[:8].lower().startswith(("https://", "http://"))
    return is_web and len(text) < LONGEST_TEXT and text.isprintable() and " " not in text
