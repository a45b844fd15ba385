"""What the log says of refused webhooks: enough to mend the set-up, and nothing to exploit."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.listener.asking import JSON, Desk
from tests.listener.inbox import DEMO, store_down
from tests.listener.test_asgi import SECRET, TYPE, signature, standard

WRONG = signature(DEMO, b"another secret")
FOREIGN = [(b"host", b"hooks.example"), TYPE]


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG, "traywatch"):
        yield


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_a_wrong_signature_is_told_with_what_to_look_at(caplog: pytest.LogCaptureFixture) -> None:
    assert Desk(SECRET).post(DEMO, WRONG).code == 401
    (line,) = said(caplog)
    assert line == (
        "a webhook was refused: 401, the signature does not match; "
        "no secret fits: see listener.secrets and TRAYWATCH_SIGNING_SECRET"
    )
    assert WRONG[1].decode() not in caplog.text


def test_a_foreign_host_is_told_with_the_setting_that_lets_it_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert Desk().post(DEMO, headers=FOREIGN).code == 403
    (line,) = said(caplog)
    assert line == (
        "a webhook was refused: 403, the Host header is not a name of this machine "
        '("hooks.example"); if senders are to use that name, put it into listener.allowed_hosts'
    )


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        (b"", ""),
        (b"a\r\nb\x1b[31m\x9b2Jc\xad", "a bc"),
        (b"http://joe:hush@evil.example", "http://***@evil.example"),
        (b"x" * 10_000, "x" * 79 + "…"),
        (b"%s %d {0}", "%s %d {0}"),
    ],
)
def test_whatever_a_host_is_it_is_a_short_piece_of_one_line(
    host: bytes, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert Desk().post(DEMO, headers=[(b"host", host), TYPE]).code == 403
    assert f'("{shown}")' in said(caplog)[0]


def test_one_of_a_kind_in_ten_minutes_is_a_warning_and_the_rest_are_for_debugging(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk(SECRET)
    desk.post(DEMO, WRONG)
    desk.now += timedelta(minutes=9, seconds=59)
    desk.post(DEMO, WRONG)
    assert len(said(caplog)) == 1
    assert said(caplog, logging.DEBUG) == said(caplog)
    desk.post(DEMO)
    desk.post(DEMO, headers=FOREIGN)
    desk.post(DEMO, headers=[(b"host", b"evil.example"), TYPE])
    assert len(said(caplog)) == 3, "another reason is another kind, another name is none"
    desk.now += timedelta(seconds=1)
    desk.post(DEMO, WRONG)
    assert len(said(caplog)) == 4


def test_a_clock_that_is_set_back_keeps_nothing_quiet(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(SECRET)
    desk.post(DEMO, WRONG)
    desk.now -= timedelta(days=1)
    desk.post(DEMO, WRONG)
    assert len(said(caplog)) == 2


@pytest.mark.parametrize(
    "body", [b"no json", b'"hush"', b'{"hush": ', b"\xff", b"[" * 9_000, b"hush" * 9_000]
)
def test_nothing_of_a_body_is_told(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    assert desk.post(body).code == 400
    assert desk.post(b"[]").code == 400
    assert said(caplog) == ["a webhook was refused: 400, the body is no JSON object"]
    assert "hush" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "told"),
    [
        ("POST", "/webhook", JSON, "401, there is no signature; a secret is set, so posts must be"),
        ("POST", "/webhook/openai/hush", JSON, "401, the address is not ours; no secret fits"),
        ("POST", "/webhook", [*JSON, (b"origin", b"http://hush")], "403, web pages may not use"),
        ("POST", "/webhook/a/hush/c", JSON, "404, there is nothing here"),
        ("POST", "/webhook/hush", [*JSON, signature(DEMO)], "404, no such page is watched"),
        ("GET", "/webhook/hush", JSON, "405, webhooks are sent with POST"),
        ("POST", "/webhook", JSON[:1], "415, the content type must be application/json"),
        ("POST", "/webhook", [*JSON, (b"x", b"y" * 17_000)], "431, the head is over"),
    ],
)
def test_every_kind_of_refusal_is_told(
    method: str,
    path: str,
    headers: list[tuple[bytes, bytes]],
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    Desk(SECRET).ask(method, path, headers, [DEMO])
    (line,) = said(caplog)
    assert line.startswith(f"a webhook was refused: {told}")
    assert "hush" not in caplog.text


def test_a_late_message_says_nothing_against_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(SECRET)
    desk.now += timedelta(minutes=6)
    assert desk.post(DEMO, *standard(DEMO)).code == 401
    (line,) = said(caplog)
    assert line == (
        "a webhook was refused: 401, the timestamp is more than five minutes off; "
        "compare the sender's clock with this machine's"
    )


def test_what_is_taken_and_what_is_our_fault_is_no_refusal(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    assert desk.post(DEMO).code == desk.post(b"{}").code == 204
    desk.inbox.fault = store_down()
    assert desk.post(DEMO).code == 503
    assert "refused" not in caplog.text
