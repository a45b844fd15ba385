"""What was meant by a word that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


def suggestion(word: str, known: Iterable[str], notes: Mapping[str, str] | None = None) -> str:
    """``did you mean "url"?``, or where nothing is near, every word there is.

    ``notes`` tell what some of the words stand for; they follow them in brackets.
    """

    def note(one: str) -> str:
        return f" ({notes[one]})" if notes and notes.get(one) else ""

    words = sorted(known)
    if near := difflib.get_close_matches(word, words, n=1):
        return f'did you mean "{near[0]}"{note(near[0])}?'
    return f"known are: {', '.join(one + note(one) for one in words)}"
