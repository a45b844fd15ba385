"""Nothing is lost and nothing comes twice, in whatever order things happen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.delivery.interleaving import Interleaving

SEQUENCES = 200
SOAK_SEQUENCES = 100_000

_ANY = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@pytest.fixture(autouse=True)
def folder() -> Iterator[None]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as path:
        Interleaving.folder = Path(path)
        yield


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    run_state_machine_as_test(
        Interleaving, settings=settings(_ANY, max_examples=SEQUENCES, derandomize=True)
    )


@pytest.mark.soak
def test_nothing_is_lost_and_nothing_comes_twice_in_a_hundred_thousand_lives() -> None:
    run_state_machine_as_test(
        Interleaving,
        settings=settings(_ANY, max_examples=SOAK_SEQUENCES, phases=[Phase.generate, Phase.shrink]),
    )
