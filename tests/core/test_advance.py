"""What is news and what is not, as transcripts."""

from __future__ import annotations

from dataclasses import replace

from tests.core.play import (
    EPOCH,
    Play,
    completed,
    components_page,
    heard,
    identified,
    in_progress,
    incident,
    investigating,
    maintenance,
    minute,
    monitoring,
    page,
    postmortem,
    resolved,
    scheduled,
    update,
    verifying,
)
from traywatch.core.advance import STRANGE_TRIES
from traywatch.core.draft import BARE
from traywatch.core.memory import Memory, seen_key
from traywatch.core.model import (
    UNNAMED_INCIDENT,
    Component,
    ComponentChanged,
    ComponentStatus,
    Impact,
    Incident,
    IncidentClosed,
    IncidentEdited,
    IncidentEvent,
    IncidentOpened,
    IncidentStatus,
    IncidentUpdated,
    MaintenanceCompleted,
    MaintenanceScheduled,
    MaintenanceStarted,
    NoHistory,
    NoWords,
    PageReadable,
    PageUnreadable,
    Unchanged,
)


class Compared(str):
    """An id that counts how often it is compared with another."""

    __slots__ = ()
    __hash__ = str.__hash__
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)


class TestFirstLook:
    """What is open is told, the backlog is not."""

    def test_an_open_incident_is_told_by_its_newest_update(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(9, incident("A", investigating(1), identified(5))))
        play.tells((IncidentOpened, "A identified"))
        assert play.told[0].first_look
        play.sees(page(9, incident("A", investigating(1), identified(5)))).tells()

    def test_what_is_over_or_only_planned_is_not(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(9, incident("A", investigating(1), resolved(5))))
        play.tells()
        play.sees(page(10, maintenance("M", scheduled(1)))).tells(
            (MaintenanceScheduled, "M scheduled")
        )
        other = Play(Memory("p"))
        other.sees(page(9, maintenance("M", scheduled(1)))).tells()
        other.sees(page(10, maintenance("M", scheduled(1)))).tells()

    def test_a_maintenance_under_way_is(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(9, maintenance("M", scheduled(1), stands="in_progress")))
        play.tells((MaintenanceStarted, "M in_progress"))
        play.sees(page(10, maintenance("M", scheduled(1), stands="in_progress"))).tells()

    def test_troubled_components_no_incident_names(self) -> None:
        play = Play(Memory("p"))
        play.sees(
            page(
                9,
                incident("A", identified(5), names=["api"]),
                api="major_outage",
                web="partial_outage",
            )
        )
        play.tells((IncidentOpened, "A identified"), (ComponentChanged, "web ->partial_outage"))

    def test_a_webhook_before_it_is_not_told_again(self) -> None:
        play = Play(Memory("p"))
        play.sees(heard(incident("A", investigating(1)))).tells((IncidentOpened, "A investigating"))
        play.sees(page(9, incident("A", investigating(1)))).tells()

    def test_what_a_webhook_told_before_it_goes_on_from_there(self) -> None:
        play = Play(Memory("p"))
        play.sees(heard(maintenance("M", scheduled(1)), incident("A", investigating(1))))
        started = maintenance("M", scheduled(1), in_progress(2))
        play.sees(page(9, started, incident("A", investigating(1), identified(2), monitoring(3))))
        play.tells((MaintenanceStarted, "M in_progress"), (IncidentUpdated, "A monitoring"))
        assert not play.told[0].first_look
        assert play.memory.incidents["A"].incident_status is IncidentStatus.MONITORING


