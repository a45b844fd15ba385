"""Messages lose their markup and none of their words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traywatch.platforms.markup import LONGEST, plain_text

TABLE = [
    # HTML
    ("One.<br /><br />Two.<BR>Three.", "One.\n\nTwo.\nThree."),
    ("<p>One</p><p class='x'>Two</p>", "One\n\nTwo"),
    ("<ul><li>one</li><li>two</li></ul>", "- one\n\n- two"),
    ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
    ("<b>bold</b> and <i>slanted</i>", "bold and slanted"),
    ("before<!-- not shown -->after", "beforeafter"),
    ("see <a href='https://a.example/x?a=1&amp;b=2'>this</a>.",
     "see this (https://a.example/x?a=1&b=2)."),
    ('<a target="_blank" href="https://a.example/">a.example</a>', "a.example"),
    ('<a href="https://a.example">https://a.example</a>', "https://a.example"),
    ('<a href="https://a.example"><b>here</b></a>', "here (https://a.example)"),
    ("<a href='javascript:alert(1)'>click</a>", "click"),
    ("<a href='https://a.example'>never closed", "never closed"),
    ("</p></a></li>closed, never opened", "closed, never opened"),
    # entities
    ("Tom &amp; Jerry &lt;3 &#39;x&#x27; &nbsp;", "Tom & Jerry <3 'x'"),
    ("&lt;br&gt; is not a break", "<br> is not a break"),
    ("https://a.example/?a=1&copy=2&not", "https://a.example/?a=1&copy=2&not"),
    ("&unheardof; &#99999999999;", "&unheardof; &#99999999999;"),
    ("&notify; &copyright; &ampere; &AMP; &Notify;", "&notify; &copyright; &ampere; & &Notify;"),
    ("<a href='https://a.example/?a=1&copy=2&amp;b=3'>this</a>",
     "this (https://a.example/?a=1&copy=2&b=3)"),
    ("&#xD800;&#0;", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"),
    # what only looks like HTML
    ("an issue with <FUNCTIONALITY IMPACTED> for <SOME/ALL> customers",
     "an issue with <FUNCTIONALITY IMPACTED> for <SOME/ALL> customers"),
    ("if a<b and c>d, <5% of <a lot>", "if a<b and c>d, <5% of <a lot>"),
    ("List<String>, <host>:<port>", "List<String>, <host>:<port>"),
    # Markdown
    ("### **Summary**\n\nText", "Summary\n\nText"),
    ("  ## Two\n#hashtag, C# and #1", "Two\n#hashtag, C# and #1"),
    ("**What happened** and **a**", "What happened and a"),
    ("2**3**4, snake__case__name, ****", "2**3**4, snake__case__name, ****"),
    ("__init__.py, **Note**s, a**b**, ** c **", "__init__.py, **Note**s, a**b**, ** c **"),
    ("[the report](https://a.example/r) and [https://b.example](https://b.example)",
     "the report (https://a.example/r) and https://b.example"),
    ("[link] (not), [x](y), a[0](i)", "[link] (not), [x](y), a[0](i)"),
    # white space
    ("a  \r\nb\n\n\n\nc\t\n", "a\nb\n\nc"),
    ("   \n ", ""),
]  # fmt: skip


@pytest.mark.parametrize(("message", "plain"), TABLE)
def test_markup(message: str, plain: str) -> None:
    assert plain_text(message) == plain


@pytest.mark.parametrize(
    "unit",
    ["<", "<!--", "<a ", "<a href=", "<a href='https://x'>", "**", "**a", "__a**", "[", "[a](", "&",
     "&#", " ", "\n ", "#", " #", "<br", "](https://", "href="],
)  # fmt: skip
def test_ten_thousand_openings_that_never_close_come_through(unit: str) -> None:
    assert len(plain_text(unit * 1_000_000)) <= LONGEST


@settings(deadline=None)
@given(st.text("abc xyz.,;:!?()0123456789'\"-", max_size=200))
def test_running_text_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text.strip()


@settings(deadline=None)
@given(st.text(max_size=300) | st.text("<>/a br&#;*_[]()href=\"'https:\n", max_size=300))
def test_any_text_becomes_text_no_longer_than_allowed(text: str) -> None:
    plain = plain_text(text)
    assert plain == plain.strip()
    assert "\n\n\n" not in plain
