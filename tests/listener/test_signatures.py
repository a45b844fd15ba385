"""Who signed it: the published vectors, and everything that is nearly a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from traywatch.core.errors import ConfigError
from traywatch.listener.signatures import Flaw, Proof, keys, opens, path_token, verify

NOW_S = 1_614_265_330

GITHUB = (
    b"It's a Secret to Everybody",
    b"Hello, World!",
    b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
)
JSON = (
    b"secret",
    b'{"a": "z"}',
    b"f417af3a21bd70379b5796d5f013915e7029f62c580fb0f500f59a35a6f04c89",
)
EMPTY = (
    b"secret",
    b"",
    b"f9e66e179b6747ae54108f82f8ade8b3c25d76fd30afde6c395822c530196169",
)

STANDARD_SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_ID = b"msg_p5jXN8AQM9LWM0D4loKWxJek"
STANDARD_GOOD = b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
STANDARD_BAD = b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="


def standard(
    signature: bytes = STANDARD_GOOD,
    *,
    family: bytes = b"webhook",
    timestamp: bytes = b"1614265330",
    message_id: bytes = STANDARD_ID,
) -> dict[bytes, bytes]:
    return {
        family + b"-id": message_id,
        family + b"-timestamp": timestamp,
        family + b"-signature": signature,
    }


def check(
    headers: dict[bytes, bytes],
    body: bytes = STANDARD_BODY,
    *secrets: bytes,
    now_s: int = NOW_S,
) -> Proof | Flaw:
    return verify(headers, body, keys(secrets or (STANDARD_SECRET,)), now_s)


# ------------------------------------------------------------------ signatures of a body


@pytest.mark.parametrize(("secret", "body", "mac"), [GITHUB, JSON, EMPTY])
@pytest.mark.parametrize(
    ("name", "prefix"),
    [(b"x-signature", b""), (b"x-signature", b"sha256="), (b"x-hub-signature-256", b"sha256=")],
)
def test_vectors_of_a_body(
    secret: bytes, body: bytes, mac: bytes, name: bytes, prefix: bytes
) -> None:
    assert check({name: prefix + mac}, body, secret) == Proof()
    assert check({name: prefix + mac.upper()}, body, secret) == Proof()
    assert isinstance(check({name: prefix + mac}, body + b" ", secret), Flaw)
    assert isinstance(check({name: prefix + mac}, body, secret + b"x"), Flaw)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"sha256=",
        b" " + JSON[2],
        JSON[2] + b"\n",
        JSON[2][:-1],
        JSON[2] + b"0",
        b"sha1=" + JSON[2],
        b"sha256=sha256=" + JSON[2],
        JSON[2][:-2] + b"zz",
        JSON[2][:-2] + "é".encode(),
        b"\xff" * 64,
        JSON[2] + b", " + JSON[2],
        b"0" * 100_000,
        b"\x00",
    ],
)
def test_what_is_nearly_a_signature_of_a_body(given: bytes) -> None:
    assert isinstance(check({b"x-signature": given}, JSON[1], JSON[0]), Flaw)
    assert isinstance(check({b"x-hub-signature-256": given}, JSON[1], JSON[0]), Flaw)


def test_github_never_sends_the_bare_hex() -> None:
    assert isinstance(check({b"x-hub-signature-256": JSON[2]}, JSON[1], JSON[0]), Flaw)


# ------------------------------------------------------------------ Standard Webhooks, Svix


@pytest.mark.parametrize("family", [b"webhook", b"svix"])
def test_vector_of_standard_webhooks(family: bytes) -> None:
    assert check(standard(family=family)) == Proof(STANDARD_ID.decode())


@pytest.mark.parametrize(
    "signature",
    [
        STANDARD_BAD,
        STANDARD_GOOD.replace(b"v1", b"v2"),
        STANDARD_GOOD.replace(b"v1", b"V1"),
        STANDARD_GOOD.replace(b"v1,", b"v1 ,"),
        STANDARD_GOOD.replace(b"v1,", b"v1a,"),
        STANDARD_GOOD.removeprefix(b"v1,"),
        STANDARD_GOOD.rstrip(b"="),
        STANDARD_GOOD + b",",
        STANDARD_GOOD + b"\xff",
        STANDARD_GOOD + b"\x00",
        STANDARD_GOOD + b"\n",
        b"v1,",
        b"v1",
        b",",
        b"",
        b"\xc3\xa9",
        b" ".join([STANDARD_BAD] * 100) + b" " + STANDARD_GOOD,
    ],
)
def test_what_is_nearly_a_standard_signature(signature: bytes) -> None:
    assert isinstance(check(standard(signature)), Flaw)


@pytest.mark.parametrize(
    "signature",
    [
        STANDARD_BAD + b" " + STANDARD_GOOD,
        b"v1a,anything v2,else v1, " + STANDARD_GOOD,
        STANDARD_GOOD + b" " + STANDARD_BAD,
    ],
)
def test_a_good_signature_among_bad_ones(signature: bytes) -> None:
    assert check(standard(signature)) == Proof(STANDARD_ID.decode())


@pytest.mark.parametrize(
    ("seconds_off", "holds"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_five_minutes_either_way(seconds_off: int, holds: bool) -> None:
    verdict = check(standard(), now_s=NOW_S + seconds_off)
    assert isinstance(verdict, Proof if holds else Flaw)


@pytest.mark.parametrize(
    "timestamp",
    [
        b" 161_4265330 ",
        b"161_4265330",
        b"1614265330.9",
        b"+1614265330",
        b"-1614265330",
        b"01614265330",
        b"1614265330 ",
        b"1614265330\n",
        b"1.614265330e9",
        "".join(chr(0xFF10 + int(digit)) for digit in "1614265330").encode(),
        b"",
        b"9" * 5_000,
        b"\x00",
    ],
)
def test_odd_timestamps_even_when_signed(timestamp: bytes) -> None:
    """The signature covers the odd timestamp too: what refuses it is the timestamp alone."""
    key = base64.b64decode(STANDARD_SECRET.removeprefix(b"whsec_"))
    signed = STANDARD_ID + b"." + timestamp + b"." + STANDARD_BODY
    mac = base64.b64encode(hmac.digest(key, signed, "sha256"))
    assert isinstance(check(standard(b"v1," + mac, timestamp=timestamp)), Flaw)


@pytest.mark.parametrize("message_id", [b"", b"a b", b"\x00", "é".encode(), b"x" * 257])
def test_odd_message_ids_even_when_signed(message_id: bytes) -> None:
    key = base64.b64decode(STANDARD_SECRET.removeprefix(b"whsec_"))
    signed = message_id + b".1614265330." + STANDARD_BODY
    mac = base64.b64encode(hmac.digest(key, signed, "sha256"))
    assert isinstance(check(standard(b"v1," + mac, message_id=message_id)), Flaw)


@pytest.mark.parametrize("missing", [b"webhook-id", b"webhook-timestamp"])
def test_a_header_of_the_three_is_missing(missing: bytes) -> None:
    headers = standard()
    del headers[missing]
    assert isinstance(check(headers), Flaw)


@pytest.mark.parametrize(
    "secret", [b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b"plain words", b"c2hvcnQ="]
)
def test_a_secret_without_whsec_is_base64_or_bytes(secret: bytes) -> None:
    """The reference libraries take base64 for a string and the bytes for bytes."""
    signed = b"%b.%d.%b" % (STANDARD_ID, NOW_S, STANDARD_BODY)
    for key in keys([secret])[0].standard:
        mac = base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
        assert check(standard(b"v1," + mac), STANDARD_BODY, secret) == Proof(STANDARD_ID.decode())


# ------------------------------------------------------------------ many secrets, many schemes


@pytest.mark.parametrize("place", [0, 1, 2])
def test_any_of_several_secrets(place: int) -> None:
    secrets = [b"old", b"older", b"oldest"]
    secrets[place] = STANDARD_SECRET
    assert check(standard(), STANDARD_BODY, *secrets) == Proof(STANDARD_ID.decode())
    secrets[place] = JSON[0]
    assert check({b"x-signature": JSON[2]}, JSON[1], *secrets) == Proof()


def test_a_timestamped_signature_is_not_traded_for_an_older_kind() -> None:
    body_mac = hmac.digest(STANDARD_SECRET, STANDARD_BODY, "sha256").hex().encode()
    good_of_the_body = {b"x-signature": body_mac}
    assert check(good_of_the_body) == Proof()
    assert isinstance(check(standard(STANDARD_BAD) | good_of_the_body), Flaw)
    assert isinstance(check(standard(STANDARD_BAD, family=b"svix") | good_of_the_body), Flaw)


def test_nothing_is_signed_when_there_is_no_secret() -> None:
    assert isinstance(verify({b"x-signature": EMPTY[2]}, b"", (), NOW_S), Flaw)


@pytest.mark.parametrize("secret", [b"", b"whsec_", b"whsec_not base64", b"whsec_\xff"])
def test_useless_secrets_are_refused_unnamed(secret: bytes) -> None:
    with pytest.raises(ConfigError) as refused:
        keys([b"good", secret])
    assert "signing secret 2" in str(refused.value)
    assert "not base64" not in str(refused.value)


def test_secrets_do_not_print() -> None:
    assert "hush" not in repr(keys([b"hush"]))


# ------------------------------------------------------------------ the token in a path


def test_token_of_a_path() -> None:
    token = path_token(b"secret", "openai")
    assert token == hmac.new(b"secret", b"/webhook/openai", hashlib.sha256).hexdigest()
    assert opens(token, "openai", keys([b"older", b"secret"]))
    assert not opens(token, "github", keys([b"secret"]))
    assert not opens(token, "openai", keys([b"other"]))
    assert not opens(token, "openai", ())


@pytest.mark.parametrize("token", ["", "secret", "é" * 64, "0" * 63, "\ud800" * 64, "0" * 10**6])
def test_what_is_no_token(token: str) -> None:
    assert not opens(token, "openai", keys([b"secret"]))


def test_a_token_is_no_signature_of_a_json_body() -> None:
    """What an address that leaks would sign is no JSON document."""
    token = path_token(b"secret", "openai").encode()
    assert check({b"x-signature": token}, b"/webhook/openai", b"secret") == Proof()


# ------------------------------------------------------------------ whatever comes

HEADER_NAMES = st.sampled_from(
    [
        b"x-signature",
        b"x-hub-signature-256",
        *(f + p for f in (b"webhook", b"svix") for p in (b"-id", b"-timestamp", b"-signature")),
    ]
)
HEADER_VALUES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"1614265330", STANDARD_ID, STANDARD_BAD, b"v1,", b"sha256=" + b"0" * 64]),
    st.from_regex(rb"\A(v1,[A-Za-z0-9+/=]{0,44} ?){0,4}\Z"),
)


@given(st.dictionaries(HEADER_NAMES, HEADER_VALUES), st.binary(max_size=300))
def test_no_guess_is_a_proof_and_nothing_raises(headers: dict[bytes, bytes], body: bytes) -> None:
    # None of the vectors' secrets: Hypothesis tries the constants it finds in this file.
    secrets = (b"not in any vector", b"whsec_" + base64.b64encode(b"nor this one"))
    verdict = check(headers, body, *secrets)
    assert isinstance(verdict, Flaw)
    for secret in secrets:
        assert hmac.new(secret, body, hashlib.sha256).hexdigest() not in verdict.reason


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=300))
def test_what_is_signed_holds(secret: bytes, body: bytes) -> None:
    assume(not secret.startswith(b"whsec_"))
    mac = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    assert check({b"x-signature": mac}, body, b"another", secret) == Proof()