class TestUpdates:
    def test_each_is_told_once_in_its_order(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1)))).tells(
            (IncidentOpened, "A investigating")
        )
        play.sees(page(6, incident("A", investigating(1), identified(4), monitoring(5))))
        play.tells((IncidentUpdated, "A identified"), (IncidentUpdated, "A monitoring"))
        play.sees(page(7, incident("A", investigating(1), identified(4), monitoring(5)))).tells()

    def test_two_identical_outages_are_two(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1)))).tells(
            (IncidentOpened, "A investigating")
        )
        play.sees(heard(incident("A", investigating(1), resolved(2))))
        play.tells((IncidentClosed, "A resolved"))
        again = replace(incident("B", investigating(8)), name="A")
        play.sees(page(9, again)).tells((IncidentOpened, "B investigating"))

    def test_an_edit_is_recorded_as_one(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1, body="teh api"))))
        play.sees(page(3, incident("A", investigating(1, body="the api"))))
        play.tells((IncidentEdited, "A investigating"))
        play.sees(page(4, incident("A", investigating(1, body="the api")))).tells()

    def test_without_ids_time_and_status_identify(self) -> None:
        play = Play.baselined()
        first = investigating(1, id=None)
        play.sees(page(2, incident("A", first))).tells((IncidentOpened, "A investigating"))
        play.sees(page(3, incident("A", first, investigating(3, id=None))))
        play.tells((IncidentUpdated, "A investigating"))
        play.sees(page(4, incident("A", first, investigating(3, id=None)))).tells()

    def test_two_of_the_same_minute_are_two(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1, id="x"))))
        play.sees(page(2, incident("A", investigating(1, id="x"), investigating(1, id="y"))))
        play.tells((IncidentUpdated, "A investigating"))

    def test_with_neither_id_nor_time_the_words_tell_them_apart(self) -> None:
        def said(*bodies: str) -> Incident:
            return incident("A", *(update("investigating", None, id=None, body=b) for b in bodies))

        play = Play.baselined()
        play.sees(heard(said("one", "two")))
        play.tells((IncidentOpened, "A investigating"), (IncidentUpdated, "A investigating"))
        assert [event.body for event in play.told if isinstance(event, IncidentEvent)] == [
            "one",
            "two",
        ]
        play.sees(heard(said("one", "two"))).tells()
        play.sees(heard(said("three"))).tells((IncidentUpdated, "A investigating"))

    def test_words_alone_are_said_anew_after_a_while(self) -> None:
        """A monitor posts "db-1 is down" each time that it is; a delivery is repeated sooner."""
        down = heard(incident("message:1", update("unknown", None, id=None, body="db-1 is down")))
        play = Play(Memory(BARE))
        play.sees(down, at=1).tells((IncidentOpened, "message:1 unknown"))
        play.sees(down, at=3).tells()
        play.sees(down, at=20).tells((IncidentOpened, "message:1 unknown"))
        for n in range(40):
            other = incident(f"message:{n + 2}", update("unknown", None, id=None, body=str(n)))
            play.sees(heard(other), at=21 + n)
        play.sees(down, at=90).tells((IncidentOpened, "message:1 unknown"))

    def test_without_updates_a_status_that_is_known_is_no_news(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), monitoring(2))))
        play.sees(heard(incident("A", stands="monitoring"))).tells()
        play.sees(heard(incident("A", stands="resolved"))).tells((IncidentClosed, "A resolved"))

    def test_where_it_stands_is_told_where_it_moved_alone(self) -> None:
        play = Play.baselined()
        stands = [replace(investigating(n, id=f"@{n}"), only_if_moved=True) for n in (1, 2)]
        play.sees(heard(incident("A", stands[0]))).tells((IncidentOpened, "A investigating"))
        play.sees(heard(incident("A", stands[1]))).tells()
        moved = replace(monitoring(3, id="@3"), only_if_moved=True)
        play.sees(heard(incident("A", moved))).tells((IncidentUpdated, "A monitoring"))
        play.sees(heard(incident("A", investigating(4, id="@4"))))
        play.tells((IncidentUpdated, "A investigating"))

    def test_a_date_that_cannot_be_read_makes_no_old_words_the_newest(self) -> None:
        play = Play.baselined()
        undated = update("identified", None, id="undated")
        play.sees(heard(incident("A", investigating(1), undated, resolved(3))), at=9)
        play.tells(
            (IncidentOpened, "A investigating"),
            (IncidentUpdated, "A identified"),
            (IncidentClosed, "A resolved"),
        )
        assert [event.at for event in play.told] == [minute(1), minute(3), minute(3)]
        newest = update("investigating", None, id="again")
        play.sees(heard(incident("A", investigating(1), undated, resolved(3), newest)), at=10)
        play.tells((IncidentOpened, "A investigating"))
        assert play.told[0].at == minute(10)

    def test_an_incident_without_updates_is_told_by_its_state(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", stands="investigating")))
        play.tells((IncidentOpened, "A investigating"))
        play.sees(page(3, incident("A", stands="investigating"))).tells()
        play.sees(page(4, incident("A", stands="resolved"))).tells((IncidentClosed, "A resolved"))

    def test_a_late_one_is_told_and_moves_nothing(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), monitoring(9))), at=10)
        play.sees(heard(incident("A", identified(5)))).tells((IncidentUpdated, "A identified"))
        assert play.memory.incidents["A"].incident_status is IncidentStatus.MONITORING

    def test_a_backdated_resolution_closes(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), monitoring(9))), at=10)
        play.sees(heard(incident("A", resolved(5)))).tells((IncidentClosed, "A resolved"))

    def test_one_dated_into_the_future_does_not_make_the_next_late(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(60 * 24 * 300))))
        play.sees(heard(incident("A", resolved(4)))).tells((IncidentClosed, "A resolved"))

    def test_a_postmortem_is_no_second_closing(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), resolved(2))))
        play.sees(heard(incident("A", postmortem(500)))).tells((IncidentUpdated, "A postmortem"))

    def test_an_unknown_word_keeps_it_open(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1), stands="unknown")))
        play.tells((IncidentOpened, "A investigating"))
        play.sees(page(3, incident("A", investigating(1), stands="unknown"))).tells()
        assert not play.memory.incidents["A"].closed


