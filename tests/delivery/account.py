"""What was told, held against what was said.

the event log   nothing twice, crash or not; nothing the vendor did not say
the screen      what the log has, in its order; a line twice at most once a crash
the log file    what the log has, in its order, each line once
in the end      everything still listed was told, and memory agrees with the vendors
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.delivery.life import World
from tests.delivery.vendor import UpdateId, Vendor, phase_of
from traywatch.core.draft import BARE
from traywatch.core.incidents import Phase
from traywatch.core.memory import seen_key
from traywatch.core.model import (
    ComponentChanged,
    ComponentStatus,
    IncidentClosed,
    IncidentEdited,
    IncidentEvent,
    IncidentOpened,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    Recorded,
)
from traywatch.demo.board import BoardState

Identity = tuple[object, ...]
OVER = (Phase.CLOSED, Phase.ABSENT)


class Account:
    """Reads the event log as it grows, and everything else when it is asked to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.required: set[UpdateId] = set()
        """Updates of incidents that were open, and known to be open, when they were published."""
        self.read = 0
        self.told: Counter[Identity] = Counter()
        self.updates: dict[UpdateId, datetime] = {}
        self.wordless: dict[str, datetime] = {}
        """Incidents that were closed without the vendor's words: when they were."""
        self.stands: dict[str, bool] = {}
        """Incidents by id: as far as was told, is it going on?"""
        self.windows: set[tuple[str, datetime | None, datetime | None]] = set()
        self.solo: dict[str, ComponentStatus] = {}
        """The component no incident names, by page, as it was last told."""

    # ------------------------------------------------------------ at any time

    def follow(self) -> None:
        """Nothing twice, and nothing that was not said."""
        new = self.world.log[self.read :]
        self.read = len(self.world.log)
        for recorded in new:
            self._take(recorded)
        assert not self.world.life or not self.world.life.mishaps, self.world.life.mishaps

    def _take(self, recorded: Recorded) -> None:
        event = recorded.event
        if isinstance(event, IncidentEvent):
            vendor = self._vendor_of(event.incident_id)
            self.windows.add((event.incident_id, event.starts_at, event.ends_at))
            if isinstance(event, IncidentEdited):
                return
            self._take_incident(vendor, event)
        elif isinstance(event, ComponentChanged):
            vendor = self.world.vendors[event.page_id]
            for ref in event.components:
                assert vendor.component_said(ref.id or "", event.new, event.at) or (
                    len(event.components) > 1
                ), f"{ref.name} was not {event.new} at {event.at}"
                if ref.name == "Solo":
                    self.solo[event.page_id] = event.new
            self._once("component", event.page_id, event.components, event.new, event.at)

    def _vendor_of(self, incident_id: str) -> Vendor:
        found = [v for v in self.world.vendors.values() if incident_id in v.phases]
        assert found, f"nobody speaks of {incident_id}"
        return found[0]

    def _take_incident(self, vendor: Vendor, event: IncidentEvent) -> None:
        if event.update_id is None:
            assert not event.body
            self._take_wordless(vendor, event)
        else:
            key = (event.incident_id, event.update_id)
            said = vendor.said.get(key)
            assert said, f"nobody said {event}"
            assert event.body in said.texts
            assert (event.at, event.incident_status) == (said.at, said.incident_status)
            self._once("update", *key)
            self.updates[key] = event.at
        if event.page_id == BARE:
            return  # nobody looks after an incident of a page that is not known
        if isinstance(event, IncidentClosed | MaintenanceCompleted):
            self.stands[event.incident_id] = False
        elif isinstance(event, IncidentOpened | MaintenanceStarted | MaintenanceScheduled):
            self.stands[event.incident_id] = True

    def _take_wordless(self, vendor: Vendor, event: IncidentEvent) -> None:
        """Only a window that moved, and an incident that is over, need no words."""
        if isinstance(event, MaintenanceScheduled):
            window = (event.incident_id, event.starts_at, event.ends_at)
            assert window in vendor.windows
            self._once("window", *window)
            return
        assert isinstance(event, IncidentClosed | MaintenanceCompleted), event
        assert self._was_over(vendor, event.incident_id), f"it goes on: {event}"
        self._once("over", event.incident_id, self._times_over(vendor, event.incident_id))
        self.wordless[event.incident_id] = self.world.wall()

    def _was_over(self, vendor: Vendor, incident_id: str) -> bool:
        """Was it over at any time since the newest update that was told of it?"""
        told = [at for (owner, _), at in self.updates.items() if owner == incident_id]
        since = max(told, default=None)
        story = vendor.phases[incident_id]
        ends = [at for at, _ in story[1:]] + [None]
        return any(
            phase in OVER and (until is None or since is None or until > since)
            for (_, phase), until in zip(story, ends, strict=True)
        )

    def _times_over(self, vendor: Vendor, incident_id: str) -> int:
        return sum(phase in OVER for _, phase in vendor.phases[incident_id])

    def _once(self, *identity: object) -> None:
        self.told[identity] += 1
        assert self.told[identity] == 1, f"told twice: {identity}"

    # ------------------------------------------------------------ sinks

    def check_sinks(self) -> None:
        """They are level with the log: both have everything, in its order."""
        world = self.world
        passed_over = world.troubles["console"].passed_over
        first_times = list(dict.fromkeys(world.shown))
        in_order = [seq for seq in first_times if seq not in passed_over]
        assert in_order == [r.seq for r in world.log if r.seq not in passed_over]
        repeats = len(world.shown) - len(first_times)
        assert repeats <= world.repeats_allowed, f"{repeats} repeats"
        assert world.printed() == "".join(world.records().values())

    # ------------------------------------------------------------ in the end

    def is_restless(self) -> bool:
        """Does anything hang in the air?"""
        life = self.world.life
        if life is None or life.busy or any(drain.lag for drain in life.conductor.drains):
            return True
        records = [life.conductor.ledger.record(page_id) for page_id in self.world.vendors]
        return any(
            record.away_since
            or record.memory.misses
            or not record.memory.baselined
            or any(known.absences or known.heard for known in record.memory.incidents.values())
            for record in records
        )

    def check_settled(self) -> None:
        """After a few fresh looks nothing is missing, and nothing is remembered wrongly."""
        for vendor in self.world.vendors.values():
            if vendor.page.id in self.world.baselines:
                self._check_told(vendor)
                self._check_windows(vendor)
                self._check_solo(vendor)
                self._check_memory(vendor)
                self._check_seen(vendor)
        self._check_missed()
        self._check_acknowledged()

    def _check_told(self, vendor: Vendor) -> None:
        backlog = self._backlog(vendor)
        for incident in vendor.board.state().incidents:
            incident_id, phase = vendor.incident_id(incident), phase_of(incident)
            for key in vendor.update_ids(incident):
                wanted = key in self.required if phase is Phase.CLOSED else True
                if wanted and key not in backlog and not self._is_excused(vendor, key):
                    assert key in self.updates, f"never told: {vendor.said[key]}"
            if incident_id in self.stands:
                assert self.stands[incident_id] is (phase is not Phase.CLOSED), (
                    f"told wrongly: {incident.name} is {phase}"
                )

    def _backlog(self, vendor: Vendor) -> set[UpdateId]:
        return set(_backlog(vendor, self.world.baselines[vendor.page.id]))

    def _is_excused(self, vendor: Vendor, key: UpdateId) -> bool:
        """It was published before a closing whose words were not to be had; or it was never to be
        had itself, where the page shows nothing of what is over."""
        at = self.wordless.get(key[0])
        is_gone = not vendor.trait.history and key not in vendor.shown
        return is_gone or (at is not None and vendor.said[key].at <= at)

    def _check_windows(self, vendor: Vendor) -> None:
        known = {
            (vendor.incident_id(i), i.starts_at, i.ends_at)
            for i in self.world.baselines[vendor.page.id].incidents
        }
        for incident in vendor.board.state().incidents:
            window = (vendor.incident_id(incident), incident.starts_at, incident.ends_at)
            if phase_of(incident) is not Phase.CLOSED:
                assert window in self.windows | known, f"never told: {incident}"

    def _check_solo(self, vendor: Vendor) -> None:
        first = _solo(self.world.baselines[vendor.page.id])
        assert self.solo.get(vendor.page.id, first) is _solo(vendor.board.state())

    def _check_memory(self, vendor: Vendor) -> None:
        memory, state = self.world.memory(vendor.page.id), vendor.board.state()
        going_on = {i.id for i in memory.incidents.values() if not i.closed}
        listed = [i for i in state.incidents if phase_of(i) is not Phase.CLOSED]
        assert going_on == {vendor.incident_id(incident) for incident in listed}
        for incident in listed:
            known = memory.incidents[vendor.incident_id(incident)]
            assert known.incident_status is incident.incident_status
        assert {c.id: c.component_status for c in memory.components.values()} == {
            vendor.component_id(c): c.component_status for c in state.components
        }

    def _check_seen(self, vendor: Vendor) -> None:
        """What is known to be told was told: memory and the log are one."""
        page_id, seen = vendor.page.id, self.world.memory(vendor.page.id).seen
        for incident_id, update_id in vendor.said.keys() - self._backlog(vendor):
            if seen_key(page_id, incident_id, "id", update_id) in seen:
                assert (incident_id, update_id) in self.updates, "known, and never told"

    def _check_missed(self) -> None:
        """A history that can be had, and does not lag, makes up for what was missed."""
        for key, at in self.world.missed:
            vendor = self._vendor_of(key[0])
            listed = {k for i in vendor.board.state().incidents for k in vendor.update_ids(i)}
            is_to_be_had = vendor.lied_at is None or vendor.lied_at < at
            if key in listed and is_to_be_had and key not in self._backlog(vendor):
                assert key in self.updates or self._is_excused(vendor, key), (
                    f"missed: {vendor.said[key]}"
                )

    def _check_acknowledged(self) -> None:
        for page_id, snapshot in self.world.acknowledged:
            vendor = self.world.vendors[page_id]
            has_baseline = page_id in self.world.baselines
            backlog = self._backlog(vendor) if has_baseline else set()
            for incident in snapshot.incidents:
                for update in incident.updates:
                    key = (incident.id, update.id or "")
                    assert key in self.updates or key in backlog, f"acknowledged: {update}"


def _backlog(vendor: Vendor, baseline: BoardState) -> Iterator[UpdateId]:
    for incident in baseline.incidents:
        keys = list(vendor.update_ids(incident))
        yield from keys[:-1] if phase_of(incident) is Phase.OPEN else keys


def _solo(state: BoardState) -> ComponentStatus:
    return next(c.component_status for c in state.components if c.name == "Solo")
