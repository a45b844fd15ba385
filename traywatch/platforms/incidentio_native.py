"""incident.io's native document, ``{page}/proxy/{host}``: what the page itself is drawn from.

    summary
      name, public_url, page_type      a "parent" has no components; its sub pages live under a
                                       path of the same host and are pages of their own
      components                       id and name, nothing more
      affected_components              the state of those that are not operational
      structure.items                  groups, and what the page does not show
      ongoing_incidents, scheduled_maintenances
                                       with their updates, oldest first

The webhooks about status pages hold incidents of the same make, with ``incident_status`` and
``message`` for ``to_status`` and ``message_string``; ``read_native_incident`` reads both. In the
native document ``message`` is the same message as a tree of paragraphs and words.

Sources: recorded documents of OpenAI, Linear and Rollbar; for maintenances, incident.io's API
reference and the types of public clients.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from traywatch.core.errors import FormatError
from traywatch.core.model import (
    Component,
    ComponentRef,
    ComponentStatus,
    Impact,
    Incident,
    Snapshot,
    Update,
)
from traywatch.core.text import one_line
from traywatch.platforms import v2, words
from traywatch.platforms.reading import Node, readable, unique

_REASON: Final = 300
"""Characters of a FormatError that quotes names of the vendor's."""


def native_summary(root: Node) -> Node | None:
    """What the document is about; None where it is not native."""
    summary = root.node("summary")
    return summary if summary and "ongoing_incidents" in summary.fields else None


def read_native(summary: Node, platform: str) -> Snapshot:
    """Raises FormatError, for a parent page too."""
    ongoing = summary.listed("ongoing_incidents")
    planned = summary.listed("scheduled_maintenances")
    rows = summary.listed("components")
    if not rows:
        _refuse_parent(summary)
    page_url = v2.page_link(summary, "public_url")
    names = {row.identity("id"): row.name("name") for row in rows or ()}
    read = partial(read_native_incident, names=names, page_url=page_url)
    incidents, fault = readable(ongoing or (), read)
    maintenances, other_fault = readable(planned or (), partial(read, is_maintenance=True))
    components, components_whole = _components(summary, rows or ())
    return Snapshot(
        platform=platform,
        exhaustive=None not in (ongoing, planned, rows) and not (fault or other_fault),
        page_name=summary.name("name"),
        page_url=page_url,
        components=components,
        incidents=unique([*incidents, *maintenances], lambda incident: incident.id),
        hollow=rows == (),
        components_whole=components_whole,
    )


def _refuse_parent(summary: Node) -> None:
    """A parent page says nothing of its own; the way out is to watch what it is made of."""
    sub_pages = [node for item in _layout(summary) if (node := item.node("sub_page"))]
    if sub_pages or summary.text("page_type") == "parent":
        raise parent_fault(sub_pages)


def parent_fault(sub_pages: Iterable[Node]) -> FormatError:
    """What to tell of a page that only leads to others."""
    named = (page.name("name", "page_title", "public_url", "subpath") for page in sub_pages)
    names = ", ".join(filter(None, named))
    reason = "a parent page without components of its own: watch one of its sub pages"
    return FormatError(one_line(f"{reason} ({names})" if names else reason, _REASON))


def _components(summary: Node, rows: Sequence[Node]) -> tuple[tuple[Component, ...], bool]:
    """Every component the page shows, and whether all that is said of them could be read and has
    its place. Raises FormatError when not one row can be read."""
    affected = summary.listed("affected_components")
    states, is_placed = _states(affected or (), {row.identity("id") for row in rows})
    # Where the list of the affected is missing, or names none of these, nothing is known: not that
    # all is well.
    is_told = affected == () or bool(states)
    otherwise = ComponentStatus.OPERATIONAL if is_told else ComponentStatus.UNKNOWN
    groups, hidden = _places(summary)
    read = partial(_read_component, states=states, otherwise=otherwise, groups=groups)
    components, fault = readable(rows, read)
    if fault and not components:
        raise fault
    shown = (component for component in components if component.id not in hidden)
    return unique(shown, lambda component: component.id), is_placed and fault is None


def _states(
    affected: Iterable[Node], known: Container[str | None]
) -> tuple[Mapping[str | None, ComponentStatus], bool]:
    """The state of each component by its id, of several rows the worst, and whether every row is
    about a component that is known."""
    states: dict[str | None, ComponentStatus] = {}
    is_placed = True
    for row in affected:
        component_id = row.identity("component_id")
        if component_id is None or component_id not in known:
            is_placed = False
            continue
        so_far = states.get(component_id, ComponentStatus.OPERATIONAL)
        states[component_id] = words.worse(so_far, _state(row))
    return states, is_placed


