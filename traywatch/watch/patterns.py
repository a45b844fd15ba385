"""Says what of ``components`` and ``ignore`` stands for nothing on its page.

Whoever mistyped a name, or watches one the vendor has changed, would wait for news in vain.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from traywatch.core.memory import KnownComponent, Memory
from traywatch.core.model import Page
from traywatch.core.scope import unmatched
from traywatch.core.text import one_line

log = logging.getLogger(__name__)

LONGEST: Final = 100
"""Characters of a component's name in the hint."""


class Patterns:
    """Remembers what was said: each pattern is spoken of once in the life of the program."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()
        self._compared: dict[str, Mapping[str, KnownComponent]] = {}
        """The components the patterns of a page were last compared with."""

    def check(self, page: Page, memory: Memory) -> None:
        """Compare the patterns of a page with the components it lists now."""
        if self._compared.get(page.id) is memory.components:
            return
        self._compared[page.id] = memory.components
        for pattern in unmatched(page, memory):
            if (page.id, pattern) not in self._said:
                self._said.add((page.id, pattern))
                hint = _hint(pattern, memory)
                log.warning('no component is called "%s"%s', pattern, hint, extra={"page": page.id})


def _hint(pattern: str, memory: Memory) -> str:
    names = sorted({known.name for known in memory.components.values()})
    near = get_close_matches(pattern, names, n=1)
    return f', did you mean "{one_line(near[0], LONGEST)}"?' if near else ""