class TestClosing:
    def test_its_words_are_fetched_when_it_leaves_the_list(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5)).tells().wants_words_of("A")
        play.sees(heard(incident("A", investigating(1), monitoring(3), resolved(4))))
        play.tells((IncidentUpdated, "A monitoring"), (IncidentClosed, "A resolved"))
        play.wants_words_of().stays().tells()

    def test_without_a_watermark_one_absence_is_nothing(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(None))
        play.sees(page(None, incident("A", investigating(1))))
        play.sees(page(None)).tells().wants_words_of()
        play.sees(page(None, incident("A", investigating(1)))).tells().wants_words_of()
        play.sees(page(None)).wants_words_of()
        play.sees(page(None)).tells().wants_words_of("A")

    def test_the_same_bytes_count_as_a_second_sighting(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(None))
        play.sees(page(None, incident("A", investigating(1))))
        play.sees(page(None)).wants_words_of()
        play.stays().wants_words_of("A")

    def test_a_history_that_lags_is_waited_for_then_it_closes_without_words(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5)).wants_words_of("A")
        play.sees(NoWords()).tells().wants_words_of("A")
        play.sees(NoWords()).tells().wants_words_of("A")
        play.sees(NoWords()).tells((IncidentClosed, "A resolved")).wants_words_of()
        play.sees(NoWords()).tells()

    def test_looks_without_the_history_being_asked_close_nothing(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5)).stays(20).tells().wants_words_of("A")

    def test_what_comes_back_to_the_list_has_all_its_tries_again(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5)).sees(NoWords()).sees(NoWords())
        play.sees(page(6, incident("A", investigating(1)))).sees(page(7))
        play.sees(NoWords()).tells().wants_words_of("A")

    def test_half_a_document_closes_nothing(self) -> None:
        """A page known to have components that lists none has lost its other list as well."""
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1)), api="operational"))
        hollow = replace(page(3), hollow=True)
        play.sees(hollow).tells().wants_words_of()
        play.sees(replace(hollow, page_updated_at=minute(4))).tells().wants_words_of()
        play.sees(page(5, api="operational")).tells().wants_words_of("A")

    def test_a_page_that_never_lists_components_closes_by_absence(self) -> None:
        play = Play(Memory("p"))
        play.sees(replace(page(2, incident("A", investigating(1))), hollow=True))
        play.sees(replace(page(3), hollow=True)).wants_words_of("A")

    def test_without_a_history_it_closes_at_once(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5))
        play.sees(NoHistory()).tells((IncidentClosed, "A resolved"))
        play.sees(NoHistory()).tells()

    def test_words_that_come_after_a_wordless_closing_are_told_too(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5))
        play.sees(NoHistory())
        play.sees(heard(incident("A", resolved(4)))).tells((IncidentUpdated, "A resolved"))

    def test_a_status_that_moves_without_a_word_closes(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5, incident("A", investigating(1), stands="resolved")))
        play.tells((IncidentClosed, "A resolved"))
        play.sees(page(6, incident("A", investigating(1), stands="resolved"))).tells()

    def test_a_new_update_reopens(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), resolved(2))))
        play.sees(page(9, incident("A", investigating(1), resolved(2), investigating(8))))
        play.tells((IncidentOpened, "A investigating"))

    def test_an_old_copy_of_a_reopened_one_does_not_close_it(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1), resolved(2), investigating(8))), at=9)
        play.sees(heard(incident("A", investigating(1), resolved(2)))).tells()
        assert not play.memory.incidents["A"].closed

    def test_a_page_newer_than_the_closing_takes_it_back_silently(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(3)).sees(NoHistory())
        assert play.memory.incidents["A"].closed
        play.sees(page(30, incident("A", investigating(1)))).tells()
        assert not play.memory.incidents["A"].closed

    def test_closed_by_a_clock_of_ours_that_is_a_day_ahead_it_can_be_reopened(self) -> None:
        """Its closing words date it, once they come."""
        day = 60 * 24
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))), at=day)
        play.sees(page(3), at=day + 3).sees(NoHistory())
        assert play.memory.incidents["A"].wordless
        again = incident("A", investigating(1), resolved(3), investigating(8))
        play.sees(page(8, again)).tells(
            (IncidentUpdated, "A resolved"), (IncidentOpened, "A investigating")
        )
        assert not play.memory.incidents["A"].wordless

    def test_what_the_vendor_closed_is_not_reopened_by_words_from_long_before(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(1))))
        play.sees(heard(incident("A", resolved(300))), at=301)
        play.sees(heard(incident("A", resolved(2)))).tells((IncidentUpdated, "A resolved"))
        play.sees(heard(incident("A", investigating(8)))).tells(
            (IncidentUpdated, "A investigating")
        )
        assert play.memory.incidents["A"].closed


