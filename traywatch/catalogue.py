"""Known services and their status pages: a name, or a part of one, to page addresses.

The list is ``assets/catalogue.tsv``: name, tab, address, one service a line, https pages of the
platforms that can be read. It was put together from public lists; a page may have moved since,
which ``traywatch check URL`` tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from traywatch.bundled import asset

_FILE: Final = "catalogue.tsv"


@dataclass(frozen=True, slots=True)
class Known:
    """One service."""

    name: str
    url: str


def search(words: str) -> tuple[Known, ...]:
    """The services whose name or address holds every word; a name that is it, or begins with it,
    comes first. Upper and lower case are the same; no words find nothing.

    Raises FileNotFoundError where the installation lacks the list.
    """
    wanted = words.casefold().split()
    if not wanted:
        return ()
    found = [known for known in _read() if all(word in _text(known) for word in wanted)]
    phrase = " ".join(wanted)
    return tuple(sorted(found, key=lambda known: _rank(known, phrase)))


def _rank(known: Known, phrase: str) -> tuple[bool, bool, str]:
    name = known.name.casefold()
    return (name != phrase, not name.startswith(phrase), name)


def _text(known: Known) -> str:
    return f"{known.name} {known.url}".casefold()


def _read() -> Iterable[Known]:
    lines = asset(_FILE).read_text("utf-8").splitlines()[1:]
    return (Known(*line.split("\t")) for line in lines)
