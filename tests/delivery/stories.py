"""Short stories, each of which a wrong program tells badly.

Most are the smallest examples that the interleaving property found when it failed, kept so that
what was wrong once is found at once. A story ends with ``settle``: whatever happened, all must be
told, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.delivery.interleaving import Interleaving
from tests.delivery.life import Trouble
from tests.delivery.vendor import Serves, Trait
from traywatch.core.model import ComponentStatus, IncidentStatus

Story = Callable[[Interleaving], None]

PAGE: Final = Trait()
UNDATED: Final = Trait(dated=False)
COMMITTED_S: Final = 0.051
"""After so long what a look found is committed, and no sink has emitted it."""
STEPS: Final = 24
"""More than a look with news takes until all is quiet again."""


def play(story: Story) -> None:
    """Tell it, and see that all came right. Raises AssertionError."""
    machine = Interleaving()
    try:
        story(machine)
    except BaseException:
        if machine.world is not None:
            machine.world.close()
        raise
    machine.teardown()


def a_kill_at_every_step(machine: Interleaving) -> None:
    """As many worlds as there are steps; each dies at another one."""
    for steps in range(1, STEPS):
        dying = Interleaving()
        dying.begin(traits=[PAGE], was_calm=True)
        dying.die_soon(steps=steps)
        dying.open(which=0, hurts=True, seen=True)
        dying.resolve(which=0, seen=True)
        dying.teardown()
    machine.begin(traits=[PAGE], was_calm=True)


def news_while_the_disk_is_full(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.disk_fails(times=1, late=False)
    machine.open(which=0, hurts=False, seen=True)


def over_before_the_disk_is_well(machine: Interleaving) -> None:
    """It was seen, could not be stored, and is in no list of open ones any more."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.disk_fails(times=2, late=True)
    machine.open(which=0, hurts=False, seen=True)
    machine.resolve(which=0, seen=False)


def an_old_copy_before_the_disk_is_well(machine: Interleaving) -> None:
    """It says what was said before, and so seems to say that nothing happened."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=True)
    machine.disk_fails(times=1, late=False)
    machine.open(which=0, hurts=False, seen=True)
    machine.poll_an_old_copy(which=0, back=1)
    machine.resolve(which=0, seen=False)


def over_before_the_disk_is_well_and_killed(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.disk_fails(times=1, late=False)
    machine.open(which=0, hurts=False, seen=True)
    machine.die()
    machine.resolve(which=0, seen=False)


def reopened_and_over_before_the_disk_is_well(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=True)
    machine.resolve(which=0, seen=True)
    machine.disk_fails(times=1, late=False)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=True)
    machine.resolve(which=0, seen=True)


def opened_and_closed_during_a_reboot(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.restart()
    assert machine.world
    machine.open(which=0, hurts=False, seen=False)
    machine.resolve(which=0, seen=False)
    vendor = machine.world.vendors["p0"]
    machine.world.missed |= {(key, machine.world.wall()) for key in vendor.said}


def reopened_and_closed_during_a_reboot(machine: Interleaving) -> None:
    """It was over before the page was first read, and so had been backlog."""
    machine.begin(traits=[PAGE], was_calm=False)
    machine.open(which=0, hurts=False, seen=False)
    machine.resolve(which=0, seen=True)
    machine.restart()
    assert machine.world
    vendor = machine.world.vendors["p0"]
    backlog = set(vendor.said)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=False)
    machine.resolve(which=0, seen=False)
    machine.world.missed |= {(key, machine.world.wall()) for key in vendor.said.keys() - backlog}


def reopened_and_over_again_before_the_disk_is_well(machine: Interleaving) -> None:
    """It had come and gone between two looks: the reopening is the first we see of it."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=False)
    machine.resolve(which=0, seen=True)
    machine.disk_fails(times=1, late=False)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=True)
    machine.resolve(which=0, seen=True)


def killed_between_a_gap_and_its_history(machine: Interleaving) -> None:
    for steps in range(1, STEPS):
        dying = Interleaving()
        dying.begin(traits=[PAGE], was_calm=True)
        dying.sleep_through_an_outage(which=0)
        dying.die_soon(steps=steps)
        dying.poll(which=0, seconds=1.0)
        dying.teardown()
    machine.begin(traits=[PAGE], was_calm=True)


