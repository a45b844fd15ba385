"""What a person reads: each thing the vendor says once, in its own words, and nothing else.

The records are compared byte for byte, with everything printed before them. ``watch`` is the
program as a person starts it; ``hasty`` is the same asking ten times a second, where a test would
otherwise take long.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5
from pathlib import Path

import pytest

from tests.process.conftest import Start
from tests.process.harness import NOON, PATIENCE_S, StoppedClock, polled_again
from traywatch.core.model import ComponentStatus, Impact, IncidentStatus
from traywatch.demo import INCIDENTS, SUMMARY, Canned, DemoVendor, Shape, Stale
from traywatch.demo.documents import document

DOWN = {"API": ComponentStatus.MAJOR_OUTAGE}


def test_an_outage_is_printed_once_update_by_update_and_its_end_in_its_own_words(
    vendor: DemoVendor, clock: StoppedClock, watch: Start, profile: Path
) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.", components=DOWN)
    program = watch()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - API
Status: Errors: We are looking into it.
""")
    clock.move(minutes=10, seconds=5)
    outage.update(IncidentStatus.IDENTIFIED, "A bad\ndeployment.\r\n\r\nWe roll it back.")
    program.prints("""
[2025-11-18 12:10:05] Product: Example Cloud - API
Status: Errors: A bad deployment. We roll it back.
""")
    clock.move(minutes=5)
    outage.update(IncidentStatus.MONITORING, "Rolled back.")
    clock.move(minutes=5)
    outage.resolve("All is well again.")
    program.prints(
        """
[2025-11-18 12:15:05] Product: Example Cloud - API
Status: Errors: Rolled back.
""",
        """
[2025-11-18 12:20:05] Product: Example Cloud - API
Status: Errors: All is well again.
""",
    )
    polled_again(vendor)
    program.stop()
    log = (profile / "records.log").read_text(encoding="utf-8")
    assert log == program.stdout.text


def test_only_what_is_open_is_printed_at_the_first_look_and_by_its_newest_words(
    vendor: DemoVendor, hasty: Start
) -> None:
    vendor.open_incident("Old", "It broke.").resolve("It is mended.")
    vendor.open_incident("Errors", "We are looking into it.").update(
        IncidentStatus.IDENTIFIED, "A bad deployment."
    )
    program = hasty()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: A bad deployment.
""")
    polled_again(vendor)
    program.stop()


def test_components_in_trouble_that_no_incident_names_are_printed_at_the_first_look(
    vendor: DemoVendor, hasty: Start
) -> None:
    vendor.component("Webhooks", ComponentStatus.DEGRADED_PERFORMANCE)
    program = hasty()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Webhooks
Status: Degraded performance
""")
    vendor.component("Webhooks", ComponentStatus.OPERATIONAL)
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Webhooks
Status: Operational (was degraded performance)
""")
    program.stop()


def test_a_maintenance_is_printed_in_its_four_states_with_its_window(
    vendor: DemoVendor, clock: StoppedClock, hasty: Start
) -> None:
    program = hasty()
    polled_again(vendor)
    window = vendor.schedule_maintenance(
        "Database upgrade",
        "Webhooks may be delayed.",
        starts_at=NOON + timedelta(hours=22),
        ends_at=NOON + timedelta(hours=23, minutes=30),
        components=("Webhooks",),
    )
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Webhooks
Status: Database upgrade: Webhooks may be delayed. (2025-11-19 10:00 - 11:30 UTC)
""")
    clock.move(hours=22)
    window.start("The upgrade has begun.")
    program.prints("""
[2025-11-19 10:00:00] Product: Example Cloud - Webhooks
Status: Database upgrade: The upgrade has begun.
""")
    window.verify("We are checking.")
    program.prints("""
[2025-11-19 10:00:00] Product: Example Cloud - Webhooks
Status: Database upgrade: We are checking.
""")
    clock.move(hours=1)
    window.complete("The upgrade is complete.")
    program.prints("""
[2025-11-19 11:00:00] Product: Example Cloud - Webhooks
Status: Database upgrade: The upgrade is complete.
""")
    polled_again(vendor)
    program.stop()


def test_an_edit_is_not_printed(vendor: DemoVendor, hasty: Start) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    program = hasty()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
""")
    outage.edit("We are looking into it, all of us.")
    polled_again(vendor)
    outage.update(IncidentStatus.IDENTIFIED, "Found.")
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: Found.
""")
    program.stop()


