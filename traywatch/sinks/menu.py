"""What the tray says in words: Overview -> the rows of the menu, the tooltip, where a click leads.

Pure. What holds true: every text is one sanitized line of bounded length; every address is http
or https; the menu is bounded however many pages, incidents and components there are; and what
needs attention comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import urlsplit

from traywatch.core.model import IncidentStatus, Severity
from traywatch.core.overview import (
    NOT_READ_YET,
    ComponentView,
    IncidentView,
    Overview,
    PageView,
)
from traywatch.core.text import ELLIPSIS, one_line
from traywatch.core.wording import window, words

TOOLTIP_UNITS: Final = 127
"""UTF-16 units: what Windows takes (NOTIFYICONDATAW.szTip, less its end). Used everywhere."""
PAGES: Final = 12
"""So many pages stand in the menu itself, the others in a menu of their own."""
MORE_PAGES: Final = 40
"""So many stand in that one; who has more reads ``traywatch status``."""
DETAILS: Final = 24
"""So many incidents and components in all, shared by the pages in trouble; two each at least."""

_NAME_LIMIT: Final = 40
_TEXT_LIMIT: Final = 80
_INDENT: Final = "    "


class Command(Enum):
    """What the menu can ask of the program."""

    CHECK_NOW = auto()
    PAUSE = auto()
    START_AT_LOGIN = auto()
    OPEN_LOG = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the menu."""

    text: str
    """Empty: a separator."""
    does: Command | str | None = None
    """A command, or an address to open; None: it cannot be clicked."""
    checked: bool | None = None
    """None: it has no tick."""
    rows: tuple[Row, ...] = ()
    """A menu of its own; then it does nothing itself."""


SEPARATOR: Final = Row("")
NO_PAGES: Final = "No pages are watched"


def menu(overview: Overview, starts_at_login: bool | None = None) -> tuple[Row, ...]:
    """The whole menu, from top to bottom. ``starts_at_login`` None: that cannot be chosen."""
    at_login = Row("Start at login", Command.START_AT_LOGIN, checked=starts_at_login)
    return (
        *_page_rows(overview),
        SEPARATOR,
        Row("Check now", Command.CHECK_NOW),
        Row("Pause notifications", Command.PAUSE, checked=overview.paused),
        *(() if starts_at_login is None else (at_login,)),
        Row("Open log", Command.OPEN_LOG),
        SEPARATOR,
        Row("Quit", Command.QUIT),
    )


def tooltip(overview: Overview) -> str:
    """One line that names what is wrong, at most TOOLTIP_UNITS long."""
    troubled = [page for page in by_concern(overview) if _concern(page) < _FINE]
    if not overview.pages:
        said = NO_PAGES
    elif troubled:
        said = "; ".join(map(_page_in_short, troubled))
    elif len(overview.pages) == 1:
        said = _page_text(overview.pages[0])
    else:
        said = f"traywatch: {len(overview.pages)} pages operational"
    return cut_utf16(f"Offline. {said}" if overview.offline else said, TOOLTIP_UNITS)


def by_concern(overview: Overview) -> list[PageView]:
    """The pages: broken ones first and of these the worst, then unknown, maintained, fine ones."""
    return sorted(overview.pages, key=_concern)


def default_link(overview: Overview) -> str | None:
    """What a plain click on the icon opens: the page of most concern."""
    return next((url for page in by_concern(overview) if (url := web_link(page.url))), None)


def web_link(url: str | None) -> str | None:
    """The address if it is one for a browser: http or https, with a host, nothing unprintable.

    Vendors write addresses too: ``file:``, ``javascript:`` or a program's own scheme must not be
    started by a click.
    """
    if not url or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname)
    except ValueError:  # "Invalid IPv6 URL", or a netloc that changes under NFKC
        return None
    return url if named and parts.scheme in ("http", "https") else None


def cut_utf16(text: str, units: int) -> str:
    """The text in at most so many UTF-16 units; a longer one ends in an ellipsis."""
    if len(text.encode("utf-16-le")) // 2 <= units:
        return text
    kept = text.encode("utf-16-le")[: 2 * (units - 1)].decode("utf-16-le", "ignore")
    return kept.rstrip() + ELLIPSIS


# ---------------------------------------------------------------- pages

