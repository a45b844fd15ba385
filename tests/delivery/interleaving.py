"""Any order of what vendors, networks, disks, sinks and power cuts do, as a state machine.

The rules are what can happen. After every one of them the account is held against the vendors;
``settle`` lets everything come right, looks a few times, and demands that all is told and known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.delivery.account import Account
from tests.delivery.life import Trouble, World
from tests.delivery.vendor import Serves, Trait, Vendor, phase_of
from traywatch.core.draft import AHEAD
from traywatch.core.incidents import Phase
from traywatch.core.model import ComponentStatus, IncidentStatus
from traywatch.demo import Board, IncidentHandle, Shape
from traywatch.demo.board import BoardIncident, MaintenanceHandle
from traywatch.listener import Delivery

MOST_OPEN = 3
LOOKS = 24
"""So many fresh looks, a minute apart, and everything must have come right."""

Found = tuple[Vendor, BoardIncident]

TRAITS = (
    Trait(),
    Trait(dated=False),
    Trait(dated=False, history=False),
    Trait(tagged=False),
    Trait(Shape.INCIDENTIO),
)
_TALK = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)
_STATES = tuple(s for s in ComponentStatus if s is not ComponentStatus.UNKNOWN)
TROUBLES = (
    ("console", Trouble.PASSING),
    ("console", Trouble.UNFORESEEN),
    ("console", Trouble.PERMANENT),
    ("log", Trouble.PASSING),
    ("log", Trouble.UNFORESEEN),
    ("log", Trouble.PASSING_MIDWAY),
    ("log", Trouble.PASSING_LATE),
    ("log", Trouble.UNFORESEEN_LATE),
)
"""What cannot be looked at cannot fail late without a repeat, and the console does not; the log
file never gives up."""

some = st.integers(0, 5)
"""Which one of those there are."""
traits = st.lists(st.sampled_from(TRAITS), min_size=1, max_size=2)
whether_seen = st.sampled_from([True, True, False])
"""Is the page looked at at once?"""


class Interleaving(RuleBasedStateMachine):
    """See above."""

    folder: ClassVar[Path]
    """An empty directory on the fastest disk there is."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.account: Account

    @initialize(traits=traits, was_calm=st.booleans())
    def begin(self, traits: list[Trait], was_calm: bool) -> None:
        self.world = World(self.folder, traits)
        self.account = Account(self.world)
        self._count = 0
        if was_calm:
            for vendor in self.world.vendors.values():
                self._look(vendor)

    def teardown(self) -> None:
        if self.world is not None:
            try:
                self._settle()
            finally:
                self.world.close()

    @invariant()
    def nothing_wrong_was_told(self) -> None:
        if self.world is not None:
            self.account.follow()

    # ------------------------------------------------------------ what a vendor does

    def _vendor(self, which: int) -> Vendor:
        assert self.world
        return list(self.world.vendors.values())[which % len(self.world.vendors)]

    def _says(self, vendor: Vendor, change: Callable[[Board], Any], seen: bool = False) -> None:
        """One change of a page. What is published of an incident that is known is to be told."""
        assert self.world
        if vendor.trait.shape is Shape.INCIDENTIO:
            self.world.run(1.0)  # its documents are dated to the second
        before, already = vendor.states[-1], set(vendor.said)
        known = self.world.memory(vendor.page.id).incidents
        change(vendor.board)
        vendor.note()
        was_open = {vendor.incident_id(i) for i in before.incidents if _is_open(i)}
        for key in vendor.said.keys() - already:
            if key[0] in was_open and key[0] in known and not known[key[0]].closed:
                self.account.required.add(key)
        if seen:
            self._look(vendor)

    def _words(self) -> str:
        self._count += 1
        return f"Message {self._count}."

    def _all(self, planned: bool = False, going_on: bool = True) -> list[Found]:
        """The incidents (or maintenances) that are open (or closed), on any page."""
        vendors = self.world.vendors.values() if self.world else ()
        return [
            (vendor, incident)
            for vendor in vendors
            for incident in vendor.board.state().incidents
            if incident.is_maintenance is planned and _is_open(incident) is going_on
        ]

    @precondition(lambda self: len(self._all()) < MOST_OPEN)
    @rule(which=some, hurts=st.booleans(), seen=whether_seen)
    def open(self, which: int, hurts: bool, seen: bool) -> None:
        name, words = f"Outage {self._count}", self._words()
        components = {"API": ComponentStatus.PARTIAL_OUTAGE} if hurts else {}
        self._says(
            self._vendor(which),
            lambda b: b.open_incident(name, words, components=components),
            seen,
        )

    @precondition(lambda self: self._all())
    @rule(which=some, word=st.sampled_from(_TALK), seen=whether_seen)
    def update(self, which: int, word: IncidentStatus, seen: bool) -> None:
        vendor, incident = _one_of(self._all(), which)
        words = self._words()
        self._says(vendor, lambda b: IncidentHandle(b, incident.id).update(word, words), seen)

    @precondition(lambda self: self._all())
    @rule(which=some, seen=whether_seen)
    def resolve(self, which: int, seen: bool) -> None:
        vendor, incident = _one_of(self._all(), which)
        words = self._words()
        self._says(vendor, lambda b: IncidentHandle(b, incident.id).resolve(words), seen)

    @precondition(lambda self: self._all() or self._all(planned=True))
    @rule(which=some, place=st.integers(0, 3), seen=whether_seen)
    def edit(self, which: int, place: int, seen: bool) -> None:
        vendor, incident = _one_of(self._all() + self._all(planned=True), which)
        words, place = self._words(), place % len(incident.updates)
        handle = IncidentHandle(vendor.board, incident.id)
        self._says(vendor, lambda b: handle.edit(words, update=place), seen)

    @precondition(lambda self: self._all(going_on=False))
    @rule(which=some, word=st.sampled_from([*_TALK, IncidentStatus.POSTMORTEM]), seen=whether_seen)
    def say_more_of_what_is_over(self, which: int, word: IncidentStatus, seen: bool) -> None:
        vendor, incident = _one_of(self._all(going_on=False), which)
        words = self._words()
        self._says(vendor, lambda b: IncidentHandle(b, incident.id).update(word, words), seen)

    @precondition(lambda self: self._all() or self._all(planned=True))
    @rule(which=some, seen=whether_seen)
    def delete(self, which: int, seen: bool) -> None:
        vendor, incident = _one_of(self._all() + self._all(planned=True), which)
        self._says(vendor, lambda b: IncidentHandle(b, incident.id).delete(), seen)

    @rule(
        which=some,
        name=st.sampled_from(["Solo", "Solo", "Web"]),
        word=st.sampled_from(_STATES),
        seen=whether_seen,
    )
    def component(self, which: int, name: str, word: ComponentStatus, seen: bool) -> None:
        self._says(self._vendor(which), lambda b: b.component(name, word), seen)

    @precondition(lambda self: self._native() and not self._all(planned=True))
    @rule(which=some, seen=whether_seen)
    def schedule(self, which: int, seen: bool) -> None:
        """Documents of the other shape do not list any."""
        natives = self._native()
        vendor = natives[which % len(natives)]
        assert self.world
        starts_at = self.world.wall() + timedelta(hours=1)
        name, words = f"Upgrade {self._count}", self._words()
        self._says(
            vendor,
            lambda b: b.schedule_maintenance(
                name,
                words,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                components=["Web"],
            ),
            seen,
        )

    def _native(self) -> list[Vendor]:
        vendors = self.world.vendors.values() if self.world else ()
        return [vendor for vendor in vendors if vendor.trait.shape is Shape.STATUSPAGE]

    @precondition(lambda self: self._all(planned=True))
    @rule(which=some, how=st.sampled_from(["start", "verify", "complete"]), seen=whether_seen)
    def maintain(self, which: int, how: str, seen: bool) -> None:
        vendor, incident = _one_of(self._all(planned=True), which)
        words, handle = self._words(), MaintenanceHandle(vendor.board, incident.id)
        self._says(vendor, lambda b: getattr(handle, how)(words), seen)

    @precondition(lambda self: self._all(planned=True))
    @rule(which=some, hours=st.integers(1, 3), seen=whether_seen)
    def move(self, which: int, hours: int, seen: bool) -> None:
        vendor, incident = _one_of(self._all(planned=True), which)
        assert incident.starts_at
        moved = incident.starts_at + timedelta(hours=hours)
        handle = MaintenanceHandle(vendor.board, incident.id)
        self._says(vendor, lambda b: handle.move(moved, moved + timedelta(hours=1)), seen)

    # ------------------------------------------------------------ what the network does

    @rule(which=some, seconds=st.sampled_from([0.01, 1.0]))
    def poll(self, which: int, seconds: float) -> None:
        self._look(self._vendor(which), seconds=seconds)

    @rule(which=some, back=st.integers(1, 4))
    def poll_an_old_copy(self, which: int, back: int) -> None:
        """Without a clock of the page's own two old copies in a row cannot be told from news."""
        assert self.world
        vendor = self._vendor(which)
        known = self.world.memory(vendor.page.id).incidents.values()
        if vendor.trait.dated or not any(incident.absences for incident in known):
            self._look(vendor, back=self._late(back))

    @rule(which=some, how=st.sampled_from([Serves.UNREACHABLE, Serves.ERROR, Serves.PORTAL]))
    def poll_in_vain(self, which: int, how: Serves) -> None:
        self._look(self._vendor(which), how)

    def _look(
        self, vendor: Vendor, serves: Serves = Serves.WELL, back: int = 0, seconds: float = 1.0
    ) -> None:
        assert self.world
        vendor.serves, vendor.back = serves, back
        self.world.look(vendor.page.id)
        self.world.run(seconds)
        vendor.serves, vendor.back = Serves.WELL, 0

    @rule(which=some, how=st.sampled_from(Serves), back=st.integers(0, 3))
    def history(self, which: int, how: Serves, back: int) -> None:
        """From now on."""
        vendor = self._vendor(which)
        vendor.history_serves, vendor.history_back = how, back

    @rule(
        which=some,
        back=st.sampled_from([0, 0, 1, 3]),
        bare=st.booleans(),
        times=st.integers(1, 2),
        receipt=st.sampled_from([None, None, "message"]),
    )
    def hear(self, which: int, back: int, bare: bool, times: int, receipt: str | None) -> None:
        """A webhook of the newest thing, or of how it was: late, repeated, out of order."""
        assert self.world
        vendor = self._vendor(which)
        state = vendor.states[max(0, len(vendor.states) - 1 - self._late(back))]
        if not state.incidents:
            return
        newest = max(state.incidents, key=lambda incident: incident.updated_at)
        snapshot = vendor.incident_webhook(newest, state)
        page_id = None if bare else vendor.page.id
        unique = f"{receipt} {newest.id} {newest.updated_at}" if receipt else None
        for _ in range(times):
            self.world.hear(vendor.page.id, Delivery(page_id, snapshot, unique, self.world.wall()))

    @rule(which=some, back=st.sampled_from([0, 0, 1]))
    def hear_of_a_component(self, which: int, back: int) -> None:
        assert self.world
        vendor = self._vendor(which)
        if vendor.trait.shape is Shape.STATUSPAGE:
            state = vendor.states[max(0, len(vendor.states) - 1 - self._late(back))]
            newest = max(state.components, key=lambda component: component.updated_at)
            snapshot = vendor.component_webhook(newest, state)
            now = self.world.wall()
            self.world.hear(vendor.page.id, Delivery(vendor.page.id, snapshot, None, now))

    # ------------------------------------------------------------ what this machine does

    @rule(seconds=st.sampled_from([0.02, 1.0, 20.0, 70.0, 700.0]))
    def wait(self, seconds: float) -> None:
        assert self.world
        self.world.run(seconds)

    @rule(hours=st.integers(1, 30))
    def sleep(self, hours: int) -> None:
        assert self.world
        self.world.sleep(3600.0 * hours)

    @rule(minutes=st.sampled_from([0, -8, 8, -1440, 1440]))
    def set_clock(self, minutes: int) -> None:
        """It is wrong by so much from now on, or right again."""
        assert self.world
        self.world.set_clock(timedelta(minutes=minutes))

    def _late(self, back: int) -> int:
        """A clock that is far from the truth tells no late word from a new one."""
        assert self.world
        return back if abs(self.world.wrong_by) <= AHEAD else 0

    @rule(which=some)
    def sleep_through_an_outage(self, which: int) -> None:
        """It opens and closes while the machine sleeps: for a page that was read before that,
        and by the same clock, the history makes up for it."""
        assert self.world
        vendor = self._vendor(which)
        self.world.run(5.0)
        memory, began_at = self.world.memory(vendor.page.id), self.world.now(self.world.wall())
        already = set(vendor.said)
        for change in (
            lambda b: b.open_incident(f"Outage {self._count}", self._words()),
            lambda b: IncidentHandle(b, b.state().incidents[0].id).resolve(self._words()),
        ):
            self.world.sleep(3600.0)
            self._says(vendor, change)
        self.world.sleep(3600.0)
        was_read = memory.baselined and memory.read_at and memory.read_at <= began_at
        if was_read and self.world.memory(vendor.page.id).read_at == memory.read_at:
            slept_through = vendor.said.keys() - already
            self.world.missed |= {(key, self.world.wall()) for key in slept_through}

    @rule(steps=st.integers(1, 12))
    def die_soon(self, steps: int) -> None:
        """At so many steps from now, wherever that is."""
        assert self.world
        self.world.fate.left = steps

    @rule()
    def die(self) -> None:
        assert self.world
        self.world.kill()

    @rule()
    def power_cut(self) -> None:
        assert self.world
        self.world.cut_power()

    @rule()
    def restart(self) -> None:
        assert self.world
        self.world.restart()

    @rule(times=st.sampled_from([1, 2, 5, 50]), late=st.booleans())
    def disk_fails(self, times: int, late: bool) -> None:
        assert self.world
        self.world.disk.fails, self.world.disk.fails_late = times, late

    @rule(trouble=st.sampled_from(TROUBLES), times=st.integers(1, 3))
    def sink_fails(self, trouble: tuple[str, Trouble], times: int) -> None:
        assert self.world
        sink, how = trouble
        self.world.troubles[sink].coming.extend([how] * times)

    # ------------------------------------------------------------ in the end

    @rule()
    def settle(self) -> None:
        self._settle()

    def _settle(self) -> None:
        world = self.world
        assert world
        world.fate.left, world.disk.fails = None, 0
        for troubles in world.troubles.values():
            troubles.coming.clear()
        world.set_clock(timedelta(0))
        for vendor in world.vendors.values():
            vendor.history_serves, vendor.history_back = Serves.WELL, 0
        for count in range(LOOKS):
            for vendor in world.vendors.values():
                self._look(vendor, seconds=0.01)
            world.run(61.0)
            if count >= 2 and not self.account.is_restless():
                break
        self.account.follow()
        self.account.check_sinks()
        self.account.check_settled()


def _is_open(incident: BoardIncident) -> bool:
    return phase_of(incident) is not Phase.CLOSED


def _one_of(found: list[Found], which: int) -> Found:
    return found[which % len(found)]
