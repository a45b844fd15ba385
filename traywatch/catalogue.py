"""Known services and their status pages: a name, or a part of one, to page addresses.

The list is ``assets/catalogue.tsv``: name, tab, address, one service a line, https pages of the
platforms that can be read. What is known by another name as well has a line for each. It was put
together from public lists; a page may have moved since, which ``traywatch check URL`` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from traywatch.bundled import asset

_FILE: Final = "catalogue.tsv"
_AROUND_A_HOST: Final = re.compile(r"^https?://(www\.)?|^www\.|(?<=[^/])/.*")
_DOMAIN_END: Final = re.compile(r"(?<=\w{3})\.[a-z]{2,}\W*$")
"""Not that of a name as short as x.com: x is in half of all names."""


@dataclass(frozen=True, slots=True)
class Known:
    """One service."""

    name: str
    url: str


def search(words: str) -> tuple[Known, ...]:
    """The services whose name or address holds every word; a name that is it, or begins with it,
    comes first. Case, punctuation and a domain's end make no difference; no words find nothing.

    Raises FileNotFoundError where the installation lacks the list.
    """
    wanted = _bare_words(words)
    if not wanted:
        return ()
    found = [known for known in _read() if all(word in _text(known) for word in wanted)]
    phrase = "".join(wanted)
    return tuple(sorted(found, key=lambda known: _rank(known, phrase)))


def _rank(known: Known, phrase: str) -> tuple[bool, bool, str]:
    name = "".join(_bare_words(known.name))
    return (name != phrase, not name.startswith(phrase), known.name.casefold())


def _text(known: Known) -> str:
    return f"{_bare(known.name.casefold())} {_bare(known.url)}"


def _bare_words(words: str) -> list[str]:
    """``Git-Hub, https://www.openai.com/api`` -> ``github``, ``openai``"""
    hosts = (_AROUND_A_HOST.sub("", word) for word in words.casefold().split())
    return list(filter(None, (_bare(_DOMAIN_END.sub("", host)) for host in hosts)))


def _bare(text: str) -> str:
    """Its letters and digits alone."""
    return "".join(filter(str.isalnum, text))


def _read() -> Iterable[Known]:
    lines = asset(_FILE).read_text("utf-8").splitlines()[1:]
    return (Known(*line.split("\t")) for line in lines)
