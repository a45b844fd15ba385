"""Any bytes give JSON or a FormatError; any JSON gives tolerant getters."""

from __future__ import annotations

import json

import pytest

from traywatch.core.errors import FormatError
from traywatch.platforms import reading
from traywatch.platforms.reading import Node, decoded, read_json, readable, unique

REFUSED = {
    "empty": (b"", "the document is empty"),
    "blank": (b" \r\n\t " * 2_000, "the document is empty"),
    "a BOM alone": (b"\xef\xbb\xbf", "the document is empty"),
    "a web page": (b"\n<!doctype html><title>Sign in</title>", "a web page or a feed"),
    "cut off": (b'{"a": [1, 2', "not JSON: "),
    "two values": (b"{} {}", "not JSON: "),
    "binary": (bytes(range(256)), "not JSON: "),
    "100,000 lists deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "40,000 objects deep": (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, "nested too deeply"),
    "a number of 5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", "a number of absurd length"),
    "50,001 objects": (b"[" + b",".join([b"{}"] * 50_001) + b"]", "more than 50,000 objects"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_json_is_refused_in_words(case: str) -> None:
    body, reason = REFUSED[case]
    with pytest.raises(FormatError) as refusal:
        read_json(body)
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_is_merely_odd_is_tolerated() -> None:
    assert read_json(b'{"a": NaN, "a": Infinity}') == {"a": float("inf")}
    assert read_json(b'"\xff"') == "\N{REPLACEMENT CHARACTER}"
    assert read_json(b"1" + b"0" * 4_000) == 10**4_000
    assert read_json(b"[" * 500 + b"]" * 500)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_decoded_by_its_bom(encoding: str) -> None:
    assert decoded("grün ✓".encode(encoding)) == "grün ✓"


def test_a_lone_surrogate_is_replaced_and_a_pair_is_not() -> None:
    node = Node(json.loads(r'{"lone": "a\ud800b", "pair": "\ud83d\ude00"}'))
    assert node.text("lone") == "a\N{REPLACEMENT CHARACTER}b"
    assert node.text("pair") == "😀"


TEXTS = [
    ("words", "words"),
    ("  words\n", "words"),
    (42, "42"),
    (-1, "-1"),
    ("", None),
    ("  ", None),
    (None, None),
    (True, None),
    (1.5, None),
    (10**18, None),
    (["words"], None),
    ({"words": 1}, None),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_text_is_words_or_a_whole_number(value: object, text: str | None) -> None:
    assert Node({"key": value}).text("key") == text
    assert Node({"key": value}).text("absent", "key") == text


def test_the_first_key_that_holds_something_counts() -> None:
    node = Node({"a": None, "b": "second", "c": "third"})
    assert node.text("a", "b", "c") == "second"
    assert Node({"a": "soon", "b": "2026-03-02T12:00:00Z"}).instant("a", "b") is not None
    assert Node({"a": "<p></p>", "b": "words"}).body("a", "b") == "words"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("R&amp;D &lt;3", "R&D <3"),
        ("Web &amp;amp; API", "Web &amp; API"),
        ("<b>API</b> **x** &notify;", "<b>API</b> **x** &notify;"),
        (" &nbsp;API&#32;", "API"),
        ("&nbsp;", None),
        ("&#xD800;", "\N{REPLACEMENT CHARACTER}"),
        (7, "7"),
        (None, None),
    ],
)
def test_a_name_is_read_without_its_entities_and_with_everything_else(
    value: object, name: str | None
) -> None:
    assert Node({"name": value}).name("name") == name
    assert Node({"title": value, "name": "Other"}).name("title", "name") == (name or "Other")


def test_a_name_is_cut_and_a_long_id_is_none_at_all() -> None:
    node = Node({"key": "x" * 5_000_000, "id": "y" * 201, "ok": "z" * 200})
    assert node.text("key") == "x" * 1_000
    assert node.identity("id") is None
    assert node.identity("id", "ok") == "z" * 200


def test_what_is_required_and_missing_is_named_with_its_path() -> None:
    root = Node({"pages": [{"rows": [{}, {"id": ["x"]}]}]})
    row = root.rows("pages")[0].rows("rows")[1]
    with pytest.raises(FormatError, match=r"^pages\[0\]\.rows\[1\]\.id: missing$"):
        row.required("code", "id")


LINKS = {
    "https://a.example/x?y=1#z": True,
    "HTTP://a.example": True,
    "http://127.0.0.1:8000/": True,
    "javascript:alert(1)": False,
    "file:///etc/passwd": False,
    "//a.example": False,
    "/relative": False,
    "https://a.example/a b": False,
    "https://a.example/\x1b[2J": False,
    "https://a.example/\u202egnp": False,
    "https://" + "a" * 1_000: False,
    "": False,
}


@pytest.mark.parametrize("address", LINKS)
def test_only_web_addresses_are_links(address: str) -> None:
    assert Node({"url": address}).link("url") == (address if LINKS[address] else None)


def test_rows_are_the_objects_of_a_list() -> None:
    node = Node({"list": [1, {"a": 1}, None, {"b": 2}], "none": None, "word": "x"}, "root")
    assert [row.path for row in node.rows("list")] == ["root.list[1]", "root.list[3]"]
    assert node.rows("absent", "none", "word") == ()
    full = Node({"empty": [], "nulls": [None], "full": [{"a": 1}], "more": [{"b": 2}]})
    assert full.rows("empty", "nulls", "full", "more") == (Node({"a": 1}, "full[0]"),)
    assert node.first("list") == Node({"a": 1})
    assert node.first("word") is None


def test_a_list_that_must_be_one_keeps_its_oddities_to_stumble_over() -> None:
    node = Node({"list": [1, {"a": 1}, None], "none": None, "word": "x", "long": [1] * 10_001})
    rows = node.listed("list")
    assert rows is not None
    assert [dict(row.fields) for row in rows] == [{}, {"a": 1}, {}]
    assert node.listed("none") is None
    assert node.listed("absent") is None
    with pytest.raises(FormatError, match="word: a list was expected"):
        node.listed("word")
    with pytest.raises(FormatError, match=f"long: more than {reading.MOST_ROWS:,} rows"):
        node.listed("long")


def test_one_bad_row_leaves_the_good_ones() -> None:
    rows = [Node({"id": "a"}), Node({}, "rows[1]"), Node({"id": "c"}), Node({}, "rows[3]")]
    good, fault = readable(rows, lambda row: row.required("id"))
    assert good == ["a", "c"]
    assert str(fault) == "rows[1].id: missing"


def test_of_several_with_one_id_the_first_is_kept() -> None:
    items = [("a", 1), (None, 2), ("a", 3), (None, 2), ("b", 4)]
    assert unique(items, lambda item: item[0]) == (("a", 1), (None, 2), (None, 2), ("b", 4))
