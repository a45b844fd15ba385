"""What was understood, for people and for programs: ``traywatch check`` and ``traywatch status``.

The JSON forms are promises to other programs: snake_case words, severities on one scale with
``unknown`` beside it, times in ISO 8601 and UTC, null where the vendor says nothing. The text
forms are for reading only. Vendors' words reach a terminal through the one sanitizer alone; in
JSON every character outside ASCII is escaped, which does the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from traywatch.core.masking import mask_credentials
from traywatch.core.model import (
    Component,
    ComponentStatus,
    Incident,
    IncidentStatus,
    Severity,
    Snapshot,
    Update,
)
from traywatch.core.overview import (
    NOT_READ_YET,
    ComponentView,
    IconState,
    IncidentView,
    Overview,
    PageView,
)
from traywatch.core.text import one_line
from traywatch.core.wording import window, words

Json = dict[str, object]

UNKNOWN: Final = "unknown"
EXIT_CANNOT_READ: Final = 4
_EXIT_BY_SEVERITY: Final = {
    Severity.OPERATIONAL: 0,
    Severity.MAINTENANCE: 0,
    Severity.DEGRADED: 1,
    Severity.PARTIAL_OUTAGE: 2,
    Severity.MAJOR_OUTAGE: 3,
}
_NAME_LIMIT: Final = 200
_BODY_LIMIT: Final = 2_000


def exit_code(overview: Overview) -> int:
    """The exit code of ``--once``: the worst page; 4 where one cannot be read or understood."""
    return max((_page_exit_code(page) for page in overview.pages), default=0)


def _page_exit_code(page: PageView) -> int:
    if not page.readable or page.severity is None:
        return EXIT_CANNOT_READ
    return _EXIT_BY_SEVERITY[page.severity]


def to_json(document: Json) -> str:
    """The document as ASCII text, indented, without a line end at its end."""
    return json.dumps(_without_surrogates(document), indent=2)


def _without_surrogates(value: object) -> object:
    """A lone surrogate may come out of a vendor's JSON, but strict readers do not take it in."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {key: _without_surrogates(inner) for key, inner in value.items()}
        case list():
            return [_without_surrogates(inner) for inner in value]
    return value


# ---------------------------------------------------------------- check


def check_document(snapshot: Snapshot, url: str | None) -> Json:
    """The JSON of ``traywatch check --json``.

    url: where the document was fetched; stands in where the page does not give its own address.
    """
    incidents = [one for one in snapshot.incidents if not one.is_maintenance]
    maintenances = [one for one in snapshot.incidents if one.is_maintenance]
    return {
        "page": {
            "name": snapshot.page_name,
            "url": _masked(snapshot.page_url or url),
            "updated_at": _instant(snapshot.page_updated_at),
        },
        "platform": snapshot.platform,
        "severity": _severity_word(snapshot_severity(snapshot)),
        "components": [_component(one) for one in snapshot.components],
        "incidents": [_incident(one) for one in incidents],
        "maintenances": [
            _incident(one)
            | {"starts_at": _instant(one.starts_at), "ends_at": _instant(one.ends_at)}
            for one in maintenances
        ],
    }


def snapshot_severity(snapshot: Snapshot) -> Severity | None:
    """How bad a page is, by the rule of the icon: its worst component.

    Where it lists none: what it says of itself, else its worst open incident. None: unknown; a
    component whose status is unknown may be in trouble, so such a page is never called calm.
    """
    if snapshot.components:
        return _worst(one.component_status.severity for one in snapshot.components)
    if snapshot.severity is not None:
        return snapshot.severity
    going_on = (one for one in snapshot.incidents if _is_going_on(one))
    return _worst(one.impact.severity for one in going_on)


def _is_going_on(incident: Incident) -> bool:
    planned = incident.incident_status is IncidentStatus.SCHEDULED
    return not (incident.incident_status.closed or planned)


def _worst(severities: Iterable[Severity | None]) -> Severity | None:
    found = list(severities)
    worst = max((one for one in found if one is not None), default=None)
    calm = worst is None or worst <= Severity.MAINTENANCE
    return None if calm and None in found else worst


def _component(component: Component) -> Json:
    return {
        "id": component.id,
        "name": component.name,
        "group": component.group,
        "status": _status_word(component.component_status),
    }


def _incident(incident: Incident) -> Json:
    return {
        "id": incident.id,
        "name": incident.name,
        "status": incident.incident_status.value,
        "impact": incident.impact.value,
        "url": incident.url,
        "components": [ref.name for ref in incident.components],
        "updates": [_update(one) for one in incident.updates],
    }


def _update(update: Update) -> Json:
    return {
        "id": update.id,
        "status": update.incident_status.value,
        "body": update.body,
        "at": _instant(update.at),
    }


def check_text(snapshot: Snapshot, url: str | None) -> str:
    """The same for reading, without a line end at its end."""
    return "\n".join(_check_lines(snapshot, url))


def _check_lines(snapshot: Snapshot, url: str | None) -> Iterator[str]:
    address = _masked(snapshot.page_url or url) or ""
    yield " ".join(filter(None, (_name(snapshot.page_name or ""), _name(address)))) or "(no name)"
    as_of = snapshot.page_updated_at
    yield f"Platform: {snapshot.platform}" + (f", as of {_shown(as_of)}" if as_of else "")
    yield f"Severity: {_spoken(_severity_word(snapshot_severity(snapshot)))}"
    if snapshot.components:
        yield ""
        yield f"Components: {len(snapshot.components)}"
        yield from _columns(
            (_spoken(_status_word(one.component_status)), _grouped(one.name, one.group))
            for one in snapshot.components
        )
    for title, maintenance in (("Incidents", False), ("Maintenances", True)):
        listed = [one for one in snapshot.incidents if one.is_maintenance is maintenance]
        if listed:
            yield ""
            yield f"{title}: {len(listed)}"
            for one in listed:
                yield from _incident_lines(one)