class TestOldCopies:
    def test_a_copy_older_than_the_watermark_says_nothing(self) -> None:
        play = Play.baselined()
        play.sees(page(9, incident("A", investigating(1)), api="major_outage"))
        before = play.memory
        play.sees(page(3, api="operational")).tells().wants_words_of()
        assert play.memory.components == before.components
        play.sees(page(9, incident("A", investigating(1)), api="major_outage")).tells()

    def test_without_a_watermark_an_old_list_does_not_reopen(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(None, incident("A", investigating(1))))
        play.sees(page(None, incident("A", investigating(1), resolved(2))))
        play.sees(page(None, incident("A", investigating(1)))).tells()
        play.sees(page(None)).tells().stays(5).tells()

    def test_only_without_a_break_is_a_clock_believed_that_went_back(self) -> None:
        play = Play.baselined()
        play.sees(page(10, incident("A", investigating(9))), at=10)
        play.sees(page(5), at=20).stays()
        play.sees(page(5), at=90).tells().wants_words_of()

    def test_a_clock_that_went_back_is_believed_after_an_hour(self) -> None:
        play = Play.baselined()
        play.sees(page(500), at=1)
        play.sees(page(9, api="major_outage"), at=10).tells()
        play.sees(page(9, api="major_outage"), at=71).tells(
            (ComponentChanged, "api operational->major_outage")
        )

    def test_a_clock_in_the_far_future_is_no_clock(self) -> None:
        play = Play.baselined()
        play.sees(page(60 * 24 * 365 * 30))
        play.sees(page(3, incident("A", investigating(1)))).tells(
            (IncidentOpened, "A investigating")
        )


