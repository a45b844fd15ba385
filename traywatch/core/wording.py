"""Events in words: the printed record, the toast, the digest.

One event is one record, on the console and in the log file alike:

    [2025-11-18 12:34:56] Product: OpenAI API - Chat Completions
    Status: Investigating degraded performance
    (an empty line)

A record says what the vendor says and nothing else, so an edit and a page that cannot be read have
none. Every name and every body passes the one sanitizer (``text.one_line``) here, whoever the
caller is: exactly two lines and an empty one come out, whatever came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from traywatch.core.model import (
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Event,
    IncidentClosed,
    IncidentEdited,
    IncidentEvent,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    PageEvent,
    PageReadable,
    PageUnreadable,
)
from traywatch.core.text import one_line

TITLE_LIMIT: Final = 200
"""Characters of a name, of a Product line's text and of a toast's title."""
BODY_LIMIT: Final = 2_000
"""Characters of a vendor's message in a record."""
TOAST_LIMIT: Final = 200
"""Characters of a toast's body."""
NAMED: Final = 3
"""So many components are named; the others are counted."""

_PAGE_LIMIT: Final = TITLE_LIMIT // 2
"""However long a page's name, there is room for what happened."""
_NO_NAME: Final = "unnamed"
"""For vendors that send none, or one of nothing that can be seen."""


@dataclass(frozen=True, slots=True)
class Toast:
    """A notification: two sanitized lines of plain text. Escaping markup is up to its server."""

    title: str
    body: str


def words(value: StrEnum) -> str:
    """A status or state for a person: ``under_maintenance`` -> ``Under maintenance``."""
    return value.replace("_", " ").capitalize()


def record(event: Event) -> str | None:
    """The printed record with its line ends; None for events that are not printed."""
    match event:
        case IncidentEdited() | PageUnreadable() | PageReadable():
            return None
        case ComponentChanged():
            told = _change(event)
        case _:
            told = _message(event)
    return f"[{_stamp(event.at)}] Product: {_product(event)}\nStatus: {told}\n\n"


def toast(event: Event) -> Toast:
    """One event as a notification: what it is about, then what happened."""
    match event:
        case ComponentChanged():
            return _toast(_product(event), _change(event))
        case PageUnreadable():
            return _toast(_page(event) or _NO_NAME, f"Cannot be read: {_body(event.reason)}")
        case PageReadable():
            return _toast(_page(event) or _NO_NAME, "Can be read again")
        case _:
            return _toast(_subject(event), _headline(event))


def digest(events: Sequence[Event], *, away: bool = True) -> Toast:
    """Many events as one notification: how many of what, then which, what is still on first.

    away: they piled up while nobody was told; else they came all at once.
    """
    if all(event.first_look for event in events):
        title = "Already going on"
    else:
        title = "While you were away" if away else "Several changes at once"
    last_of_each = {_subject(event): event for event in events}
    still_on_first = sorted(last_of_each, key=lambda subject: _is_over(last_of_each[subject]))
    return _toast(title, ": ".join(filter(None, (_tally(events), "; ".join(still_on_first)))))


def window(starts_at: datetime | None, ends_at: datetime | None) -> str:
    """When a maintenance takes place, in UTC; the date of the end only where it is another day.

    ``2026-01-02 03:00 - 05:00 UTC``, ``2026-01-02 23:00 - 2026-01-03 01:00 UTC``,
    ``from 2026-01-02 03:00 UTC``, ``until 2026-01-02 05:00 UTC``; empty where neither is known.
    """
    start, end = _minute(starts_at), _minute(ends_at)
    if start and end:
        same_day = start.partition(" ")[0] == end.partition(" ")[0]
        return f"{start} - {end.partition(' ')[2] if same_day else end} UTC"
    if start:
        return f"from {start} UTC"
    return f"until {end} UTC" if end else ""


# ---------------------------------------------------------------- the two lines of a record


def _product(event: PageEvent) -> str:
    """The page and the components; where none are named, the page and the incident."""
    return _joined(_page(event), _components(event) or _incident(event))


def _subject(event: PageEvent) -> str:
    """The page and the incident; the components where these changed by themselves."""
    return _joined(_page(event), _incident(event) or _components(event))


def _joined(page: str, what: str) -> str:
    return one_line(" - ".join(filter(None, (page, what))), TITLE_LIMIT) or _NO_NAME


def _page(event: PageEvent) -> str:
    return one_line(event.page_name or "", _PAGE_LIMIT)


