"""incident.io status pages. Three documents say much the same; the first that is there is polled.

    {page}/proxy/{host}          native, what the page itself is drawn from
    {page}/api/v2/summary.json   a look-alike of Statuspage's, with ULIDs: status.openai.com
    {page}/api/v1/summary        the widget: only what is going on

A page may have the last two switched off (``expose_status_summary_api``: Rollbar). The look-alike
has no groups, no maintenances and no components on incidents: who watches some components of a
page would be told of the others' incidents. The native document has them all
(``incidentio_native``). The widget has no component list either, and of each incident
only the newest words.

Sources: recorded documents of OpenAI, Linear and Rollbar; for the widget, the types in the public
clients of Materialize and Supabase.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Final

from traywatch.core.errors import FormatError
from traywatch.core.model import Impact, Incident, IncidentStatus, Severity, Snapshot, Update
from traywatch.core.reply import Reply
from traywatch.platforms import v2, words
from traywatch.platforms.addresses import bare, host_of, page_of
from traywatch.platforms.base import Platform
from traywatch.platforms.incidentio_native import native_summary, parent_fault, read_native
from traywatch.platforms.reading import Node, read_json, readable, unique
from traywatch.platforms.statuspage import VERSION_HEADER

NAME: Final = "incidentio"
WIDGET: Final = "/api/v1/summary"

_NATIVE: Final = re.compile(r"/proxy/[^/]+$")
_WIDGET_LISTS: Final = {
    "ongoing_incidents": "",
    "in_progress_maintenances": "maintenance_in_progress",
    "scheduled_maintenances": "maintenance_scheduled",
}
"""The lists of the widget, each with the status of what is in it."""
_WIDGET_MARKS: Final = {"ongoing_incidents", "in_progress_maintenances", "subpages"}


def _parse(reply: Reply) -> Snapshot:
    root = v2.rooted(read_json(reply.body))
    summary = native_summary(root)
    if summary is not None:
        return read_native(summary, NAME)
    return _read_widget(root) if _is_widget(root) else v2.read_v2(root, reply.url, NAME)


def _recognises(reply: Reply) -> bool:
    try:
        root = v2.rooted(read_json(reply.body))
    except FormatError:
        return False
    if native_summary(root) is not None or _is_widget(root):
        return True
    return v2.is_v2(root) and v2.has_ulids(root) and VERSION_HEADER not in reply.headers


# ---------------------------------------------------------------- the widget


def _is_widget(root: Node) -> bool:
    return not _WIDGET_MARKS.isdisjoint(root.fields)


def _read_widget(root: Node) -> Snapshot:
    """Raises FormatError for a parent page as well: its widget has nothing but ``subpages``."""
    lists = {key: root.listed(key) for key in _WIDGET_LISTS}
    if lists["ongoing_incidents"] is None:
        sub_pages = root.listed("subpages")
        missing = FormatError(f"{root.where('ongoing_incidents')}: missing")
        raise missing if sub_pages is None else parent_fault(sub_pages)
    incidents: list[Incident] = []
    is_whole = None not in lists.values()
    for key, rows in lists.items():
        good, fault = readable(rows or (), partial(_widget_incident, word=_WIDGET_LISTS[key]))
        incidents += good
        is_whole = is_whole and fault is None
    return Snapshot(
        platform=NAME,
        exhaustive=is_whole,
        page_name=root.name("page_title"),
        page_url=v2.page_link(root, "page_url"),
        severity=_widget_severity(incidents),
        incidents=unique(incidents, lambda incident: incident.id),
    )


def _widget_incident(row: Node, word: str) -> Incident:
    """word: the status of everything in this list, where a row does not say its own; empty for
    incidents, which may have any."""
    is_maintenance = bool(word)
    incident_status = words.incident_status(row.text("status") or word)
    said_at, body = row.instant("last_update_at"), row.body("last_update_message")
    impact = words.impact(row.text("current_worst_impact"))
    return Incident(
        id=row.required("id"),
        name=v2.incident_name(row, is_maintenance),
        incident_status=incident_status,
        impact=Impact.MAINTENANCE if is_maintenance else impact,
        is_maintenance=is_maintenance,
        url=row.link("url"),
        components=v2.component_refs(row.rows("affected_components")),
        updates=(Update(incident_status, body, said_at),) if said_at or body else (),
        updated_at=said_at,
        starts_at=row.instant("starts_at", "started_at") if is_maintenance else None,
        ends_at=row.instant("ends_at", "scheduled_end_at") if is_maintenance else None,
    )


def _widget_severity(incidents: Iterable[Incident]) -> Severity | None:
    """The worst that is going on; None where all that is known of it is that something is."""
    ongoing = (i for i in incidents if i.incident_status is not IncidentStatus.SCHEDULED)
    severities = [incident.impact.severity for incident in ongoing]
    worst = max((s for s in severities if s is not None), default=Severity.OPERATIONAL)
    return None if None in severities and worst is Severity.OPERATIONAL else worst


# ---------------------------------------------------------------- the platform


def _addresses(page_url: str) -> tuple[str, ...]:
    page = page_of(page_url)
    native = f"{page}/proxy/{host_of(page)}"
    return native, page + v2.SUMMARY, page + WIDGET


def _history(address: str) -> tuple[str, ...]:
    """Of maintenances there is none: incidents.json lists incidents only.

    A native address names the host the page was asked at, which may have led to another (``www.``).
    """
    polled = bare(address)
    page = _NATIVE.sub("", page_of(polled))
    return (page + v2.INCIDENTS,) if page != polled else ()


INCIDENTIO: Final = Platform(
    name=NAME,
    addresses=_addresses,
    history=_history,
    recognises=_recognises,
    parse=_parse,
)