class TestHearsay:
    """A webhook arrives before the page, and the page's old copies, know of it."""

    def test_a_page_that_does_not_know_yet_does_not_close(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(5))), at=5)
        play.sees(page(4), at=6).tells().wants_words_of()
        play.stays(2).tells().wants_words_of()
        play.sees(page(8, incident("A", investigating(5))), at=9).tells()

    def test_a_page_that_never_lists_it_closes_in_the_end(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(5))), at=5)
        play.sees(page(9), at=9).wants_words_of("A")

    def test_late_words_of_what_left_the_list_do_not_keep_it_open_for_ever(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        play.sees(page(5)).wants_words_of("A")
        play.sees(heard(incident("A", investigating(1), identified(3))))
        play.tells((IncidentUpdated, "A identified"))
        play.stays().wants_words_of("A")

    def test_what_is_only_heard_of_is_not_open_for_ever_however_often(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(None))
        play.sees(heard(incident("A", investigating(5))), at=5)
        play.sees(heard(incident("A", investigating(5), identified(6))), at=6)
        play.sees(Unchanged(), at=9).wants_words_of()
        play.sees(Unchanged(), at=12).wants_words_of()
        play.stays().wants_words_of("A")

    def test_nor_when_our_clock_was_set_back_since(self) -> None:
        play = Play(Memory("p"))
        play.sees(page(None))
        play.sees(heard(incident("A", investigating(5))), at=60 * 24)
        play.sees(Unchanged(), at=9).stays().wants_words_of("A")

    def test_a_component_of_an_old_copy_does_not_recover(self) -> None:
        play = Play.baselined()
        said = heard(api="major_outage")
        late = replace(said, components=(replace(said.components[0], updated_at=minute(5)),))
        play.sees(late, at=5).tells((ComponentChanged, "api operational->major_outage"))
        old = page(4, api="operational", web="operational")
        old = replace(
            old, components=tuple(replace(c, updated_at=minute(2)) for c in old.components)
        )
        play.sees(old).tells()

    def test_a_vendor_whose_clock_is_ahead_of_ours_is_understood_all_the_same(self) -> None:
        play = Play.baselined()
        row = heard(api="major_outage").components[0]
        row = replace(row, updated_at=minute(6))
        reopened = incident("A", investigating(3), resolved(4), investigating(6))
        play.sees(replace(heard(reopened), components=(row,)), at=1)
        before = play.memory
        row = replace(row, component_status=ComponentStatus.OPERATIONAL, updated_at=minute(5))
        closed = incident("A", investigating(3), resolved(4))
        play.sees(replace(heard(closed), components=(row,))).tells()
        assert play.memory.components == before.components
        assert not play.memory.incidents["A"].closed

    def test_a_day_in_which_our_clock_was_wrong_makes_no_old_copy_look_new(self) -> None:
        play = Play.baselined()
        day = 60 * 24
        again = replace(
            incident("A", investigating(day), resolved(day + 1), investigating(day + 3)),
            updated_at=minute(day + 3),
        )
        row = Component("api", "api", ComponentStatus.MAJOR_OUTAGE, updated_at=minute(day + 3))
        play.sees(replace(page(day + 3, again), components=(row,)), at=1)
        play.now = day + 5
        over = replace(
            incident("A", investigating(day), resolved(day + 1)), updated_at=minute(day + 1)
        )
        well = replace(
            row, component_status=ComponentStatus.OPERATIONAL, updated_at=minute(day + 1)
        )
        play.sees(replace(heard(over), components=(well,))).tells()
        assert not play.memory.incidents["A"].closed

    def test_what_a_bare_webhook_told_the_page_does_not_tell_again(self) -> None:
        bare = Play(Memory(BARE))
        bare.sees(heard(incident("A", investigating(1, id="u")))).tells(
            (IncidentOpened, "A investigating")
        )
        play = Play.baselined()
        play.elsewhere = dict(bare.memory.seen)
        play.sees(page(2, incident("A", investigating(1, id="u"), identified(2, id="v"))))
        play.tells((IncidentUpdated, "A identified"))
        assert seen_key("p", "A", "id", "u") in play.memory.seen

    def test_a_bare_message_the_page_never_lists_is_not_resolved_by_its_absence(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("message:1", update("unknown", 5))), at=5)
        play.sees(page(9), at=12).tells().wants_words_of("message:1")
        play.sees(NoHistory()).tells()
        assert "message:1" not in play.memory.incidents

    def test_what_the_page_and_its_history_never_knew_is_not_resolved_by_them(self) -> None:
        """An incident of the product behind the page, a post of a person's own."""
        play = Play.baselined()
        play.sees(heard(incident("theirs", investigating(5))), at=5)
        play.sees(page(9), at=12).tells().wants_words_of("theirs")
        unlisted = NoWords(frozenset({"theirs"}))
        for n in range(STRANGE_TRIES):
            play.sees(unlisted, at=12 + n / 60).tells()
        assert "theirs" in play.memory.incidents, "caches may last"
        play.sees(unlisted, at=16).tells()
        assert "theirs" not in play.memory.incidents
        play.sees(heard(incident("theirs", resolved(20)))).tells(
            (IncidentClosed, "theirs resolved")
        )

    def test_what_the_history_lists_is_the_page_s_however_it_was_heard_of(self) -> None:
        play = Play.baselined()
        play.sees(heard(incident("A", investigating(5))), at=5)
        play.sees(page(9), at=12).tells().wants_words_of("A")
        play.sees(NoWords()).sees(NoWords()).tells()
        play.sees(NoWords()).tells((IncidentClosed, "A resolved"))

    def test_a_lone_update_takes_nothing_from_what_is_known(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1))))
        lone = replace(incident("A", identified(5)), name=UNNAMED_INCIDENT, impact=Impact.UNKNOWN)
        play.sees(heard(lone)).tells((IncidentUpdated, "A identified"))
        assert isinstance(play.told[0], IncidentUpdated)
        assert (play.told[0].incident_name, play.told[0].impact) == ("A", Impact.MINOR)
        assert play.memory.incidents["A"].name == "A"

    def test_what_it_ever_named_it_goes_on_naming(self) -> None:
        play = Play.baselined()
        play.sees(page(2, incident("A", investigating(1), names=["web"])))
        play.sees(page(4, incident("A", investigating(1), identified(3), names=["api"])))
        play.sees(heard(incident("A", monitoring(5))))
        named = play.memory.incidents["A"].components
        assert [ref.name for ref in named] == ["web", "api"]

    def test_a_document_without_maintenances_does_not_complete_one(self) -> None:
        play = Play.baselined()
        play.sees(heard(maintenance("M", scheduled(1))), at=1)
        silent = replace(page(30), lists_maintenances=False)
        play.sees(silent, at=30).tells().wants_words_of()

    def test_what_a_bare_webhook_told_stands_as_it_was_told(self) -> None:
        started = maintenance("M", scheduled(1, id="u"), in_progress(2, id="v"))
        bare = Play(Memory(BARE)).sees(heard(started))
        play = Play.baselined()
        play.elsewhere = dict(bare.memory.seen)
        play.sees(heard(started)).tells()
        assert play.memory.incidents["M"].incident_status is IncidentStatus.IN_PROGRESS

    def test_a_window_that_moved_since_a_bare_webhook_told_of_it_is_announced(self) -> None:
        bare = Play(Memory(BARE)).sees(heard(maintenance("M", scheduled(1, id="u"))))
        play = Play.baselined()
        play.elsewhere = dict(bare.memory.seen)
        moved = maintenance("M", scheduled(1, id="u"), window=(90, 150))
        play.sees(page(2, moved)).tells((MaintenanceScheduled, "M scheduled"))
        play.sees(page(3, moved)).tells()

    def test_a_forged_date_does_not_mute_a_component(self) -> None:
        play = Play.baselined()
        said = heard(api="major_outage")
        forged = replace(said.components[0], updated_at=minute(60 * 24 * 365 * 70))
        play.sees(replace(said, components=(forged,)), at=5)
        play.tells((ComponentChanged, "api operational->major_outage"))
        true = replace(forged, component_status=ComponentStatus.OPERATIONAL, updated_at=minute(7))
        play.sees(replace(said, components=(true,)), at=8)
        play.tells((ComponentChanged, "api major_outage->operational"))

    def test_a_flood_is_bounded(self) -> None:
        play = Play.baselined()
        for n in range(100):
            play.sees(heard(incident(f"A{n}", investigating(n))))
        assert len(play.memory.incidents) <= 32
        play.sees(heard(incident("A0", investigating(0)))).tells()


