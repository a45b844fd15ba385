"""What relays wrap around a webhook."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.listener.envelopes import Enclosed, NtfyMessage, enclosed_in, ntfy_message, unwrap

BODY = {"incident": {"id": "a", "name": "Größe", "n": 1}}
BYTES = '{"incident":{"id":"a","name":"Größe","n":1}}'.encode()


def envelope(**fields: object) -> str:
    return json.dumps({"host": "smee.io", "x-signature": "0" * 64, "timestamp": 17, **fields})


def test_a_body_written_anew_as_javascript_would() -> None:
    enclosed = unwrap(envelope(body=BODY))
    assert enclosed is not None
    assert enclosed.bodies == (BYTES,)
    assert enclosed.headers[b"x-signature"] == b"0" * 64
    assert b"timestamp" not in enclosed.headers


@pytest.mark.parametrize(
    ("fields", "bodies"),
    [
        ({"bodyB": base64.b64encode(b'{ "a" : 1.0 }').decode()}, (b'{ "a" : 1.0 }',)),
        ({"rawbody": '{ "a" : 1.0 }', "body": {"a": 1}}, (b'{ "a" : 1.0 }', b'{"a":1}')),
        ({"body": '{ "a" : 1.0 }'}, (b'{ "a" : 1.0 }',)),
        ({"bodyB": "not base64", "body": {}}, (b"{}",)),
    ],
)
def test_the_bytes_themselves_go_first(fields: dict[str, object], bodies: tuple[bytes]) -> None:
    enclosed = unwrap(envelope(**fields))
    assert enclosed is not None
    assert enclosed.bodies == bodies


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", "no json", envelope(), envelope(body=None), envelope(body=[1]),
     "[" * 100_000, "9" * 5_000],
)  # fmt: skip
def test_what_is_no_envelope(text: str) -> None:
    assert unwrap(text) is None


def ntfy(**fields: object) -> bytes:
    return json.dumps({"id": "m1", "time": 17, "event": "message", "topic": "t"} | fields).encode()


def test_a_message_of_ntfy() -> None:
    assert ntfy_message(ntfy(message="hi")) == NtfyMessage("m1", "hi")
    file = {"name": "attachment.txt", "url": "https://ntfy.sh/file/x.txt"}
    message = ntfy_message(ntfy(message="You received a file", attachment=file))
    assert message == NtfyMessage("m1", "You received a file", "https://ntfy.sh/file/x.txt")
    encoded = base64.b64encode(b"hi").decode()
    assert ntfy_message(ntfy(message=encoded, encoding="base64")) == NtfyMessage("m1", "hi")


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[]", b"\xff", ntfy(), ntfy(event="open"), ntfy(event="keepalive", message="x"),
     ntfy(message=1)],
)  # fmt: skip
def test_what_is_no_message_of_ntfy(line: bytes) -> None:
    assert ntfy_message(line) is None


def test_what_was_posted_to_a_topic() -> None:
    assert enclosed_in(BYTES.decode()) == Enclosed({}, (BYTES,))
    wrapped = enclosed_in(envelope(**{"content-type": "application/json", "body": BODY}))
    assert wrapped.bodies == (BYTES,)
    # A webhook of its own may have a "body"; no relay leaves out the content type.
    looks_wrapped = '{"text":"down","body":"all of it"}'
    assert enclosed_in(looks_wrapped) == Enclosed({}, (looks_wrapped.encode(),))


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_nothing_raises(text: str) -> None:
    unwrap(text)
    enclosed_in(text)
    ntfy_message(text.encode("utf-8", "replace"))