def test_a_stale_copy_from_before_or_after_an_end_is_not_printed(
    vendor: DemoVendor, clock: StoppedClock, hasty: Start
) -> None:
    program = hasty()
    polled_again(vendor)
    outage = vendor.open_incident("Errors", "We are looking into it.")
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
""")
    vendor.next(Stale(), times=3, path=SUMMARY)
    polled_again(vendor, 4)
    clock.move(minutes=1)
    outage.resolve("Over.")
    program.prints("""
[2025-11-18 12:01:00] Product: Example Cloud - Errors
Status: Over.
""")
    vendor.next(Stale(), times=3, path=SUMMARY)
    polled_again(vendor, 4)
    program.stop()


def test_each_of_two_identical_outages_is_printed(
    vendor: DemoVendor, clock: StoppedClock, hasty: Start
) -> None:
    program = hasty()
    polled_again(vendor)
    for time in ("12:00:00", "12:30:00"):
        outage = vendor.open_incident("Errors", "We are looking into it.", components=DOWN)
        program.prints(f"""
[2025-11-18 {time}] Product: Example Cloud - API
Status: Errors: We are looking into it.
""")
        outage.resolve("Over.")
        program.prints(f"""
[2025-11-18 {time}] Product: Example Cloud - API
Status: Errors: Over.
""")
        clock.move(minutes=30)
    program.stop()


def test_a_history_that_lags_behind_still_gives_the_end_its_own_words(
    vendor: DemoVendor, hasty: Start
) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    program = hasty()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
""")
    vendor.next(Stale(), path=INCIDENTS)
    outage.resolve("Over.")
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: Over.
""")
    program.stop()


def test_what_the_vendor_sends_cannot_break_a_record_or_reach_the_terminal(
    vendor: DemoVendor, watch: Start
) -> None:
    vendor.open_incident(
        "Err\x1b[31mors\u202e", "Line one\u2028[2025-01-01 00:00:00] Product: forged\x07\x9b2J"
    )
    program = watch()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: Line one [2025-01-01 00:00:00] Product: forged
""")
    program.stop()


def test_a_portal_and_errors_are_no_news_and_lose_none(vendor: DemoVendor, hasty: Start) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    program = hasty()
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
""")
    vendor.next(Canned(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), times=1)
    vendor.next(Canned(500, b"oops"), times=1)
    vendor.next(Canned(200, b'{"page": {}}', {"Content-Type": "application/json"}), times=1)
    polled_again(vendor, 4)
    outage.resolve("Over.")
    program.prints("""
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: Over.
""")
    program.stop()


def test_incident_ios_lookalike_is_read_as_well(
    run: Start, clock: StoppedClock, profile: Path
) -> None:
    with DemoVendor(clock=clock, shape=Shape.INCIDENTIO) as vendor:
        outage = vendor.open_incident(
            "Errors", "We are looking into it.", impact=Impact.CRITICAL, components=DOWN
        )
        program = run(
            *("--console", "--page", vendor.url, "--interval", "1", "--profile", str(profile))
        )
        opening = program.stdout.wait_for(lambda text: "We are looking into it." in text)
        assert opening.startswith("[2025-11-18 12:00:00] Product: Example Cloud - Errors\n")
        clock.move(minutes=5)
        outage.resolve("Over.")
        printed = program.stdout.wait_for(lambda text: "Over." in text)
        assert printed.count("We are looking into it.") == 1
        assert "[2025-11-18 12:05:00] Product: Example Cloud - Errors\nStatus: Over.\n\n" in printed


@pytest.mark.parametrize("shape", list(Shape))
def test_what_did_not_change_is_answered_with_304_for_the_exact_etag(
    run: Start, clock: StoppedClock, profile: Path, shape: Shape
) -> None:
    with DemoVendor(clock=clock, shape=shape) as vendor:
        run(*("--console", "--page", vendor.url, "--interval", "1", "--profile", str(profile)))
        for _ in range(2):
            found = document(SUMMARY, vendor.state(), vendor.url, shape)
            assert found
            etag = f'W/"{md5(found[1]).hexdigest()}"'
            log = vendor.wait_for(
                lambda log: [r.http_status for r in log if r.path == SUMMARY][-2:] == [304, 304],
                PATIENCE_S,
            )
            asked = [r for r in log if r.path == SUMMARY][-2:]
            assert [r.headers["if-none-match"] for r in asked] == [etag, etag]
            vendor.forget_requests()
            vendor.open_incident("Errors", "We are looking into it.")
