"""What reaches the person, as transcripts: an event comes, a toast is shown or is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.attention import KEEP_HEARD, Decision, Policy, Silence, State, decide
from traywatch.core.model import (
    ComponentChanged,
    ComponentRef,
    ComponentStatus,
    Event,
    Impact,
    IncidentClosed,
    IncidentEdited,
    IncidentNews,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    PageReadable,
    PageUnreadable,
    Recorded,
)

NOW = datetime(2025, 11, 18, 12, 0, tzinfo=UTC)
S = IncidentStatus


def news(
    kind: type[IncidentNews],
    stands: IncidentStatus = S.INVESTIGATING,
    impact: Impact = Impact.MINOR,
    *,
    incident: str = "Errors",
    at: datetime = NOW,
    first_look: bool = False,
) -> IncidentNews:
    return kind(
        page_id="p",
        page_name="P",
        at=at,
        first_look=first_look,
        incident_id=incident,
        incident_name=incident,
        incident_status=stands,
        impact=impact,
        body="",
    )


def changed(new: ComponentStatus, old: ComponentStatus | None) -> ComponentChanged:
    return ComponentChanged(
        page_id="p", page_name="P", at=NOW, components=(ComponentRef("API"),), new=new, old=old
    )


@dataclass
class Play:
    """A person, and what they get to see. The state passes through its text at each step."""

    policy: Policy = field(default_factory=Policy)
    state: State = field(default_factory=State)
    now: datetime = NOW
    seq: int = 0
    shown: list[str] = field(default_factory=list)

    def hears(self, *events: Event, recorded_at: datetime | None = None) -> Decision:
        batch: list[Recorded] = []
        for event in events:
            self.seq += 1
            batch.append(Recorded(self.seq, recorded_at or self.now, event))
        decision = decide(self.policy, batch, State.read(self.state.text), self.now)
        self.state = decision.state
        return decision

    def sees(self, event: Event) -> str | None:
        """The only toast's text for an event; None for silence."""
        decision = self.hears(event)
        if not decision.toasts:
            assert [seq for seq, _ in decision.silenced] == [self.seq]
            return None
        assert decision.silenced == ()
        (shown,) = decision.toasts
        return f"{shown.title}: {shown.body}"


# ------------------------------------------------------------------ the life of an incident


def test_an_outage_breaks_gets_worse_and_recovers() -> None:
    play = Play()
    assert play.sees(news(IncidentOpened)) == "P - Errors: Investigating"
    assert play.sees(news(IncidentUpdated, S.INVESTIGATING)) is None
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED)) is None
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.CRITICAL)) == (
        "P - Errors: Identified"
    )
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.CRITICAL)) is None
    assert play.sees(news(IncidentUpdated, S.MONITORING, Impact.CRITICAL)) is None
    assert play.sees(news(IncidentUpdated, S.MONITORING, Impact.MINOR)) is None
    assert play.sees(news(IncidentClosed, S.RESOLVED)) == "P - Errors: Resolved"
    assert play.sees(news(IncidentUpdated, S.RESOLVED)) is None
    assert play.sees(news(IncidentUpdated, S.POSTMORTEM)) is None


def test_a_second_identical_outage_is_announced_like_the_first() -> None:
    play = Play()
    for _ in range(2):
        assert play.sees(news(IncidentOpened)) == "P - Errors: Investigating"
        assert play.sees(news(IncidentClosed, S.RESOLVED)) == "P - Errors: Resolved"


def test_a_mend_that_does_not_hold_is_worse() -> None:
    play = Play()
    play.sees(news(IncidentOpened))
    assert play.sees(news(IncidentUpdated, S.MONITORING)) is None
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED)) == "P - Errors: Identified"


def test_a_repeated_or_late_update_is_not_worse() -> None:
    play = Play()
    play.sees(news(IncidentOpened))
    play.sees(news(IncidentUpdated, S.MONITORING))
    earlier = NOW - timedelta(minutes=1)
    late = play.hears(news(IncidentUpdated, S.IDENTIFIED, Impact.CRITICAL, at=earlier))
    assert late.silenced == ((3, Silence.LATE),)
    assert play.sees(news(IncidentUpdated, S.INVESTIGATING)) == "P - Errors: Investigating"


def test_an_unknown_impact_does_not_make_us_forget_the_known_one() -> None:
    play = Play()
    play.sees(news(IncidentOpened, impact=Impact.MAJOR))
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.UNKNOWN)) is None
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.MAJOR)) is None
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.CRITICAL)) is not None


def test_the_first_we_hear_of_an_incident_is_told_whatever_it_is() -> None:
    play = Play()
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED)) == "P - Errors: Identified"
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED)) is None


