"""Starting, ending, being killed, stopped and started again: everything kept, nothing repeated."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path

import pytest

from tests.process.conftest import Start
from tests.process.harness import (
    IN_GOOD_ORDER_S,
    OUT_WITHIN_S,
    PATIENCE_S,
    StoppedClock,
    polled_again,
)
from tests.store.disks import mount
from traywatch.core.model import ComponentStatus, IncidentStatus
from traywatch.demo import SUMMARY, Canned, DemoVendor, Drop, Hang

OPENING = """
[2025-11-18 12:00:00] Product: Example Cloud - Errors
Status: We are looking into it.
"""
FOUND = """
[2025-11-18 12:05:00] Product: Example Cloud - Errors
Status: Found.
"""
OVER = """
[2025-11-18 12:05:00] Product: Example Cloud - Errors
Status: Over.
"""


def test_after_a_restart_only_what_happened_meanwhile_is_printed(
    vendor: DemoVendor, clock: StoppedClock, watch: Start
) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    first = watch()
    first.prints(OPENING)
    first.stop()
    clock.move(minutes=5)
    outage.update(IncidentStatus.IDENTIFIED, "Found.").resolve("Over.")
    second = watch()
    second.prints(FOUND, OVER)
    second.stop()
    third = watch()
    polled_again(vendor)
    third.stop()


def test_a_restart_asks_with_the_etag_it_had(vendor: DemoVendor, watch: Start) -> None:
    first = watch()
    polled_again(vendor)
    first.stop()
    vendor.forget_requests()
    watch()
    (asked, *_) = vendor.wait_for(lambda log: len(log) > 0, PATIENCE_S)
    assert (asked.path, asked.http_status) == (SUMMARY, 304)


def test_a_kill_between_two_polls_loses_and_repeats_nothing(
    vendor: DemoVendor, clock: StoppedClock, watch: Start, profile: Path
) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    first = watch()
    first.prints(OPENING)
    polled_again(vendor)
    first.kill()
    clock.move(minutes=5)
    outage.resolve("Over.")
    second = watch()
    second.prints(OVER)
    second.stop()
    log = (profile / "records.log").read_text(encoding="utf-8")
    assert log == first.stdout.text + second.stdout.text


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_is_out_in_time_and_says_nothing_more(
    vendor: DemoVendor, watch: Start, how: signal.Signals
) -> None:
    vendor.open_incident("Errors", "We are looking into it.")
    program = watch()
    program.prints(OPENING)
    program.send(how)
    exit_code = program.wait(OUT_WITHIN_S)
    assert exit_code == (0 if how is signal.SIGTERM else 130)
    assert "Traceback" not in program.stderr.all()


def test_told_to_end_in_the_middle_of_a_look_it_ends_in_good_order(
    vendor: DemoVendor, watch: Start
) -> None:
    program = watch()
    polled_again(vendor, 1)
    program.send(signal.SIGTERM)
    assert program.wait(IN_GOOD_ORDER_S) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_while_a_vendor_hangs_it_is_out_in_time(
    vendor: DemoVendor, watch: Start, how: signal.Signals
) -> None:
    vendor.next(Hang(), times=5)
    program = watch()
    vendor.wait_for(lambda log: len(log) > 0, PATIENCE_S)
    program.send(how)
    program.wait(OUT_WITHIN_S)
    assert "Traceback" not in program.stderr.all()


def test_a_second_process_on_the_same_profile_ends_at_once_and_says_so(
    vendor: DemoVendor, watch: Start, profile: Path
) -> None:
    vendor.open_incident("Errors", "We are looking into it.")
    first = watch()
    first.prints(OPENING)
    second = watch()
    assert second.wait() not in (0, 1, 2, 3)
    assert second.stdout.all() == ""
    said = second.stderr.all().strip()
    assert "already" in said
    assert len(said.splitlines()) == 1
    assert first.running
    first.kill()
    third = watch()
    polled_again(vendor)
    assert third.running, "a lock left by a kill does not block"
    third.stop()


def test_a_stopped_process_holds_its_profile_and_goes_on_where_it_was(
    vendor: DemoVendor, clock: StoppedClock, watch: Start
) -> None:
    outage = vendor.open_incident("Errors", "We are looking into it.")
    program = watch()
    program.prints(OPENING)
    program.send(signal.SIGSTOP)
    clock.move(minutes=5)
    outage.update(IncidentStatus.IDENTIFIED, "Found.")
    second = watch()
    assert second.wait() != 0
    assert "already" in second.stderr.all()
    program.send(signal.SIGCONT)
    program.prints(FOUND)
    polled_again(vendor)
    program.stop()


def test_a_store_that_is_locked_at_start_is_waited_for(
    vendor: DemoVendor, watch: Start, profile: Path
) -> None:
    vendor.open_incident("Errors", "We are looking into it.")
    first = watch()
    first.prints(OPENING)
    first.stop()
    rival = sqlite3.connect(profile / "traywatch.db", isolation_level=None)
    rival.execute("BEGIN EXCLUSIVE")
    second = watch()
    second.says("another program holds what is remembered, waiting for it")
    rival.execute("COMMIT")
    rival.close()
    vendor.open_incident("Errors too", "We are looking into that as well.")
    second.prints(
        "\n[2025-11-18 12:00:00] Product: Example Cloud - Errors too\n"
        "Status: We are looking into that as well.\n"
    )
    second.stop()
    third = watch()
    polled_again(vendor)
    third.stop()
    assert third.stdout.text == "", "it was remembered"


def test_a_profile_that_cannot_be_written_is_kept_in_memory_until_it_can(
    vendor: DemoVendor, clock: StoppedClock, hasty: Start, small_disk: Path
) -> None:
    profile = ("--profile", str(small_disk / "profile"))
    outage = vendor.open_incident("Errors", "We are looking into it.")
    first = hasty(*profile)
    first.prints(OPENING)
    first.stop()
    mount("-o", "remount,ro", str(small_disk))
    second = hasty(*profile)
    second.says("what is told may be told again after the next start")
    clock.move(minutes=5)
    outage.update(IncidentStatus.IDENTIFIED, "Found.")
    second.prints(FOUND)
    mount("-o", "remount,rw", str(small_disk))
    second.says("what is told is remembered again")
    second.stop()
    third = hasty(*profile)
    polled_again(vendor)
    third.stop()
    assert third.stdout.text == "", "it was remembered"
    log = small_disk / "profile" / "records.log"
    assert log.read_text(encoding="utf-8") == first.stdout.text + second.stdout.text


def test_offline_is_one_calm_line_and_news_comes_when_it_is_over(
    vendor: DemoVendor, watch: Start
) -> None:
    vendor.open_incident("Errors", "We are looking into it.")
    vendor.stop()
    program = watch()
    program.says("offline")
    assert program.stdout.text == ""
    vendor.next(Drop(), times=3)
    vendor.start()
    program.prints(OPENING)
    program.stop()
    said = program.stderr.all()
    assert "Traceback" not in said
    assert sum("offline" in line for line in said.splitlines()) == 1


@pytest.mark.parametrize(
    ("component_status", "exit_code"),
    [
        (ComponentStatus.OPERATIONAL, 0),
        (ComponentStatus.UNDER_MAINTENANCE, 0),
        (ComponentStatus.DEGRADED_PERFORMANCE, 1),
        (ComponentStatus.PARTIAL_OUTAGE, 2),
        (ComponentStatus.MAJOR_OUTAGE, 3),
    ],
)
def test_once_ends_with_the_worst_severity(
    vendor: DemoVendor, watch: Start, component_status: ComponentStatus, exit_code: int
) -> None:
    vendor.component("API", component_status)
    program = watch("--once")
    assert program.wait() == exit_code
    assert bool(program.stdout.all()) is (component_status is not ComponentStatus.OPERATIONAL)


@pytest.mark.parametrize("reached", [False, True])
def test_once_ends_with_4_where_the_page_cannot_be_read(
    vendor: DemoVendor, watch: Start, reached: bool
) -> None:
    if reached:
        vendor.next(Canned(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), times=99)
    else:
        vendor.stop()
    program = watch("--once")
    assert program.wait() == 4
    assert program.stdout.all() == ""
    assert "Traceback" not in program.stderr.all()


def test_headless_imports_nothing_that_draws_or_pops_up(vendor: DemoVendor, watch: Start) -> None:
    listing = (
        "import atexit, runpy, sys;"
        "atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr));"
        "sys.argv[0] = 'traywatch';"
        "runpy.run_module('traywatch', run_name='__main__')"
    )
    program = watch("--once", command=("-c", listing))
    assert program.wait() == 0
    imported = set(program.stderr.all().split())
    assert "httpx" in imported, "the listing is one"
    assert not imported & {"pystray", "PIL", "plyer", "tkinter", "gi", "Xlib"}


def test_stdout_is_records_only_and_the_programs_own_log_is_elsewhere(
    vendor: DemoVendor, watch: Start, profile: Path
) -> None:
    vendor.open_incident("Errors", "We are looking into it.")
    program = watch(environment={"TRAYWATCH_LOG_LEVEL": "debug"})
    program.prints(OPENING)
    polled_again(vendor)
    program.stop()
    assert program.stderr.all()
    assert "Product:" not in program.stderr.all()
    assert (profile / "program.log").stat().st_size > 0
