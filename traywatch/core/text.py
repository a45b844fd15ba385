"""The one sanitizer: whatever a vendor sends becomes one harmless line.

Everything that reaches a person (records, toasts, menus, tables) goes through ``one_line``. It is
used by ``wording`` and stands in a file of its own because menus and tables need it too.

What holds for every ``str``, lone surrogates and 10 MB included:
- the result is one line, at most ``limit`` characters, without space at either end;
- it holds no character of the Unicode categories Cc, Cf, Cs, Zl, Zp, and nothing else that is
  meant not to be seen: no escape sequence, no bidi control, no tag, no variation selector;
- it can be encoded as UTF-8;
- sanitizing it again changes nothing.
"""

from __future__ import annotations

import re
from typing import Final

ELLIPSIS: Final = "…"
"""Ends a line that was cut; counted in its limit."""

_SLACK: Final = 8
"""How many times the limit is looked at: more than escapes and blanks take in honest text, and
few enough that 10 MB cost what 10 kB cost."""

_ESCAPE_SEQUENCES: Final = re.compile(
    # ECMA-48 control sequences (colours, cursor), control strings (titles, links) up to their
    # terminator, and escapes with intermediate bytes (character sets). Possessive, and no part of
    # one contains the start of another: no backtracking, nothing is looked at twice.
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f\r\n]*+(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]++[0-~]"
)
_UNSEEN: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # C0 and C1, less those that ``split`` takes as blanks
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # zero-width fillers
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2"  # Cf: signs that enclose the digits after them
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero-width and bidi
    "\ufe00-\ufe0f\ufff0-\ufffb"  # variation selectors, annotations
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # Cf
    "\U000e0000-\U000e0fff"  # tags, more variation selectors, and what is reserved for their like
    "]"
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most ``limit`` characters; a longer one ends in an ellipsis."""
    looked_at = text[: limit * _SLACK]
    seen = _UNSEEN.sub("", _ESCAPE_SEQUENCES.sub("", looked_at))
    line = " ".join(_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", seen).split())
    if len(line) > limit or (line and len(text) > len(looked_at)):
        return line[: limit - 1].rstrip() + ELLIPSIS
    return line