def test_an_informational_incident_is_told_when_it_opens() -> None:
    assert Play().sees(news(IncidentOpened, impact=Impact.NONE)) == "P - Errors: Investigating"


def test_a_closing_told_late_by_its_postmortem_is_told() -> None:
    play = Play()
    play.sees(news(IncidentOpened))
    assert play.sees(news(IncidentClosed, S.POSTMORTEM)) == "P - Errors: Postmortem"
    assert play.sees(news(IncidentClosed, S.POSTMORTEM)) is None


def test_a_closing_dated_before_what_was_heard_still_ends_it() -> None:
    play = Play()
    play.sees(news(IncidentOpened))
    backdated = news(IncidentClosed, S.RESOLVED, at=NOW - timedelta(minutes=1))
    assert play.sees(backdated) == "P - Errors: Resolved"
    assert play.sees(news(IncidentOpened)) == "P - Errors: Investigating"


@pytest.mark.parametrize("closed_at", [NOW, NOW - timedelta(minutes=30)])
def test_late_words_of_what_is_over_are_not_shown_as_if_it_went_on(closed_at: datetime) -> None:
    play = Play()
    play.sees(news(IncidentOpened, at=NOW - timedelta(minutes=20)))
    play.sees(news(IncidentClosed, S.RESOLVED, at=closed_at))
    late = news(IncidentUpdated, S.IDENTIFIED, at=NOW - timedelta(minutes=21))
    assert play.hears(late).silenced == ((3, Silence.LATE),)
    assert play.hears(late).silenced == ((4, Silence.LATE),)


def test_a_maintenance_is_told_when_it_is_scheduled_begins_and_ends() -> None:
    play = Play()
    assert play.sees(news(MaintenanceScheduled, S.SCHEDULED)) == "P - Errors: Scheduled"
    assert play.sees(news(MaintenanceScheduled, S.SCHEDULED)) is None
    assert play.sees(news(IncidentUpdated, S.SCHEDULED)) is None
    assert play.sees(news(MaintenanceStarted, S.IN_PROGRESS)) == "P - Errors: In progress"
    assert play.sees(news(IncidentUpdated, S.VERIFYING)) is None
    assert play.sees(news(MaintenanceCompleted, S.COMPLETED)) == "P - Errors: Completed"


C = ComponentStatus


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (C.OPERATIONAL, C.DEGRADED_PERFORMANCE, True),
        (C.OPERATIONAL, C.UNDER_MAINTENANCE, True),
        (C.PARTIAL_OUTAGE, C.MAJOR_OUTAGE, True),
        (C.MAJOR_OUTAGE, C.PARTIAL_OUTAGE, False),
        (C.MAJOR_OUTAGE, C.OPERATIONAL, True),
        (C.UNDER_MAINTENANCE, C.OPERATIONAL, True),
        (None, C.MAJOR_OUTAGE, True),
        (None, C.OPERATIONAL, False),
        (C.UNKNOWN, C.MAJOR_OUTAGE, True),
        (C.UNKNOWN, C.OPERATIONAL, False),
        (C.OPERATIONAL, C.UNKNOWN, False),
    ],
)
def test_a_component_that_breaks_gets_worse_or_recovers_is_told(
    old: ComponentStatus | None, new: ComponentStatus, told: bool
) -> None:
    assert (Play().sees(changed(new, old)) is not None) is told


# ------------------------------------------------------------------ silence and why


@pytest.mark.parametrize(
    "event",
    [
        news(IncidentEdited),
        PageUnreadable(page_id="p", page_name="P", at=NOW, reason="timed out"),
        PageReadable(page_id="p", page_name="P", at=NOW),
    ],
)
def test_what_is_never_announced(event: Event) -> None:
    play = Play()
    assert play.hears(event).silenced == ((1, Silence.NOT_ANNOUNCED),)
    assert play.state == State()


def test_pausing_silences_but_does_not_make_us_forget() -> None:
    play = Play(Policy(paused=True))
    paused = play.hears(news(IncidentOpened), news(IncidentUpdated, S.IDENTIFIED, Impact.MAJOR))
    assert paused.toasts == ()
    assert paused.silenced == ((1, Silence.PAUSED), (2, Silence.PAUSED))
    play.policy = Policy()
    assert play.sees(news(IncidentUpdated, S.IDENTIFIED, Impact.MAJOR)) is None
    assert play.sees(news(IncidentClosed, S.RESOLVED)) == "P - Errors: Resolved"


