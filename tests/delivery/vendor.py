"""A vendor that remembers everything it ever said, behind caches and a network that misbehave.

Time and content are the board's; the documents and the webhooks are what real vendors send. What
is *asked* decides what is answered, however long the answer takes: a change that is published
meanwhile is not in it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from urllib.parse import urlsplit

from traywatch.core.errors import FetchError
from traywatch.core.incidents import Phase
from traywatch.core.model import ComponentStatus, Fault, IncidentStatus, Page, Snapshot
from traywatch.core.reply import Reply, Validators
from traywatch.demo import INCIDENTS, MAINTENANCES, SUMMARY, Board, Shape, documents
from traywatch.demo.board import BoardComponent, BoardIncident, BoardState
from traywatch.platforms.webhook import parse_webhook

CACHED: float = 240.0
"""How long a cache may go on serving a copy, in seconds: real ones serve minutes-old copies."""
NAMES = ("API", "Web", "Solo")
"""The components. No incident ever names the last: its changes are nobody else's to tell."""

UpdateId = tuple[str, str]
"""(incident id, update id), as the documents have them."""
_OWN_CLOCK = re.compile(rb',"updated_at":"[^"]*"')


class Serves(Enum):
    """How a document is answered."""

    WELL = auto()
    UNREACHABLE = auto()
    ERROR = auto()
    GONE = auto()
    PORTAL = auto()


@dataclass(frozen=True, slots=True)
class Trait:
    """What kind of page it is."""

    shape: Shape = Shape.STATUSPAGE
    dated: bool = True
    """The page has a clock of its own (``page.updated_at``)."""
    tagged: bool = True
    """It sends an ETag and answers 304."""
    history: bool = True
    """What is over can be read of somewhere."""


@dataclass(slots=True)
class Said:
    """One update, and every text it ever had."""

    incident_status: IncidentStatus
    at: datetime
    texts: set[str] = field(default_factory=set)


