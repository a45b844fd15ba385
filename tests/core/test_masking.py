"""No credential of an address is left, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.masking import mask_credentials


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://status.example.com/a?page=2#x", "https://status.example.com/a?page=2#x"),
        ("https://joe:pw@x.example/a", "https://***@x.example/a"),
        ("https://joe@x.example", "https://***@x.example"),
        ("see http://a:b@c@x.example:80/p, ok?", "see http://***@x.example:80/p, ok?"),
        ("https://x.example/?token=abc&page=2", "https://x.example/?token=***&page=2"),
        ("https://x.example/?a=1&API_Key=abc", "https://x.example/?a=1&API_Key=***"),
        ("http://u:p@h:1?token=abc; Ctrl-C", "http://***@h:1?token=***; Ctrl-C"),
        ("(http://h?token=abc), http://h?key=a.", "(http://h?token=***), http://h?key=***."),
        ('{"url": "http://h?token=abc"}', '{"url": "http://h?token=***"}'),
        ("http://h?token=a;b,c", "http://h?token=***"),
        ("http://h?token=abc;&page=2", "http://h?token=***&page=2"),
        ("http://h?token=;; and", "http://h?token=*** and"),
        ("http://h?token=a;;;; and", "http://h?token=*** and"),
        ("mail joe@x.example about https://x.example", "mail joe@x.example about https://x.example"),
        ("https://a:b@x.example https://c:d@y.example", "https://***@x.example https://***@y.example"),
    ],
)  # fmt: skip
def test_masked(text: str, masked: str) -> None:
    assert mask_credentials(text) == masked


word = st.text(st.characters(exclude_characters="/?#", exclude_categories=["Z", "C"]), min_size=1)


@given(before=st.text(), user=word, password=word, after=st.text())
def test_a_password_never_stays(before: str, user: str, password: str, after: str) -> None:
    text = f"{before} https://{user}:{password}\N{KEY}@host.example/{after}"
    assert f"{password}\N{KEY}" not in mask_credentials(text)


@given(st.text(alphabet="h:/?#@&=tokenkeysig ab;.*"))
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask_credentials(text)
    assert mask_credentials(once) == once
