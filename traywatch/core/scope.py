"""What of a page a person wants to hear of: the components to watch, less those to ignore.

A pattern is a component's name, its id, the name of its group, or a glob (``*``, ``?``, ``[...]``)
over any of these; upper and lower case are the same. One rule for the icon, the menu, the records
and the toasts: what is not covered is not spoken of, what names no component always is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property

from traywatch.core.memory import KnownComponent, KnownIncident, Memory
from traywatch.core.model import (
    ComponentChanged,
    ComponentRef,
    Event,
    Page,
    PageReadable,
    PageUnreadable,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The patterns of one page, in folded case. Make one with ``Scope.of``."""

    watch: tuple[str, ...] = ()
    """Empty: all of them."""
    ignore: tuple[str, ...] = ()
    """Wins over ``watch``."""

    @classmethod
    def of(cls, page: Page) -> Scope:
        """The scope a person configured."""
        return cls(_folded(page.components), _folded(page.ignore))

    def covers(self, component: ComponentRef | KnownComponent, group: str | None = None) -> bool:
        """Is the component watched, and not ignored?

        group: the name of its group, where the component itself does not know it.
        """
        if isinstance(component, KnownComponent):
            group = component.group
        known_as = _folded(filter(None, (component.name, component.id, group)))
        watched = not self.watch or _any_matches(self.watch, known_as)
        return watched and not _any_matches(self.ignore, known_as)

    def watched(self, memory: Memory) -> Iterator[KnownComponent]:
        """The components of a page that count, in the page's order."""
        return (known for known in memory.components.values() if self.covers(known))

    def concerns(self, incident: KnownIncident, memory: Memory) -> bool:
        """Is the incident about anything watched? One that names no component always is."""
        if not incident.components or not (self.watch or self.ignore):
            return True
        groups = _Groups(memory)
        return any(groups.any_covered(self, ref) for ref in incident.components)

    def relevant(self, event: Event, memory: Memory) -> Event | None:
        """The event with the watched components only; None where it is about others.

        memory: of the event's page; it knows the groups, and what an incident named before. An
            incident that once named a watched component is followed to its end, whatever its
            later updates name.
        """
        match event:
            case PageUnreadable() | PageReadable():
                return event
            case ComponentChanged():
                named = event.components
            case _:
                known = memory.incidents.get(event.incident_id)
                named = event.components + (known.components if known else ())
        if not named or not (self.watch or self.ignore):
            return event
        groups = _Groups(memory)
        covered = {ref for ref in named if groups.any_covered(self, ref)}
        if not covered:
            return None
        return replace(event, components=tuple(ref for ref in event.components if ref in covered))


def unmatched(page: Page, memory: Memory) -> tuple[str, ...]:
    """The patterns of the page, as they were written, that no component it lists answers to: slips
    of the pen, or components the vendor has renamed. Nothing where it lists none."""
    if not memory.components:
        return ()
    alone = {pattern: Scope(_folded([pattern])) for pattern in (*page.components, *page.ignore)}
    known = memory.components.values()
    return tuple(text for text, scope in alone.items() if not any(map(scope.covers, known)))


class _Groups:
    """Which group a component named by an event stands in."""

    def __init__(self, memory: Memory) -> None:
        self._by_id = memory.components

    @cached_property
    def _by_name(self) -> dict[str, list[KnownComponent]]:
        """Made when it is asked for: most incidents name components by ids that are known."""
        by_name: dict[str, list[KnownComponent]] = {}
        for known in self._by_id.values():
            by_name.setdefault(known.name, []).append(known)
        return by_name

    def any_covered(self, scope: Scope, ref: ComponentRef) -> bool:
        """Names repeat on a page: a ref without a known id may be any component of that name."""
        if ref.id is not None and ref.id in self._by_id:
            return scope.covers(ref, self._by_id[ref.id].group)
        candidates = self._by_name.get(ref.name, ())
        return any(map(scope.covers, candidates)) if candidates else scope.covers(ref)


def _folded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip().casefold() for text in texts)


def _any_matches(patterns: Iterable[str], texts: tuple[str, ...]) -> bool:
    """A text equal to the pattern matches too: "API [beta]" is a name before it is a glob."""
    return any(
        text == pattern or fnmatchcase(text, pattern) for pattern in patterns for text in texts
    )