_UNKNOWN: Final = 1
_FINE: Final = 3
"""Concern from here on is none."""


def _concern(page: PageView) -> float:
    """The lower, the more it matters."""
    severity = page.severity
    if severity is not None and severity >= Severity.DEGRADED:
        return -float(severity)
    if severity is None or not page.readable:
        return _UNKNOWN
    return _FINE if severity is Severity.OPERATIONAL else _FINE - 1


def _page_rows(overview: Overview) -> Iterator[Row]:
    pages = by_concern(overview)
    if overview.offline:
        yield Row("Offline, retrying")
    if not pages:
        yield Row(NO_PAGES)
    with_details = sum(bool(page.troubled or page.incidents) for page in pages[:PAGES])
    room = max(2, DETAILS // max(1, with_details))
    for page in pages[:PAGES]:
        yield Row(_page_text(page), web_link(page.url))
        yield from _details(page, room)
    if others := pages[PAGES:]:
        yield Row(f"{len(others)} more page{'s' * (len(others) > 1)}", rows=_others(others))


def _others(pages: Sequence[PageView]) -> tuple[Row, ...]:
    rows = [Row(_page_text(page), web_link(page.url)) for page in pages[:MORE_PAGES]]
    beyond = len(pages) - MORE_PAGES
    return (*rows, Row(f"and {beyond} more")) if beyond > 0 else tuple(rows)


def _page_text(page: PageView) -> str:
    """``OpenAI: Partial outage``; ``OpenAI: cannot be read (was Partial outage)``."""
    state = _severity_words(page.severity)
    if not page.readable:
        reason = NOT_READ_YET if page.read_at is None else "cannot be read"
        state = reason if page.severity is None else f"{reason} (was {state})"
    return f"{_name(page.name)}: {state}"


def _severity_words(severity: Severity | None) -> str:
    return "unknown" if severity is None else severity.word.replace("_", " ").capitalize()


def _page_in_short(page: PageView) -> str:
    """The page with the components that are in trouble; where none are, its incident."""
    troubled = [_name(component.name) for component in page.troubled if not component.in_doubt]
    names = list(dict.fromkeys(troubled)) or [_name(each.name) for each in page.incidents[:1]]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return _page_text(page) + (f" ({', '.join(names[:2])}{more})" if names else "")


# ---------------------------------------------------------------- what is wrong with a page


def _details(page: PageView, room: int) -> Iterator[Row]:
    """Why it cannot be read, what goes on, what is broken, what is planned."""
    home = web_link(page.url)
    if not page.readable and page.reason and page.read_at is not None:
        yield _detail(page.reason, home)
    planned = [each for each in page.incidents if _is_planned(each)]
    going_on = [each for each in page.incidents if not _is_planned(each)]
    rows = [
        *(_detail(_incident_text(each), web_link(each.url) or home) for each in going_on),
        *(_detail(_component_text(each), home) for each in page.troubled),
        *(_detail(_incident_text(each), web_link(each.url) or home) for each in planned),
    ]
    if len(rows) > room:
        rows[room - 1 :] = [_detail(f"and {len(rows) - room + 1} more", home)]
    yield from rows


def _detail(text: str, link: str | None) -> Row:
    return Row(_INDENT + one_line(text, _TEXT_LIMIT), link)


def _incident_text(incident: IncidentView) -> str:
    """``Elevated errors: Identified``; ``Database upgrade: 2026-01-02 03:00 - 05:00 UTC``."""
    when = window(incident.starts_at, incident.ends_at) if _is_planned(incident) else ""
    state = when or words(incident.incident_status)
    return f"{one_line(incident.name, _TEXT_LIMIT - len(state) - 2) or 'unnamed'}: {state}"


def _component_text(component: ComponentView) -> str:
    """``Europe - API: Major outage``; ``API: unknown (was Operational)``."""
    group = f"{_name(component.group)} - " if component.group else ""
    state = words(component.component_status)
    if component.in_doubt:
        state = "unknown" if state == "Unknown" else f"unknown (was {state})"
    return f"{group}{_name(component.name)}: {state}"


def _is_planned(incident: IncidentView) -> bool:
    return incident.incident_status is IncidentStatus.SCHEDULED


def _name(text: str) -> str:
    return one_line(text, _NAME_LIMIT) or "unnamed"
