"""Messages with markup -> plain text.

A status message is plain text that holds some HTML (GitHub writes ``<br /><br />``) or some
Markdown (postmortems: ``### **Summary**``). Only tags that HTML knows are taken for tags:
Atlassian has published "We are investigating an issue with <FUNCTIONALITY IMPACTED>", and those
words are the message.

What holds: the time taken is linear in the text, of which no more than LONGEST is looked at;
paragraphs stay apart by line breaks; running text without markup comes out as it went in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import Final

LONGEST: Final = 10_000
"""Characters looked at. Five times what a record shows of a message."""

_TAG: Final = re.compile(
    # Attributes have a "=", or "<a lot" and "a<b and c>d" would be a link and bold print.
    r"<!--[^<>]*-->|<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,9})"
    r"(?P<rest>\s+[\w:-]+\s*=[^<>]*|\s*/?)>"
)
_KNOWN: Final = re.compile(
    "a|abbr|article|b|big|blockquote|br|center|code|dd|del|div|dl|dt|em|font|footer|h[1-6]|header"
    "|hr|i|img|ins|kbd|li|main|mark|ol|p|pre|s|section|small|span|strike|strong|sub|sup|table"
    "|tbody|td|tfoot|th|thead|tr|tt|u|ul|var"
)
_BREAKS: Final = re.compile(
    "article|blockquote|br|center|dd|div|dl|dt|footer|h[1-6]|header|hr|li|main|ol|p|pre|section"
    "|table|tbody|tfoot|thead|tr|ul"
)
_HREF: Final = re.compile(r"""\bhref\s*=\s*["']?(https?://[^\s"'<>]+)""", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
"""With its semicolon, and the whole name: html.unescape alone would turn ``?a=1&copy=2`` into a
copyright sign, and the beginning of ``&notify;`` into a sign for "not"."""
_MARKDOWN_LINK: Final = re.compile(r"!?\[([^\[\]\n]*)\]\((https?://[^\s()]+)\)")
_MARKDOWN_BOLD: Final = re.compile(r"(?<!\w)\*\*(?=[^\s*])([^*\n]*[^\s*])\*\*(?!\w)")
_MARKDOWN_HEADING: Final = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE)
_TRAILING_BLANKS: Final = re.compile(r"[^\S\n]+(?=\n|$)")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def plain_text(message: str) -> str:
    """The words of a message. A link becomes ``its text (its address)``."""
    text = message[:LONGEST]
    if "<" in text:
        text = "".join(_without_tags(text))
    text = _without_markdown(unescaped(text).replace("\r\n", "\n"))
    return _EMPTY_LINES.sub("\n\n", _TRAILING_BLANKS.sub("", text)).strip()


def unescaped(text: str) -> str:
    """The text with HTML's entities as what they stand for; what is none stays as it is."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    whole = entity[0]
    return html.unescape(whole) if whole[1] == "#" else html5.get(whole[1:], whole)


def document_text(document: object) -> str:
    """The words of a message that is a tree, as ProseMirror makes it: nodes with a ``text`` or with
    ``content``, a list of nodes (https://prosemirror.net/docs/ref/#model). Words stand as they are,
    what holds others ends a line. No recursion: a tree may be as deep as JSON allows."""
    pieces: list[str] = []
    waiting: list[object] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, dict):
            words, content = node.get("text"), node.get("content")
            if isinstance(words, str):
                pieces.append(words)
            else:
                children = content if isinstance(content, list) else ()
                waiting += ["\n", *(c for c in reversed(children) if isinstance(c, dict))]
    text = _TRAILING_BLANKS.sub("", "".join(pieces)[:LONGEST])
    return _EMPTY_LINES.sub("\n\n", text).strip()


def _without_tags(text: str) -> Iterator[str]:
    """One pass: each tag is judged where it stands, so that unbalanced ones cost nothing."""
    position = 0
    address: str | None = None
    for tag in _TAG.finditer(text):
        name = (tag["name"] or "").lower()
        if name and not _KNOWN.fullmatch(name):
            continue
        words = text[position : tag.start()]
        yield words
        if name == "a":
            if address and not _is_same(unescaped(words), address):
                yield f" ({address})"
            href = _HREF.search(tag["rest"])
            address = unescaped(href[1]) if href else None
        elif name == "li" and not tag["close"]:
            yield "\n- "
        elif _BREAKS.fullmatch(name):
            yield "\n"
        elif name in ("td", "th") and tag["close"]:
            yield " "
        position = tag.end()
    yield text[position:]


def _without_markdown(text: str) -> str:
    if "](" in text:
        text = _MARKDOWN_LINK.sub(_link_words, text)
    if "#" in text:
        text = _MARKDOWN_HEADING.sub("", text)
    return _MARKDOWN_BOLD.sub(r"\1", text)


def _link_words(link: re.Match[str]) -> str:
    words, address = link[1].strip(), link[2]
    return address if not words or _is_same(words, address) else f"{words} ({address})"


def _is_same(words: str, address: str) -> bool:
    """True where the words of a link are its address, whole or without the scheme."""
    plain = words.strip().rstrip("/")
    return plain != "" and address.rstrip("/").removesuffix(plain) in ("", "https://", "http://")