def half_a_history_after_a_gap(machine: Interleaving) -> None:
    """One of its two documents cannot be had: the other is not all there is."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.history(which=0, how=Serves.ERROR, back=0)
    machine.sleep_through_an_outage(which=0)
    machine.poll(which=0, seconds=1.0)


def a_first_cursor_that_cannot_be_stored(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=False)
    machine.disk_fails(times=2, late=False)
    machine.open(which=0, hurts=False, seen=True)


def a_first_cursor_that_cannot_be_stored_before_a_kill(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=False)
    machine.disk_fails(times=2, late=False)
    machine.open(which=0, hurts=True, seen=False)
    machine.poll(which=0, seconds=COMMITTED_S)
    machine.die()


def killed_while_cursors_cannot_be_stored(machine: Interleaving) -> None:
    """Three lines to show, and the disk is full: one of them may come twice, not all."""
    machine.begin(traits=[PAGE], was_calm=True)
    for _ in range(3):
        machine.open(which=0, hurts=False, seen=False)
    machine.poll(which=0, seconds=COMMITTED_S)
    machine.disk_fails(times=50, late=False)
    machine.wait(seconds=20.0)
    machine.die()


def ended_while_a_sink_is_at_work(machine: Interleaving) -> None:
    """It had shown the line, and nobody waited any more to hear so."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=False)
    machine.poll(which=0, seconds=COMMITTED_S)
    assert machine.world and machine.world.life
    for drain in machine.world.life.conductor.drains:
        drain.idle.set()  # as after a second in vain
    machine.restart()


def a_sink_that_fails_while_the_program_ends(machine: Interleaving) -> None:
    """Its second try is under way, and nobody waits any more to hear that it failed too."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.sink_fails(trouble=("log", Trouble.PASSING), times=2)
    machine.component(which=0, name="Solo", word=ComponentStatus.UNDER_MAINTENANCE, seen=False)
    machine.hear_of_a_component(which=0, back=0)
    machine.wait(seconds=0.02)
    machine.restart()


def two_tell_of_the_same_at_once(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=False)
    machine.hear(which=0, back=0, bare=False, times=2, receipt=None)


def a_bare_one_and_a_page_tell_of_the_same_at_once(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=False)
    machine.open(which=0, hurts=False, seen=False)
    machine.hear(which=0, back=0, bare=False, times=1, receipt=None)
    machine.hear(which=0, back=0, bare=True, times=1, receipt=None)
    machine.wait(seconds=1.0)
    machine.open(which=0, hurts=False, seen=False)
    machine.hear(which=0, back=0, bare=True, times=1, receipt=None)
    machine.hear(which=0, back=0, bare=False, times=1, receipt=None)


def a_component_is_heard_of_again_while_our_clock_is_set_back(machine: Interleaving) -> None:
    """A late word between two that repeat what is known."""
    machine.begin(traits=[PAGE], was_calm=True)
    for word in (ComponentStatus.UNDER_MAINTENANCE, ComponentStatus.OPERATIONAL):
        machine.component(which=0, name="Web", word=word, seen=True)
    machine.hear_of_a_component(which=0, back=0)
    machine.hear_of_a_component(which=0, back=1)
    machine.hear_of_a_component(which=0, back=0)
    machine.set_clock(minutes=-1440)
    machine.wait(seconds=1.0)


def a_webhook_names_one_of_two(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=False)
    machine.open(which=0, hurts=False, seen=False)
    machine.hear(which=0, back=0, bare=False, times=1, receipt=None)
    machine.wait(seconds=1.0)


def words_that_come_late(machine: Interleaving) -> None:
    """It was closed without the vendor's words; then they are heard, dated before that."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=True)
    machine.history(which=0, how=Serves.GONE, back=0)
    machine.resolve(which=0, seen=True)
    machine.hear(which=0, back=0, bare=False, times=1, receipt=None)


