"""The menu and the tooltip as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch.core.model import ComponentStatus, Impact, IncidentStatus, Severity
from traywatch.core.overview import ComponentView, IconState, IncidentView, Overview, PageView
from traywatch.sinks.menu import (
    MORE_PAGES,
    PAGES,
    TOOLTIP_UNITS,
    Command,
    Row,
    cut_utf16,
    default_link,
    menu,
    tooltip,
    web_link,
)

READ = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME = PageView("acme", "Acme", "https://acme.test", Severity.OPERATIONAL, True, None, read_at=READ)
COMMANDS = ["-", "Check now", "Pause notifications [ ]", "Open log", "-", "Quit"]


def component(name: str, status_word: str, group: str | None = None) -> ComponentView:
    return ComponentView(name, group, ComponentStatus(status_word))


def incident(name: str, status_word: str = "identified", url: str | None = None) -> IncidentView:
    return IncidentView(name, name, IncidentStatus(status_word), Impact.MINOR, False, url)


def seen(*pages: PageView, offline: bool = False, paused: bool = False) -> Overview:
    return Overview(IconState.OPERATIONAL, pages, offline, paused)


def read(rows: Sequence[Row], indent: str = "") -> Iterator[str]:
    for row in rows:
        tick = "" if row.checked is None else " [x]" if row.checked else " [ ]"
        yield indent + (row.text + tick or "-")
        yield from read(row.rows, indent + "> ")


def pages_of(overview: Overview) -> list[str]:
    lines = list(read(menu(overview)))
    assert lines[-6:] == COMMANDS
    return lines[:-6]


BROKEN = replace(
    ACME,
    severity=Severity.MAJOR_OUTAGE,
    troubled=(component("Login", "major_outage", "Europe"), component("API", "partial_outage")),
    incidents=(incident("Nobody can log in", url="https://acme.test/incidents/1"),),
)

# ------------------------------------------------------------------ what it reads


def test_all_is_well() -> None:
    assert list(read(menu(seen(ACME)))) == ["Acme: Operational", *COMMANDS]


@pytest.mark.parametrize(("starts", "tick"), [(True, "x"), (False, " ")])
def test_starting_at_login_where_that_can_be_chosen(starts: bool, tick: str) -> None:
    rows = list(read(menu(seen(ACME), starts)))
    at = rows.index("Pause notifications [ ]") + 1
    assert rows[at : at + 2] == [f"Start at login [{tick}]", "Open log"]


def test_an_outage_names_its_incidents_and_components() -> None:
    assert pages_of(seen(BROKEN)) == [
        "Acme: Major outage",
        "    Nobody can log in: Identified",
        "    Europe - Login: Major outage",
        "    API: Partial outage",
    ]


def test_paused_is_ticked() -> None:
    assert "Pause notifications [x]" in list(read(menu(seen(ACME, paused=True))))


def test_what_is_planned_comes_last_with_its_window() -> None:
    planned = replace(
        incident("Database upgrade", "scheduled"),
        starts_at=datetime(2026, 3, 2, 3, tzinfo=UTC),
        ends_at=datetime(2026, 3, 2, 5, tzinfo=UTC),
    )
    page = replace(BROKEN, incidents=(*BROKEN.incidents, planned))
    assert pages_of(seen(page))[-1] == "    Database upgrade: 2026-03-02 03:00 - 05:00 UTC"


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        (
            replace(ACME, severity=None, readable=False, reason="not read yet", read_at=None),
            ["Acme: not read yet"],
        ),
        (
            replace(ACME, severity=Severity.DEGRADED, readable=False, reason="HTTP 500"),
            ["Acme: cannot be read (was Degraded)", "    HTTP 500"],
        ),
        (
            replace(ACME, severity=None, readable=False, reason="HTTP 500"),
            ["Acme: cannot be read", "    HTTP 500"],
        ),
        (
            replace(
                ACME,
                severity=None,
                troubled=(
                    replace(component("API", "operational"), in_doubt=True),
                    replace(component("Web", "unknown"), in_doubt=True),
                ),
            ),
            ["Acme: unknown", "    API: unknown (was Operational)", "    Web: unknown"],
        ),
    ],
)
def test_what_is_not_known_is_said(page: PageView, lines: list[str]) -> None:
    assert pages_of(seen(page)) == lines


def test_offline_is_said_first_and_nothing_is_forgotten() -> None:
    assert pages_of(seen(BROKEN, offline=True))[:2] == ["Offline, retrying", "Acme: Major outage"]
    assert pages_of(seen()) == ["No pages are watched"]


def test_the_worst_page_comes_first_then_the_unknown_then_the_fine_in_the_given_order() -> None:
    pages = [
        replace(ACME, name="fine"),
        replace(ACME, name="maintained", severity=Severity.MAINTENANCE),
        replace(ACME, name="degraded", severity=Severity.DEGRADED),
        replace(ACME, name="unknown", severity=None),
        replace(ACME, name="down", severity=Severity.MAJOR_OUTAGE),
        replace(ACME, name="also fine"),
    ]
    names = [line.partition(":")[0] for line in pages_of(seen(*pages))]
    assert names == ["down", "degraded", "unknown", "maintained", "fine", "also fine"]


# ------------------------------------------------------------------ its bounds


def test_hundreds_of_components_end_in_a_count() -> None:
    page = replace(ACME, troubled=tuple(component(f"C{n}", "major_outage") for n in range(300)))
    lines = pages_of(seen(page))
    assert len(lines) == 1 + 24
    assert lines[-2:] == ["    C22: Major outage", "    and 277 more"]


def test_the_room_is_shared_by_the_pages_in_trouble() -> None:
    pages = [
        replace(BROKEN, name=f"P{n}", incidents=tuple(incident(f"I{i}") for i in range(30)))
        for n in range(3)
    ]
    lines = pages_of(seen(*pages, *[replace(ACME, name=f"F{n}") for n in range(5)]))
    assert len(lines) == 3 * (1 + 8) + 5
    assert lines.count("    and 25 more") == 3


def test_many_pages_get_a_menu_of_their_own() -> None:
    pages = [replace(ACME, name=f"P{n}") for n in range(1000)]
    lines = pages_of(seen(*pages))
    assert lines[PAGES - 1 : PAGES + 2] == [
        "P11: Operational",
        "988 more pages",
        "> P12: Operational",
    ]
    assert lines[-1] == f"> and {988 - MORE_PAGES} more"
    assert pages_of(seen(*pages[: PAGES + 1]))[-2:] == ["1 more page", "> P12: Operational"]


_texts = st.sampled_from(
    ["API", "", "\n", "\x1b[31mred\n\u202eevil\ud800", "x" * 5000, "😀" * 90, "https://a.test/"]
) | st.text(max_size=12)
_components = st.builds(ComponentView, _texts, st.none() | _texts, st.sampled_from(ComponentStatus))
_incidents = st.builds(
    IncidentView,
    _texts,
    _texts,
    st.sampled_from(IncidentStatus),
    st.just(Impact.MINOR),
    st.booleans(),
    st.none() | _texts,
)
_pages = st.builds(
    PageView,
    _texts,
    _texts,
    _texts,
    st.none() | st.sampled_from(Severity),
    st.booleans(),
    st.none() | _texts,
    troubled=st.lists(_components, max_size=3).map(lambda some: tuple(some * 9)),
    incidents=st.lists(_incidents, max_size=3).map(lambda some: tuple(some * 9)),
    read_at=st.sampled_from([READ, None]),
)
_overviews = st.builds(
    Overview,
    st.just(IconState.OPERATIONAL),
    st.lists(_pages, max_size=4).map(lambda some: tuple(some * 4)),
    st.booleans(),
)
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(_overviews)
def test_whatever_vendors_send_rows_are_short_single_lines_with_safe_links(
    overview: Overview,
) -> None:
    rows = menu(overview)
    rows += tuple(row for top in rows for row in top.rows)
    assert len(rows) <= 120
    for row in rows:
        assert len(row.text) <= 160
        assert not _UNSEEN & set(map(category, row.text))
        if isinstance(row.does, str):
            assert web_link(row.does) == row.does


@given(_overviews)
def test_the_tooltip_fits_windows_whatever_vendors_send(overview: Overview) -> None:
    said = tooltip(overview)
    assert not _UNSEEN & set(map(category, said))
    assert 0 < len(said.encode("utf-16-le")) // 2 <= TOOLTIP_UNITS


# ------------------------------------------------------------------ the tooltip


@pytest.mark.parametrize(
    ("overview", "said"),
    [
        (seen(ACME), "Acme: Operational"),
        (seen(ACME, ACME, ACME), "traywatch: 3 pages operational"),
        (seen(), "No pages are watched"),
        (seen(BROKEN), "Acme: Major outage (Login, API)"),
        (
            seen(ACME, replace(BROKEN, troubled=())),
            "Acme: Major outage (Nobody can log in)",
        ),
        (
            seen(BROKEN, replace(ACME, name="Beta", severity=None)),
            "Acme: Major outage (Login, API); Beta: unknown",
        ),
        (seen(ACME, offline=True), "Offline. Acme: Operational"),
        (
            seen(
                replace(
                    BROKEN, troubled=tuple(component(f"C{n}", "major_outage") for n in range(9))
                )
            ),
            "Acme: Major outage (C0, C1 and 7 more)",
        ),
    ],
)
def test_the_tooltip_names_what_is_wrong(overview: Overview, said: str) -> None:
    assert tooltip(overview) == said


@pytest.mark.parametrize(
    ("text", "units", "cut"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("😀😀", 4, "😀😀"),
        ("😀😀😀", 5, "😀😀…"),
        ("😀😀😀", 4, "😀…"),
        ("ab cd", 4, "ab…"),
    ],
)
def test_texts_are_cut_in_utf16_units_and_never_through_a_character(
    text: str, units: int, cut: str
) -> None:
    assert cut_utf16(text, units) == cut


# ------------------------------------------------------------------ where clicks lead


def test_rows_lead_to_the_incident_or_its_page_and_to_commands() -> None:
    page = replace(BROKEN, incidents=(*BROKEN.incidents, incident("I", url="file:///etc/passwd")))
    does = [row.does for row in menu(seen(page))]
    home = "https://acme.test"
    assert does[:5] == [home, "https://acme.test/incidents/1", home, home, home]
    assert does[5:] == [
        None,
        Command.CHECK_NOW,
        Command.PAUSE,
        Command.OPEN_LOG,
        None,
        Command.QUIT,
    ]


def test_a_plain_click_opens_the_page_of_most_concern() -> None:
    other = replace(BROKEN, url="https://other.test")
    assert default_link(seen(ACME, other)) == "https://other.test"
    assert default_link(seen(ACME, replace(other, url="ftp://x"))) == "https://acme.test"
    assert default_link(seen()) is None


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.test/x?y#z", True),
        ("http://127.0.0.1:8000", True),
        ("HTTPS://a.test", True),
        ("https://статус.рф/", True),
        (None, False),
        ("", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("//a.test", False),
        ("https://", False),
        ("https:a.test", False),
        ("https://a.test/ --new-window", False),
        ("https://a.test/\n", False),
        ("https://[::1", False),
        ("https://a.test/\u202eevil", False),
        ("-https://a.test", False),
        ("ms-msdt:/id", False),
    ],
)
def test_only_web_addresses_are_opened(url: str | None, safe: bool) -> None:
    assert web_link(url) == (url if safe else None)