def _incident(event: PageEvent) -> str:
    return _name(event.incident_name) or _NO_NAME if isinstance(event, IncidentEvent) else ""


def _components(event: PageEvent) -> str:
    refs = event.components if isinstance(event, IncidentEvent | ComponentChanged) else ()
    return _some(_distinct(refs))


def _distinct(refs: Iterable[ComponentRef]) -> list[str]:
    """Names repeat on a page (one "API" in each region); a reader wants each once."""
    return [name for name in dict.fromkeys(_name(ref.name) for ref in refs) if name]


def _some(names: Sequence[str]) -> str:
    """``A, B, C and 2 more``."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _change(event: ComponentChanged) -> str:
    """``Major outage (was operational)``; at the first look ``Major outage``."""
    was = f" (was {words(event.old).lower()})" if event.old else ""
    return words(event.new) + was


def _message(event: IncidentEvent) -> str:
    """The vendor's words, with the incident's name where the Product line has none of it."""
    name, body = _incident(event), _body(event.body)
    if not body:
        told = f"{_incident_word(event)}: {name}"
    elif _components(event):
        told = f"{name}: {body}"
    else:
        told = body
    when = window(event.starts_at, event.ends_at)
    return f"{told} ({when})" if when and isinstance(event, MaintenanceScheduled) else told


def _name(text: str) -> str:
    return one_line(text, TITLE_LIMIT)


def _body(text: str) -> str:
    return one_line(text, BODY_LIMIT)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _minute(at: datetime | None) -> str:
    return _stamp(at)[:16] if at else ""


# ---------------------------------------------------------------- toasts


def _toast(title: str, body: str) -> Toast:
    return Toast(one_line(title, TITLE_LIMIT), one_line(body, TOAST_LIMIT))


def _headline(event: IncidentEvent) -> str:
    """``Investigating (Login): Users cannot ...``: what was not cut off must be what matters."""
    planned = isinstance(event, MaintenanceScheduled)
    when = window(event.starts_at, event.ends_at) if planned else ""
    details = ", ".join(filter(None, (when, _components(event))))
    head = _incident_word(event) + (f" ({details})" if details else "")
    body = _body(event.body)
    return f"{head}: {body}" if body else head


_WORD_OF_KIND: Final[dict[type[IncidentEvent], str]] = {
    IncidentOpened: "Opened",
    IncidentUpdated: "Updated",
    IncidentClosed: "Resolved",
    MaintenanceScheduled: "Scheduled",
    MaintenanceStarted: "In progress",
    MaintenanceCompleted: "Completed",
}


def _incident_word(event: IncidentEvent) -> str:
    """The vendor's status; where that is unknown, or denies the closing, what the event is."""
    denied = isinstance(event, IncidentClosed) and not event.incident_status.closed
    if denied or event.incident_status is IncidentStatus.UNKNOWN:
        return _WORD_OF_KIND.get(type(event), "Updated")
    return words(event.incident_status)


def _maintenances(what: str) -> Callable[[int], str]:
    return lambda count: f"{count} maintenance{'s' * (count > 1)} {what}"


_TALLY: Final[dict[type[PageEvent], Callable[[int], str]]] = {
    IncidentOpened: "{} opened".format,
    IncidentUpdated: "{} updated".format,
    IncidentClosed: "{} resolved".format,
    MaintenanceScheduled: _maintenances("scheduled"),
    MaintenanceStarted: _maintenances("started"),
    MaintenanceCompleted: _maintenances("completed"),
    ComponentChanged: lambda count: f"{count} component{'s' * (count > 1)} changed",
}


def _tally(events: Iterable[Event]) -> str:
    """``2 opened, 1 resolved``: how many incidents, not how many messages."""
    found: dict[type[PageEvent], set[tuple[str, ...]]] = {}
    for event in events:
        found.setdefault(type(event), set()).update(_things(event))
    return ", ".join(say(len(found[kind])) for kind, say in _TALLY.items() if found.get(kind))


def _things(event: PageEvent) -> Iterable[tuple[str, ...]]:
    """What an event is about, so that it can be counted once."""
    match event:
        case IncidentEvent():
            return [(event.page_id, event.incident_id)]
        case ComponentChanged():
            return [(event.page_id, ref.id or "", ref.name) for ref in event.components]
    return [(event.page_id,)]


def _is_over(event: PageEvent) -> bool:
    if isinstance(event, ComponentChanged):
        return event.new is ComponentStatus.OPERATIONAL
    return isinstance(event, IncidentClosed | MaintenanceCompleted)