def over_before_the_page_lists_it_while_its_history_lags(
    machine: Interleaving,
) -> None:
    """Neither page nor history lists it for a while: it is the page's all the same."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.open(which=0, hurts=False, seen=False)
    machine.hear(which=0, back=0, bare=False, times=1, receipt=None)
    machine.history(which=0, how=Serves.WELL, back=3)
    machine.resolve(which=0, seen=False)
    for _ in range(4):
        machine.poll(which=0, seconds=1.0)


def reopened_while_our_clock_is_a_day_ahead(machine: Interleaving) -> None:
    """It was closed without the vendor's words, and so without the vendor's time."""
    machine.begin(traits=[PAGE], was_calm=True)
    machine.history(which=0, how=Serves.UNREACHABLE, back=0)
    machine.set_clock(minutes=1440)
    machine.open(which=0, hurts=False, seen=True)
    machine.resolve(which=0, seen=True)
    for _ in range(3):
        machine.poll(which=0, seconds=1.0)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=True)


def reopened_on_a_page_without_a_clock_while_ours_is_a_day_ahead(machine: Interleaving) -> None:
    """Once our clock is right, what we know is right as well."""
    machine.begin(traits=[UNDATED], was_calm=True)
    machine.history(which=0, how=Serves.GONE, back=0)
    machine.set_clock(minutes=1440)
    machine.open(which=0, hurts=False, seen=True)
    machine.resolve(which=0, seen=True)
    machine.poll(which=0, seconds=1.0)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=True)


def closed_by_late_words_on_a_page_without_a_history(machine: Interleaving) -> None:
    """It was reopened and closed again since, which nothing shows."""
    machine.begin(traits=[Trait(dated=False, history=False)], was_calm=True)
    machine.sleep_through_an_outage(which=0)
    machine.say_more_of_what_is_over(which=0, word=IncidentStatus.INVESTIGATING, seen=False)
    machine.update(which=0, word=IncidentStatus.INVESTIGATING, seen=False)
    machine.hear(which=0, back=3, bare=False, times=1, receipt=None)
    machine.restart()
    machine.resolve(which=0, seen=True)
    machine.hear(which=0, back=3, bare=False, times=1, receipt=None)


def an_old_copy_between_two_new_ones(machine: Interleaving) -> None:
    machine.begin(traits=[UNDATED], was_calm=True)
    machine.open(which=0, hurts=True, seen=True)
    machine.poll_an_old_copy(which=0, back=1)


def an_old_copy_and_no_history(machine: Interleaving) -> None:
    machine.begin(traits=[UNDATED], was_calm=True)
    machine.open(which=0, hurts=False, seen=True)
    machine.history(which=0, how=Serves.GONE, back=0)
    machine.poll_an_old_copy(which=0, back=1)


def a_sink_that_fails_in_every_way(machine: Interleaving) -> None:
    machine.begin(traits=[PAGE], was_calm=True)
    for name, how in (
        ("console", Trouble.PASSING),
        ("console", Trouble.UNFORESEEN),
        ("log", Trouble.PASSING_MIDWAY),
        ("log", Trouble.PASSING_LATE),
        ("log", Trouble.UNFORESEEN_LATE),
    ):
        machine.sink_fails(trouble=(name, how), times=1)
        machine.open(which=0, hurts=False, seen=False)
        machine.open(which=0, hurts=False, seen=True)
        machine.resolve(which=0, seen=True)
        machine.resolve(which=0, seen=True)


STORIES: Final[tuple[Story, ...]] = (
    a_kill_at_every_step,
    news_while_the_disk_is_full,
    over_before_the_disk_is_well,
    an_old_copy_before_the_disk_is_well,
    over_before_the_disk_is_well_and_killed,
    reopened_and_over_before_the_disk_is_well,
    opened_and_closed_during_a_reboot,
    reopened_and_closed_during_a_reboot,
    reopened_and_over_again_before_the_disk_is_well,
    killed_between_a_gap_and_its_history,
    half_a_history_after_a_gap,
    a_first_cursor_that_cannot_be_stored,
    a_first_cursor_that_cannot_be_stored_before_a_kill,
    killed_while_cursors_cannot_be_stored,
    ended_while_a_sink_is_at_work,
    a_sink_that_fails_while_the_program_ends,
    two_tell_of_the_same_at_once,
    a_bare_one_and_a_page_tell_of_the_same_at_once,
    a_component_is_heard_of_again_while_our_clock_is_set_back,
    a_webhook_names_one_of_two,
    words_that_come_late,
    over_before_the_page_lists_it_while_its_history_lags,
    reopened_while_our_clock_is_a_day_ahead,
    reopened_on_a_page_without_a_clock_while_ours_is_a_day_ahead,
    closed_by_late_words_on_a_page_without_a_history,
    an_old_copy_between_two_new_ones,
    an_old_copy_and_no_history,
    a_sink_that_fails_in_every_way,
)
