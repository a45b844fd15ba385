"""The sanitizer: what is taken out, what is left, and what holds for any input at all."""

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from traywatch.core.text import ELLIPSIS, one_line

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
"""Every code point, lone surrogates included."""
HOSTILE = st.lists(
    st.sampled_from(
        [
            *("\x1b", "[", "]", "31m", "\x9b", "\x9d", "\x07", "\x1b\\", "P", "(B", "\x00"),
            *("\r", "\n", "\x85", "\u2028", "\u2029", "\x0b", "\x1c", " ", "\t"),
            *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\U000e0041", "\ud83d", "\udc00"),
            *("a", "Status: ", "[2025-11-18 12:34:56] Product: ", "é", "🔥"),
        ]
    ),
    max_size=60,
).map("".join)
INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("All good", "All good"),
        ("", ""),
        ("  two\t words \r\n\n and\x0bmore\x0c ", "two words and more"),
        ("a\u2028b\u2029c\x85d\x1ce", "a b c d e"),
        ("no\u00a0break\u3000space", "no break space"),
        ("\x00nul\x08 bell\x07", "nul bell"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;196;1mbright\x1b[m", "bright"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title of your window\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9dtitle\x9cafter", "after"),
        ("\x1bPsixel\x1b\\after", "after"),
        ("\x1b(Bcharset", "charset"),
        ("\x1b]never ended", "]never ended"),
        ("\x1b\x1b[31m[31mnested", "[31mnested"),
        ("abc\u202efed\u202c \u2066x\u2069 \u061c\u200e\u200f", "abcfed x"),
        ("zero\u200bwidth\u200c\u200d\u2060\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tag\U000e0001\U000e0068\U000e0069", "tag"),
        ("hidden\U000e0100\ufe0f\u180b", "hidden"),
        ("filler\u3164\u115f\uffa0", "filler"),
        ("family 👨\u200d👩\u200d👧", "family 👨👩👧"),
        ("lone \ud83d and \udc00", "lone \ufffd and \ufffd"),
        ("Störung für 日本語, עברית", "Störung für 日本語, עברית"),
    ],
)
def test_what_is_taken_out_and_what_is_left(sent: str, shown: str) -> None:
    assert one_line(sent, 200) == shown


@pytest.mark.parametrize(
    ("sent", "limit", "shown"),
    [
        ("12345", 5, "12345"),
        ("123456", 5, "1234" + ELLIPSIS),
        ("123 456", 5, "123" + ELLIPSIS),
        ("\x1b[31m" * 3 + "12345", 5, "12345"),
        ("🔥🔥🔥", 2, "🔥" + ELLIPSIS),
        ("a" + " " * 1000 + "b", 5, "a" + ELLIPSIS),
        (" " * 1000, 5, ""),
    ],
)
def test_a_long_text_is_cut_and_says_so(sent: str, limit: int, shown: str) -> None:
    assert one_line(sent, limit) == shown


@given(ANY_TEXT | HOSTILE, st.integers(1, 80))
@example("\ud800" * 100, 1)
def test_any_text_becomes_one_harmless_line(sent: str, limit: int) -> None:
    line = one_line(sent, limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in line} & INVISIBLE_CATEGORIES
    assert line.encode("utf-8").decode("utf-8") == line
    assert one_line(line, limit) == line


def test_every_control_and_format_character_known_to_unicode_is_taken_out() -> None:
    left = [
        hex(point)
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in INVISIBLE_CATEGORIES
        and one_line(f"a{chr(point)}é", 10) not in ("aé", "a é", "a\ufffdé")
    ]
    assert left == []


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        " ",
        "\n",
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x1b[0;",
        "\x1b ",
        "\x9d",
        "\ud800",
        "\u200b",
        "🔥",
    ],
)
def test_ten_megabytes_take_no_longer_than_fifty_milliseconds(piece: str) -> None:
    huge = piece * (10_000_000 // len(piece))
    one_line(huge, 2_000)
    began = time.process_time()
    one_line(huge, 2_000)
    assert time.process_time() - began <= 0.05