class TestMaintenance:
    def test_through_its_four_states(self) -> None:
        play = Play.baselined()
        told = [scheduled(1)]
        play.sees(page(2, maintenance("M", *told))).tells((MaintenanceScheduled, "M scheduled"))
        told.append(in_progress(60))
        play.sees(page(61, maintenance("M", *told))).tells((MaintenanceStarted, "M in_progress"))
        told.append(verifying(100))
        play.sees(page(101, maintenance("M", *told))).tells((IncidentUpdated, "M verifying"))
        play.sees(page(121)).wants_words_of("M")
        told.append(completed(120))
        play.sees(heard(maintenance("M", *told))).tells((MaintenanceCompleted, "M completed"))

    def test_one_that_moves_is_announced_once_a_window(self) -> None:
        play = Play.baselined()
        play.sees(page(2, maintenance("M", scheduled(1))))
        moved = maintenance("M", scheduled(1), window=(90, 150))
        play.sees(page(3, moved)).tells((MaintenanceScheduled, "M scheduled"))
        assert isinstance(play.told[0], MaintenanceScheduled)
        assert play.told[0].starts_at == minute(90)
        play.sees(page(4, moved)).tells()

    def test_an_update_that_moves_it_carries_the_window_itself(self) -> None:
        play = Play.baselined()
        play.sees(page(2, maintenance("M", scheduled(1))))
        play.sees(page(3, maintenance("M", scheduled(1), scheduled(3), window=(90, 150))))
        play.tells((MaintenanceScheduled, "M scheduled"))

    def test_it_starts_without_a_word(self) -> None:
        play = Play.baselined()
        play.sees(page(2, maintenance("M", scheduled(1))))
        play.sees(page(60, maintenance("M", scheduled(1), stands="in_progress")))
        play.tells((MaintenanceStarted, "M in_progress"))
        play.sees(page(61, maintenance("M", scheduled(1), stands="in_progress"))).tells()
        play.sees(page(90, maintenance("M", scheduled(1), stands="completed")))
        play.tells((MaintenanceCompleted, "M completed"))


