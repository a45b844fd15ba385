"""The tests of delivery can fail: each of eight faults, planted in turn, is caught."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.delivery import faults, stories
from tests.delivery.faults import Fault
from tests.delivery.interleaving import Interleaving
from tests.delivery.stories import Story, play
from tests.delivery.test_interleaving import ANY

GATE: tuple[tuple[Fault, Story], ...] = (
    (faults.validators_stored_before_use, stories.news_while_the_disk_is_full),
    (faults.no_outbox, stories.a_kill_at_every_step),
    (faults.cursor_moved_before_the_emit, stories.a_kill_at_every_step),
    (faults.novelty_decided_outside_the_transaction, stories.two_tell_of_the_same_at_once),
    (faults.newest_timestamp_identity, stories.words_that_come_late),
    (faults.webhook_touching_the_validators, stories.a_webhook_names_one_of_two),
    (faults.plain_two_snapshot_diff, stories.an_old_copy_between_two_new_ones),
    (faults.closing_by_a_single_absence, stories.an_old_copy_and_no_history),
)


@pytest.mark.parametrize(("fault", "story"), GATE, ids=[fault.__name__ for fault, _ in GATE])
def test_a_story_catches_it(fault: Fault, story: Story) -> None:
    with fault(), pytest.raises(AssertionError):
        play(story)


@pytest.mark.soak
@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.__name__)
def test_the_property_finds_it_by_itself(fault: Fault) -> None:
    search = settings(ANY, max_examples=10_000, phases=[Phase.generate])
    with fault(), pytest.raises(AssertionError):
        run_state_machine_as_test(Interleaving, settings=search)
