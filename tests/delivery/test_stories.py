"""Each story comes right."""

from __future__ import annotations

import pytest

from tests.delivery.stories import STORIES, Story, play


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_it_comes_right(story: Story) -> None:
    play(story)