class Vendor:
    """One page: what it says, what it said, what is served of it."""

    def __init__(self, number: int, trait: Trait, clock: Callable[[], datetime]) -> None:
        self.page = Page(id=f"p{number}", url=f"https://host{number}.example")
        self.trait = trait
        self._clock = clock
        self.board = Board(f"Vendor {number}", components=NAMES, clock=clock)
        self.board._made = 1_000 * (number + 1)  # no two vendors have ids in common
        self.states: list[BoardState] = []
        """Everything it ever said, oldest first."""
        self._until: list[datetime] = []
        """When each state was replaced."""
        self.said: dict[UpdateId, Said] = {}
        self.windows: set[tuple[str, datetime | None, datetime | None]] = set()
        self.phases: dict[str, list[tuple[datetime, Phase]]] = {}
        """Where each incident stood since when; ABSENT: it was deleted."""
        self.serves, self.back = Serves.WELL, 0
        """How the summary is answered, and from how many changes ago."""
        self.history_serves, self.history_back = Serves.WELL, 0
        self.lied_at: datetime | None = None
        """When the history last lagged, or was said not to exist."""
        self.served: BoardState | None = None
        """The state of the last summary that was handed out."""
        self.shown: set[UpdateId] = set()
        """The updates that any summary had in it."""
        self.note()

    # ------------------------------------------------------------ what was said

    def note(self) -> None:
        """After every change: keep what it says now."""
        state = self.board.state()
        if self.states and state is self.states[-1]:
            return
        if self.states:
            self._until.append(self._clock())
        for incident in state.incidents:
            if not self.states or incident not in self.states[-1].incidents:
                self._note_incident(incident)
        if self.states:
            for gone in {i.id for i in self.states[-1].incidents} - {i.id for i in state.incidents}:
                self.phases[self.id_of(gone)].append((state.updated_at, Phase.ABSENT))
        self.states.append(state)

    def _note_incident(self, incident: BoardIncident) -> None:
        incident_id = self.incident_id(incident)
        self.windows.add((incident_id, incident.starts_at, incident.ends_at))
        story = self.phases.setdefault(incident_id, [])
        if not story or story[-1][1] is not phase_of(incident):
            story.append((incident.updated_at, phase_of(incident)))
        for key, update in zip(self.update_ids(incident), incident.updates, strict=True):
            at = self._dated(update.at)
            said = self.said.setdefault(key, Said(update.incident_status, at))
            said.texts.add(update.body)

    def _dated(self, at: datetime) -> datetime:
        return at if self.trait.shape is Shape.STATUSPAGE else at.replace(microsecond=0)

    def incident_id(self, incident: BoardIncident) -> str:
        """The id its documents give it."""
        if self.trait.shape is Shape.STATUSPAGE:
            return incident.id
        return documents._ulid(incident.id, incident.created_at)

    def id_of(self, board_id: str) -> str:
        """The id its documents give, or gave, an incident of the board."""
        found = (i for state in reversed(self.states) for i in state.incidents if i.id == board_id)
        return self.incident_id(next(found))

    def update_ids(self, incident: BoardIncident) -> Iterator[UpdateId]:
        """One for each update, oldest first."""
        incident_id = self.incident_id(incident)
        for update in incident.updates:
            native = self.trait.shape is Shape.STATUSPAGE
            yield incident_id, update.id if native else documents._ulid(update.id, update.at)

    def component_id(self, component: BoardComponent) -> str:
        """The id its documents give it."""
        if self.trait.shape is Shape.STATUSPAGE:
            return component.id
        return documents._ulid(component.id, component.created_at)

    def component_said(self, component_id: str, new: ComponentStatus, at: datetime) -> bool:
        """Was the component ever so, and dated so?"""
        return any(
            self.component_id(component) == component_id
            and component.component_status is new
            and at == self._dated(self._component_at(component, state))
            for state in self.states
            for component in state.components
        )

    def _component_at(self, component: BoardComponent, state: BoardState) -> datetime:
        native = self.trait.shape is Shape.STATUSPAGE
        return component.updated_at if native else state.updated_at

    # ------------------------------------------------------------ what is served

    def copy(self, back: int) -> BoardState:
        """What a cache may still hold: at most so many changes ago, and not for too long."""
        newest = len(self.states) - 1
        horizon = self._clock() - timedelta(seconds=CACHED)
        index = max(0, newest - back)
        while index < newest and self._until[index] < horizon:
            index += 1
        return self.states[index]

    def answer(self, url: str, validators: Validators | None) -> Reply:
        """What the host says to one GET. Raises FetchError."""
        path = urlsplit(url).path
        if path == SUMMARY:
            serves, state = self.serves, self.copy(self.back)
        elif path in (INCIDENTS, MAINTENANCES):
            serves = self.history_serves if self.trait.history else Serves.GONE
            state = self.copy(self.history_back)
            if serves is Serves.GONE or state is not self.states[-1]:
                self.lied_at = self._clock()
        else:
            raise _refusal(404)
        reply = self._reply(url, path, serves, state, validators)
        if path == SUMMARY:
            self._note_served(state)
        return reply

    def _note_served(self, state: BoardState) -> None:
        self.served = state
        for incident in state.incidents:
            if phase_of(incident) is not Phase.CLOSED:
                self.shown.update(self.update_ids(incident))

    def _reply(
        self,
        url: str,
        path: str,
        serves: Serves,
        state: BoardState,
        validators: Validators | None,
    ) -> Reply:
        if serves is Serves.UNREACHABLE:
            raise FetchError("no route to host")
        if serves in (Serves.ERROR, Serves.GONE):
            raise _refusal(500 if serves is Serves.ERROR else 404)
        if serves is Serves.PORTAL:
            return Reply(url, 200, b"<html>Hotel Wifi</html>", {"content-type": "text/html"})
        body = self._document(path, state)
        if body is None:
            raise _refusal(404)
        return self._read(url, body, validators)

    def _read(self, url: str, body: bytes, known: Validators | None) -> Reply:
        sha256 = hashlib.sha256(body).hexdigest()
        etag = f'W/"{sha256[:16]}"' if self.trait.tagged else None
        if known is not None and etag is not None and known.etag == etag:
            return Reply(url, 304, b"", validators=known, unchanged=True)
        unchanged = known is not None and known.body_sha256 == sha256
        validators = Validators(url, self._clock(), etag=etag, body_sha256=sha256)
        native = self.trait.shape is Shape.STATUSPAGE
        headers = {"x-statuspage-version": "1"} if native else {}
        return Reply(url, 200, body, headers, validators, unchanged)

    def _document(self, path: str, state: BoardState) -> bytes | None:
        found = documents.document(path, state, self.page.url, self.trait.shape)
        if found is None or self.trait.dated:
            return found and found[1]
        return _OWN_CLOCK.sub(b"", found[1], count=1)

    # ------------------------------------------------------------ webhooks

    def incident_webhook(self, incident: BoardIncident, state: BoardState) -> Snapshot:
        """What the vendor posts of an incident as it stood in that state."""
        native = self.trait.shape is Shape.STATUSPAGE
        row = (
            documents._incident_row(incident, state, self.page.url)
            if native
            else documents._lookalike_incident(incident, state)
        )
        return self._posted({"incident": row}, state)

    def component_webhook(self, component: BoardComponent, state: BoardState) -> Snapshot:
        """What the vendor posts of a component as it stood in that state."""
        row = documents._component_row(component, state, 1)
        update = {
            "id": f"cu{component.updated_at.timestamp()}",
            "component_id": component.id,
            "new_status": component.component_status.value,
            "created_at": documents._milliseconds(component.updated_at),
        }
        return self._posted({"component": row, "component_update": update}, state)

    def _posted(self, content: dict[str, object], state: BoardState) -> Snapshot:
        """Statuspage's webhooks name their page by its id alone: no address, no name."""
        page = {"id": state.page_id, "status_indicator": "minor", "status_description": "Trouble"}
        return parse_webhook(json.dumps({"meta": {}, "page": page, **content}).encode())


def phase_of(incident: BoardIncident) -> Phase:
    """Where the vendor says it stands."""
    if incident.incident_status.closed:
        return Phase.CLOSED
    return Phase.PLANNED if incident.incident_status is IncidentStatus.SCHEDULED else Phase.OPEN


def _refusal(http_status: int) -> FetchError:
    return FetchError(f"HTTP {http_status}", fault=Fault.REFUSED, http_status=http_status)


class Net:
    """The one HTTP client, without a network."""

    def __init__(self, vendors: dict[str, Vendor]) -> None:
        self._by_host = {urlsplit(v.page.url).netloc: v for v in vendors.values()}
        self.latency_s = 0.05

    async def get(
        self, url: str, validators: Validators | None = None, *, private_ok: bool | None = None
    ) -> Reply:
        """The answer is made when it is asked for, and comes a little later."""
        vendor = self._by_host[urlsplit(url).netloc]
        try:
            reply = vendor.answer(url, validators)
        except FetchError as error:
            await asyncio.sleep(self.latency_s)
            raise error from None
        await asyncio.sleep(self.latency_s)
        return reply

    def forget_connections(self) -> None:
        """There are none."""
