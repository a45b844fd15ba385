"""One HTTP answer as a value: decided first, sent afterwards, so that nothing is half sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from traywatch.listener import Verdict
from traywatch.listener.intake import Answer

RawHeaders = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body."""

    http_status: int
    headers: RawHeaders = ()
    body: bytes = b""


_HTTP_STATUS: Final = {
    Verdict.ACCEPTED: 204,
    Verdict.REPEATED: 204,
    Verdict.IGNORED: 204,
    Verdict.MALFORMED: 400,
    Verdict.UNSIGNED: 401,
    Verdict.FOREIGN: 403,
    Verdict.UNKNOWN_PAGE: 404,
    Verdict.WRONG_METHOD: 405,
    Verdict.BROKEN_OFF: 408,
    Verdict.TOO_LARGE: 413,
    Verdict.WRONG_TYPE: 415,
    Verdict.HEAD_TOO_LARGE: 431,
    Verdict.UNAVAILABLE: 503,
}
_EXTRA: Final[dict[Verdict, RawHeaders]] = {
    Verdict.UNSIGNED: ((b"www-authenticate", b"HMAC-SHA256"),),  # RFC 9110, 15.5.2: a must
    Verdict.UNAVAILABLE: ((b"retry-after", b"30"),),
}
_NO_CONTENT: Final = Reply(204)


def reply_to(answer: Answer, extra: RawHeaders = ()) -> Reply:
    """The answer as HTTP: empty when it was taken, else one line of text."""
    http_status = _HTTP_STATUS[answer.verdict]
    if http_status == _NO_CONTENT.http_status:
        return _NO_CONTENT
    body = (answer.reason or answer.verdict.value).encode("utf-8", "replace") + b"\n"
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        *_EXTRA.get(answer.verdict, ()),
        *extra,
    )
    return Reply(http_status, headers, body)
