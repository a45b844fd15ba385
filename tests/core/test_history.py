"""What of a page's history is advanced with, and what is backlog."""

from __future__ import annotations

import pytest

from tests.core.play import heard, identified, incident, investigating, minute, postmortem, resolved
from traywatch.core.history import wanted

OLD = incident("old", investigating(0), resolved(10))
NEW = incident("new", investigating(100), resolved(110))
REOPENED = incident("reopened", investigating(0), resolved(10), investigating(100), resolved(110))
OPEN = incident("open", investigating(100), identified(110))


@pytest.mark.parametrize(
    ("ids", "away_since", "known", "taken"),
    [
        ((), None, (), ()),
        (("old", "open"), None, (), ("old",)),
        ((), 95, (), ("new", "reopened", "open")),
        ((), 100, (), ("new", "reopened", "open")),
        ((), 111, (), ()),
        ((), 95, ("old", "reopened"), ("new", "reopened", "open")),
        (("old",), 95, (), ("old", "new", "reopened", "open")),
    ],
    ids=[
        "nothing is wanted",
        "the words of what left the list, once the history agrees that it is over",
        "what began or was reopened since we were last here",
        "to the instant",
        "all backlog",
        "what is known and was spoken of since",
        "both",
    ],
)
def test_wanted(
    ids: tuple[str, ...], away_since: float | None, known: tuple[str, ...], taken: tuple[str, ...]
) -> None:
    history = heard(OLD, NEW, REOPENED, OPEN, api="operational")
    since = None if away_since is None else minute(away_since)
    part = wanted(history, ids, since, known)
    assert (part is None) is (not taken)
    if part is not None:
        assert tuple(i.id for i in part.incidents) == taken
        assert not part.exhaustive
        assert not part.components, "a history says nothing of components"


def test_what_is_only_spoken_of_since_is_backlog() -> None:
    """A postmortem of what was over before the page was first read, say."""
    assert wanted(heard(incident("old", investigating(0), postmortem(100))), (), minute(95)) is None