class TestComponents:
    def test_a_change_by_itself_both_ways_and_again(self) -> None:
        play = Play.baselined()
        for n in range(2):
            play.sees(page(2 + 2 * n, api="major_outage", web="operational"))
            play.tells((ComponentChanged, "api operational->major_outage"))
            play.sees(page(3 + 2 * n, api="operational", web="operational"))
            play.tells((ComponentChanged, "api major_outage->operational"))

    def test_an_incident_that_names_it_speaks_for_it(self) -> None:
        play = Play.baselined()
        named = incident("A", investigating(2), names=["api"])
        play.sees(page(2, named, api="partial_outage", web="operational"))
        play.tells((IncidentOpened, "A investigating"))
        play.sees(page(3, named, api="operational", web="operational")).tells()

    def test_it_gets_worse_while_its_incident_says_nothing(self) -> None:
        play = Play.baselined()
        named = incident("A", investigating(2), names=["api"])
        play.sees(page(2, named, api="degraded_performance", web="operational"))
        play.sees(page(3, named, api="major_outage", web="operational"))
        play.tells((ComponentChanged, "api degraded_performance->major_outage"))

    def test_a_recovery_in_the_look_that_misses_its_incident_is_silent(self) -> None:
        play = Play.baselined()
        named = incident("A", investigating(2), names=["api"])
        play.sees(page(2, named, api="major_outage", web="operational"))
        play.sees(page(3, api="operational", web="operational")).tells().wants_words_of("A")

    def test_maintenance_is_expected_under_a_maintenance(self) -> None:
        play = Play.baselined()
        under_way = maintenance("M", in_progress(2), names=["api"])
        play.sees(page(2, under_way, api="operational", web="operational"))
        play.sees(page(3, under_way, api="under_maintenance", web="operational")).tells()
        play.sees(page(4, under_way, api="operational", web="operational")).tells()

    def test_an_unknown_word_is_neither_a_fall_nor_a_recovery(self) -> None:
        play = Play.baselined()
        play.sees(page(2, api="unknown", web="operational")).tells()
        assert play.memory.components["api"].in_doubt
        play.sees(page(3, api="operational", web="operational")).tells()
        play.sees(page(4, api="unknown", web="operational")).tells()
        play.sees(page(5, api="major_outage", web="operational"))
        play.tells((ComponentChanged, "api operational->major_outage"))

    def test_three_are_told_singly_and_four_as_one(self) -> None:
        play = Play(Memory("p"))
        names = ["a", "b", "c", "d"]

        def down(count: int) -> dict[str, str]:
            return {n: "operational" if i >= count else "major_outage" for i, n in enumerate(names)}

        play.sees(components_page(1, down(0)))
        play.sees(components_page(2, down(3)))
        assert len(play.told) == 3
        play.sees(components_page(3, down(0)))
        play.sees(components_page(4, down(4)))
        play.tells((ComponentChanged, "a+b+c+d operational->major_outage"))

    def test_one_that_is_gone_is_forgotten_but_an_empty_list_forgets_nothing(self) -> None:
        play = Play.baselined()
        play.sees(page(2))
        assert set(play.memory.components) == {"api", "web"}
        play.sees(page(3, web="operational"))
        assert set(play.memory.components) == {"web"}

    def test_one_whose_row_cannot_be_read_is_not_gone(self) -> None:
        play = Play.baselined()
        play.sees(page(2, api="major_outage", web="operational"))
        play.sees(replace(page(3, web="operational"), components_whole=False)).tells()
        assert play.memory.components["api"].component_status is ComponentStatus.MAJOR_OUTAGE

    def test_those_an_incident_names_are_looked_up_and_not_searched_for(self) -> None:
        """Ten thousand of each in a document of a megabyte held everything up for eight seconds."""
        names = [Compared(f"c{n}") for n in range(300)]
        play = Play(Memory("p"))
        everything = incident("A", investigating(1), names=names)
        play.sees(components_page(2, dict.fromkeys(names, "operational"), everything))
        Compared.times = 0
        play.sees(components_page(3, dict.fromkeys(names, "major_outage"), everything))
        assert Compared.times < 10 * len(names)