def _read_component(
    row: Node,
    states: Mapping[str | None, ComponentStatus],
    otherwise: ComponentStatus,
    groups: Mapping[str | None, str | None],
) -> Component:
    component_id = row.required("id")
    return Component(
        id=component_id,
        name=row.name("name") or component_id,
        component_status=states.get(component_id, otherwise),
        group=groups.get(component_id),
    )


def _state(row: Node) -> ComponentStatus:
    """``current_status`` is how it is now, ``status`` how bad it was (OpenAI, monitoring: the
    first was operational again, the second degraded)."""
    return words.component_status(row.text("current_status", "status"))


def _layout(summary: Node) -> tuple[Node, ...]:
    """The items of the page, top to bottom: a component, a group of some, or a sub page each."""
    structure = summary.node("structure")
    return structure.rows("items") if structure else ()


def _places(summary: Node) -> tuple[Mapping[str | None, str | None], Container[str]]:
    """The name of its group by component id, and the ids of those the page does not show."""
    groups: dict[str | None, str | None] = {}
    hidden: set[str] = set()
    for item in _layout(summary):
        holder = item.node("group")
        alone = item.node("component")
        members = holder.rows("components") if holder else (alone,) if alone else ()
        for member in members:
            component_id = member.identity("component_id") or ""
            groups[component_id] = holder.name("name") if holder else None
            if True in (member.fields.get("hidden"), (holder or member).fields.get("hidden")):
                hidden.add(component_id)
    return groups, hidden


def read_native_incident(
    row: Node,
    *,
    names: Mapping[str | None, str | None],
    page_url: str | None = None,
    is_maintenance: bool = False,
) -> Incident:
    """An incident or maintenance of the native document, or of a webhook about one.

    names: component names by id. Raises FormatError for one without an id.
    """
    incident_id = row.required("id")
    updates, _ = readable(row.rows("updates"), partial(_native_update, names=names))
    incident_status = words.incident_status(row.text("status", "incident_status"))
    is_maintenance = (
        is_maintenance
        or row.text("type") == "maintenance"
        or incident_status in words.MAINTENANCE_STATUSES
    )
    impacts = row.rows("component_impacts", "affected_components")
    starts_at, ends_at = _window(row) if is_maintenance else (None, None)
    return Incident(
        id=incident_id,
        name=v2.incident_name(row, is_maintenance),
        incident_status=incident_status,
        impact=Impact.MAINTENANCE if is_maintenance else _worst_impact(row, impacts),
        is_maintenance=is_maintenance,
        url=None if is_maintenance else v2.incident_address(page_url, incident_id),
        components=_refs(impacts, names),
        updates=v2.oldest_first(unique(updates, lambda update: update.id)),
        created_at=row.instant("published_at"),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _native_update(row: Node, names: Mapping[str | None, str | None]) -> Update:
    body = row.body("message_string", "message") or row.document("message")
    word = row.text("to_status", "incident_status")
    if not body and word is None:
        raise FormatError(f"{row.where('message_string')}: missing")
    return Update(
        incident_status=words.incident_status(word),
        body=body,
        at=row.instant("published_at"),
        id=row.identity("id"),
        components=_refs(row.rows("component_statuses"), names),
    )


def _worst_impact(row: Node, impacts: Iterable[Node]) -> Impact:
    """The worst any component had to bear. An incident that lists none has no impact, as the
    look-alike says of it; one whose list is missing, or holds odd words alone, an unknown one."""
    found = [words.impact(impact.text("status", "component_status")) for impact in impacts]
    known = [impact for impact in found if impact is not Impact.UNKNOWN]
    worst = max(known, key=lambda impact: impact.severity or 0, default=Impact.NONE)
    is_listed = isinstance(row.fields.get("component_impacts"), list)
    is_doubtful = known != found or not (found or is_listed)
    return Impact.UNKNOWN if worst is Impact.NONE and is_doubtful else worst


def _refs(rows: Iterable[Node], names: Mapping[str | None, str | None]) -> tuple[ComponentRef, ...]:
    """Components by their ids; those the page does not name are left out."""
    ids = (row.identity("component_id") for row in rows)
    return tuple(ComponentRef(name, i) for i in dict.fromkeys(ids) if (name := names.get(i)))


def _window(row: Node) -> tuple[datetime | None, datetime | None]:
    """A maintenance lasts as long as its components are in it."""
    periods = row.rows("component_impacts", "component_maintenance_periods")
    starts = [at for period in periods if (at := period.instant("start_at"))]
    ends = [at for period in periods if (at := period.instant("end_at"))]
    return min(starts, default=None), max(ends, default=None)
