"""Nothing is lost and nothing comes twice, in whatever order things happen."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.delivery.interleaving import Interleaving

SEQUENCES = 2_000
SOAK_SEQUENCES = 100_000
BATCHES = 100
"""The soak is cut into so many: each can be run by itself, and one that fails ends no other. What
Hypothesis remembers of one slows it down more and more."""

ANY = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    run_state_machine_as_test(
        Interleaving, settings=settings(ANY, max_examples=SEQUENCES, derandomize=True)
    )


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(BATCHES))
def test_nothing_is_lost_and_nothing_comes_twice_in_a_hundred_thousand_lives(batch: int) -> None:
    class Seeded(Interleaving):
        """Hypothesis takes the seed from the class."""

    lives = settings(
        ANY, max_examples=SOAK_SEQUENCES // BATCHES, phases=[Phase.generate, Phase.shrink]
    )
    run_state_machine_as_test(seed(batch)(Seeded), settings=lives)
