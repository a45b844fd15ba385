"""Frozen dataclasses <-> compact JSON text, driven by their fields and type hints alone.

What holds true:

- ``load(kind, dump(value)) == value`` for everything made of dataclasses, enums, aware datetimes,
  ``tuple[X, ...]``, ``Mapping[str, X]``, ``X | None``, str, int, float and bool.
- A field that has its default is not written, a field that is missing takes its default, a field
  that is not known is passed over. So rows of an older build stay readable as long as a new field
  has a default, and the default of a field that exists is never changed without a migration.
- The text is ASCII: a lone surrogate in a vendor's words survives, where UTF-8 has no place
  for it and SQLite would refuse it.
- Whatever the text is, ``load`` gives the value or raises StoreError.

An event is tagged with the name of its class under ``"event"``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from traywatch.core.errors import StoreError
from traywatch.core.model import Event

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_EVENTS: Final[Mapping[str, Any]] = {kind.__name__: kind for kind in get_args(Event)}
_TAG: Final = "event"
_UNREADABLE: Final = (ValueError, TypeError, KeyError, OverflowError, RecursionError)
"""What the readers below raise on text that is not what was written."""

Reader = Callable[[Any], Any]
T = TypeVar("T")


def dump(value: DataclassInstance) -> str:
    """A dataclass as JSON. Raises StoreError for a datetime without a time zone."""
    return json.dumps(value, default=_plain, separators=(",", ":"))


def load(kind: type[T], text: str) -> T:
    """What ``dump`` wrote. Raises StoreError on anything else."""
    try:
        return cast(T, _reader(cast(Any, kind))(json.loads(text)))
    except _UNREADABLE as error:
        raise StoreError(f"a stored {kind.__name__} cannot be read: {_words(error)}") from error


def dump_event(event: Event) -> str:
    """An event as JSON, tagged with its class."""
    tagged = {_TAG: type(event).__name__, **_plain(event)}
    return json.dumps(tagged, default=_plain, separators=(",", ":"))


def load_event(text: str) -> Event:
    """What ``dump_event`` wrote. Raises StoreError, naming the type where it is not known."""
    try:
        plain = json.loads(text)
        name = plain[_TAG]
        kind = _EVENTS.get(name)
        if kind is not None:
            return cast(Event, _reader(kind)(plain))
    except _UNREADABLE as error:
        raise StoreError(f"a stored event cannot be read: {_words(error)}") from error
    raise StoreError(f"the store holds an event this version does not know: {name!r}")


def _words(error: Exception) -> str:
    """A KeyError's text is only the key; the class says the rest."""
    return f"{type(error).__name__}: {error}"


# ---------------------------------------------------------------- writing


def _plain(value: Any) -> Any:
    """What ``json`` cannot write by itself, in terms of what it can.

    Enums never come here: they are ints and strs, which JSON writes by their value.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise StoreError(f"a time without a time zone cannot be stored: {value}")
        return value.astimezone(UTC).isoformat()
    if is_dataclass(value):
        return {
            name: field_value
            for name, default in _defaults(value.__class__)
            if (field_value := getattr(value, name)) != default
        }
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in the store")


@cache
def _defaults(kind: type[DataclassInstance]) -> tuple[tuple[str, object], ...]:
    """Each field with its default; MISSING (which equals nothing) where it has none."""
    return tuple(
        (f.name, f.default_factory() if f.default_factory is not MISSING else f.default)
        for f in fields(kind)
    )


# ---------------------------------------------------------------- reading


@cache
def _reader(hint: Any) -> Reader:
    """A function that turns what JSON gave into a value of the hinted type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(inner)
    if origin is tuple:
        return _tuple(_reader(inner[0]))
    if origin is Mapping:
        return _mapping(_reader(inner[1]))
    if hint is datetime:
        return _instant
    if is_dataclass(hint):
        return _dataclass(cast("type[DataclassInstance]", hint))
    if issubclass(hint, Enum):
        return {member.value: member for member in hint}.__getitem__
    return _scalar(hint)


def _optional(choices: tuple[Any, ...]) -> Reader:
    (some,) = (choice for choice in choices if choice is not type(None))
    read = _reader(some)
    return lambda plain: None if plain is None else read(plain)


def _tuple(read: Reader) -> Reader:
    return lambda plain: tuple(map(read, _expect(list, plain)))


def _mapping(read: Reader) -> Reader:
    return lambda plain: {key: read(value) for key, value in _expect(dict, plain).items()}


def _scalar(kind: type) -> Reader:
    return lambda plain: _expect(kind, plain)


def _instant(plain: Any) -> datetime:
    at = datetime.fromisoformat(_expect(str, plain))
    if at.tzinfo is None:
        raise ValueError(f"no time zone: {plain}")
    return at.astimezone(UTC)


def _dataclass(kind: type[DataclassInstance]) -> Reader:
    hints = get_type_hints(kind)
    readers = tuple((f.name, _reader(hints[f.name])) for f in fields(kind))

    def read(plain: Any) -> Any:
        found = _expect(dict, plain)
        return kind(**{name: read(found[name]) for name, read in readers if name in found})

    return read


def _expect(kind: type, plain: Any) -> Any:
    """The value, if it is exactly of the kind: True is no int here."""
    if type(plain) is not kind:
        raise TypeError(f"{kind.__name__} expected, not {type(plain).__name__}")
    return plain