def _incident_lines(incident: Incident) -> Iterator[str]:
    facts = [words(incident.incident_status), window(incident.starts_at, incident.ends_at)]
    if not incident.is_maintenance:
        facts.append(f"impact {incident.impact.value}")
    yield f"  {_name(incident.name)} ({', '.join(filter(None, facts))})"
    if incident.components:
        yield f"    on {', '.join(_name(ref.name) for ref in incident.components)}"
    for update in incident.updates:
        at = _shown(update.at) if update.at else "no date"
        body = one_line(update.body, _BODY_LIMIT)
        yield f"    {at}  {words(update.incident_status)}" + (f": {body}" if body else "")


# ---------------------------------------------------------------- status


def status_document(overview: Overview) -> Json:
    """The JSON of ``traywatch status --json`` and of the listener's ``/api/status``."""
    return {
        "state": _state_word(overview),
        "offline": overview.offline,
        "paused": overview.paused,
        "pages": [_page_document(page) for page in overview.pages],
    }


def _state_word(overview: Overview) -> str:
    """The icon's state in one word. Its grey ring is two things here: that something cannot be
    read, and that nothing failed but not everything is known yet."""
    failed = any(not page.readable and not _is_untried(page) for page in overview.pages)
    grey = overview.state is IconState.UNREADABLE
    return UNKNOWN if grey and not (overview.offline or failed) else overview.state.value


def _is_untried(page: PageView) -> bool:
    return page.read_at is None and page.reason == NOT_READ_YET


def _page_document(page: PageView) -> Json:
    return {
        "id": page.page_id,
        "name": page.name,
        "url": _masked(page.url),
        "severity": _severity_word(page.severity),
        "readable": page.readable,
        "reason": page.reason,
        "read_at": _instant(page.read_at),
        "components": [_component_view(one) for one in page.troubled],
        "incidents": [_incident_view(one) for one in page.incidents if not one.is_maintenance],
        "maintenances": [
            _incident_view(one)
            | {"starts_at": _instant(one.starts_at), "ends_at": _instant(one.ends_at)}
            for one in page.incidents
            if one.is_maintenance
        ],
    }


def _component_view(component: ComponentView) -> Json:
    return {
        "name": component.name,
        "group": component.group,
        "status": _status_word(component.component_status),
    }


def _incident_view(incident: IncidentView) -> Json:
    return {
        "id": incident.id,
        "name": incident.name,
        "status": incident.incident_status.value,
        "impact": incident.impact.value,
        "url": incident.url,
        "body": incident.body,
    }


def status_table(overview: Overview) -> str:
    """One row a page and below it what is wrong there, without a line end at its end."""
    rows = [("PAGE", "STATE", "LAST READ")]
    rows += [
        (_name(page.name), _page_state(page), _shown(page.read_at) if page.read_at else "never")
        for page in overview.pages
    ]
    header, *lines = _columns(rows, indent="")
    shown = [header]
    for line, page in zip(lines, overview.pages, strict=True):
        shown += [line, *_trouble(page)]
    return "\n".join(shown)


def _page_state(page: PageView) -> str:
    known = _spoken(_severity_word(page.severity))
    if page.readable:
        return known
    if _is_untried(page):
        return NOT_READ_YET
    return "cannot be read" if page.severity is None else f"cannot be read, was {known}"


def _trouble(page: PageView) -> Iterator[str]:
    if not page.readable and page.reason and not _is_untried(page):
        yield f"  {one_line(page.reason, _NAME_LIMIT)}"
    for component in page.troubled:
        state = _spoken(_status_word(component.component_status))
        yield f"  {_grouped(component.name, component.group)}: {state}"
    for incident in page.incidents:
        when = window(incident.starts_at, incident.ends_at)
        facts = ", ".join(filter(None, (words(incident.incident_status), when)))
        yield f"  {_name(incident.name)} ({facts})"


# ---------------------------------------------------------------- words


def _severity_word(severity: Severity | None) -> str:
    return UNKNOWN if severity is None else severity.word


def _status_word(component_status: ComponentStatus) -> str:
    """A component's status in the words of our scale: ``degraded``, ``maintenance``, ..."""
    return _severity_word(component_status.severity)


def _spoken(word: str) -> str:
    return word.replace("_", " ")


def _instant(at: datetime | None) -> str | None:
    """``2025-11-18T12:34:56Z``, with milliseconds where there are any."""
    if at is None:
        return None
    in_utc = at.astimezone(UTC).replace(tzinfo=None)
    return in_utc.isoformat(timespec="milliseconds" if at.microsecond else "seconds") + "Z"


def _shown(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _name(text: str) -> str:
    return one_line(text, _NAME_LIMIT)


def _masked(url: str | None) -> str | None:
    return None if url is None else mask_credentials(url)


def _grouped(name: str, group: str | None) -> str:
    return f"{_name(group)} - {_name(name)}" if group else _name(name)


def _columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """The rows with their cells below each other; the last cell of a row is not padded."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        indent
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