class TestReading:
    def test_the_third_miss_makes_a_page_unreadable_once(self) -> None:
        play = Play.baselined()
        play.misses(2).tells()
        play.misses().tells(PageUnreadable)
        play.misses(5).tells()
        assert play.memory.components["api"].component_status == "operational"
        play.stays().tells(PageReadable).stays().tells()

    def test_a_hiccup_is_forgotten(self) -> None:
        play = Play.baselined()
        play.misses(2).stays().misses(2).tells()
        assert not play.memory.unreadable

    def test_what_happened_meanwhile_is_told_after_it(self) -> None:
        play = Play.baselined()
        play.misses(9)
        play.sees(page(20, incident("A", investigating(5))), at=21)
        play.tells((IncidentOpened, "A investigating"), PageReadable)

    def test_a_webhook_does_not_make_a_page_readable(self) -> None:
        play = Play.baselined()
        play.misses(3)
        play.sees(heard(incident("A", investigating(5)))).tells((IncidentOpened, "A investigating"))
        assert play.memory.unreadable

    def test_nothing_hangs_in_the_air_so_nothing_is_copied(self) -> None:
        play = Play.baselined()
        before = play.memory
        play.stays()
        assert play.memory.components is before.components
        assert play.memory.read_at == minute(1) != EPOCH