# ------------------------------------------------------------------ what piled up

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def opened(*names: str, at: datetime = NOW) -> list[Event]:
    return [news(IncidentOpened, incident=name, at=at) for name in names]


def titles(decision: Decision) -> list[str]:
    return [shown.title for shown in decision.toasts]


@pytest.mark.parametrize(
    ("at", "recorded_at", "told"),
    [
        (NOW - HOUR, NOW - HOUR, "P - a"),
        (NOW - HOUR - SECOND, NOW, "While you were away"),
        (NOW, NOW - HOUR - SECOND, "While you were away"),
        (NOW + HOUR, NOW, "P - a"),
    ],
)
def test_nothing_older_than_an_hour_is_shown_as_if_it_happened_now(
    at: datetime, recorded_at: datetime, told: str
) -> None:
    assert titles(Play().hears(*opened("a", at=at), recorded_at=recorded_at)) == [told]


def test_a_night_of_news_is_one_digest_after_what_is_fresh() -> None:
    play = Play()
    night = NOW - 8 * HOUR
    decision = play.hears(
        *opened("a", "b", at=night),
        news(IncidentUpdated, S.IDENTIFIED, incident="a", at=night),
        news(IncidentClosed, S.RESOLVED, incident="a", at=night),
        *opened("c"),
    )
    assert titles(decision) == ["P - c", "While you were away"]
    assert decision.toasts[-1].body == "2 opened, 1 resolved: P - b; P - a"
    assert decision.silenced == ((3, Silence.NOT_WORSE),)


@pytest.mark.parametrize(
    ("fresh", "stale", "told"),
    [
        ("abc", "", ["P - a", "P - b", "P - c"]),
        ("abcd", "", ["Several changes at once"]),
        ("ab", "x", ["P - a", "P - b", "While you were away"]),
        ("abc", "x", ["While you were away"]),
        ("", "xyzuvw", ["While you were away"]),
    ],
)
def test_more_than_three_at_once_are_one_digest(fresh: str, stale: str, told: list[str]) -> None:
    events = opened(*stale, at=NOW - 2 * HOUR) + opened(*fresh)
    assert titles(Play().hears(*events)) == told


def test_what_a_first_look_finds_is_told_as_going_on() -> None:
    old = news(IncidentOpened, at=NOW - 9 * HOUR, first_look=True)
    (shown,) = Play().hears(old).toasts
    assert (shown.title, shown.body) == ("Already going on", "1 opened: P - Errors")


# ------------------------------------------------------------------ the state


def test_the_state_does_not_grow_without_end() -> None:
    play = Play()
    play.hears(*opened(*map(str, range(KEEP_HEARD + 50))))
    assert len(play.state.heard) == KEEP_HEARD
    assert len(play.state.text) < 25_000
    assert play.sees(news(IncidentUpdated, incident=str(KEEP_HEARD + 49))) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '{"a":1}', '{"1":[1,"monitoring"]}'),
        *('{"1":["x","monitoring",1]}', '{"1":[1,"new word",1]}', '{"1":[1,"monitoring","x"]}'),
    ],
)
def test_a_note_that_cannot_be_read_is_an_empty_state(text: str) -> None:
    assert State.read(text) == State()


KINDS = (IncidentOpened, IncidentUpdated, IncidentClosed, MaintenanceScheduled)
BATCHES = st.lists(
    st.builds(
        news,
        st.sampled_from(KINDS),
        st.sampled_from(IncidentStatus),
        st.sampled_from(Impact),
        incident=st.sampled_from("abc"),
        at=st.integers(-5000, 60).map(lambda s: NOW + timedelta(seconds=s)),
    ),
    max_size=8,
)


@given(st.lists(BATCHES, max_size=4), st.booleans())
def test_every_event_is_shown_or_silenced_and_the_state_survives(
    batches: Sequence[Sequence[IncidentNews]], paused: bool
) -> None:
    play = Play(Policy(paused=paused))
    for batch in batches:
        decision = play.hears(*batch)
        assert len(decision.toasts) <= 3
        assert bool(decision.toasts) is (len(decision.silenced) < len(batch))
        assert State.read(play.state.text) == play.state
        if paused:
            assert decision.toasts == ()


def test_batches_do_not_change_what_is_worse() -> None:
    story = [
        news(IncidentOpened),
        news(IncidentUpdated, S.MONITORING),
        news(IncidentUpdated, S.IDENTIFIED),
        news(IncidentClosed, S.RESOLVED),
    ]
    whole, stepwise = Play(), Play()
    at_once = whole.hears(*story).toasts
    assert at_once == tuple(shown for event in story for shown in stepwise.hears(event).toasts)
    assert whole.state == stepwise.state
