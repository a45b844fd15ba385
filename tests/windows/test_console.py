"""traywatchc.exe without a desktop: what it prints, keeps, and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import urllib.request
from pathlib import Path
from typing import Final

import pytest

from tests.build.handshakes import untrusted
from tests.process.harness import PATIENCE_S, StoppedClock, polled_again, records_in
from tests.windows.conftest import Start
from tests.windows.up import Windows
from tools.wine import windows_path
from traywatch import __version__
from traywatch.core.model import IncidentStatus
from traywatch.demo import SUMMARY, DemoVendor

pytestmark = pytest.mark.windows

RECORD: Final = """\
[2025-11-18 12:00:00] Product: Störung 障害 - API
Status: Ausfall ✗: Nichts geht mehr & 障害.

"""
FOUND: Final = """\
[2025-11-18 12:05:00] Product: Störung 障害 - API
Status: Ausfall ✗: Gefunden.

"""


# ---------------------------------------------------------------- what it prints


@pytest.mark.parametrize("name", ["traywatch.exe", "traywatchc.exe"])
def test_its_version(run: Start, name: str) -> None:
    program = run("--version", name=name)
    assert (program.wait(), program.stdout.all()) == (0, f"traywatch {__version__}\n")
    assert program.stderr.all() == ""


def test_one_look_and_another_that_finds_nothing_new(
    run: Start, outage: DemoVendor, profile: Path, in_profile: tuple[str, str]
) -> None:
    """Nothing says that the pipe takes UTF-8; it is written all the same."""
    for expected in (RECORD, ""):
        look = run("--console", "--once", *in_profile)
        assert (look.wait(), look.stdout.all()) == (3, expected), look.stderr.text
        assert "Traceback" not in look.stderr.text
    assert (profile / "records.log").read_bytes().decode() == RECORD
    assert {"config.toml", "traywatch.db"} <= {each.name for each in profile.iterdir()}


def test_the_profile_of_who_names_none(run: Start, drive: Path, outage: DemoVendor) -> None:
    """All below %LOCALAPPDATA%, the first settings with it."""
    look = run("--once", "--page", outage.url)
    assert (look.wait(), look.stdout.all()) == (3, RECORD)
    [local] = drive.glob("drive_c/users/*/AppData/Local/traywatch")
    found = {file.relative_to(local).as_posix() for file in local.rglob("*") if file.is_file()}
    assert {"config.toml", "traywatch.db", "Logs/records.log"} <= found
    assert "[[pages]]" in (local / "config.toml").read_text("utf-8")
    state = run("status", "--json")
    assert state.wait() == 0, state.stderr.text


def test_the_other_commands(run: Start, outage: DemoVendor) -> None:
    checked = run("check", outage.url, "--json")
    assert json.loads(checked.stdout.all())["severity"] == "major_outage"
    assert "https://status.openai.com" in run("find", "openai").stdout.all()
    assert run("--bogus").wait() == 64


def test_the_demo_begins_and_ctrl_c_ends_it(run: Start) -> None:
    demo = run("--demo", "--console")
    [record] = records_in(demo.stdout.wait_for(lambda text: text.endswith("\n\n")))
    assert record.product == "Example Cloud - API"
    demo.send(signal.SIGINT)
    assert demo.wait() == 130


def test_a_mistake_in_the_settings(run: Start, profile: Path, in_profile: tuple[str, str]) -> None:
    (profile / "config.toml").write_text("intervall = 5\n")
    program = run("--console", *in_profile)
    assert (program.wait(), program.stdout.all()) == (64, "")
    assert 'config.toml:1: intervall: unknown key, did you mean "interval"?' in program.stderr.all()


# ---------------------------------------------------------------- watching


def test_it_polls_with_the_etag_until_ctrl_c(
    run: Start, clock: StoppedClock, outage: DemoVendor, in_profile: tuple[str, str]
) -> None:
    """What is new is printed as it comes; after the next start nothing again."""
    watching = run("--console", *in_profile)
    watching.prints(RECORD)
    _unchanged(outage)
    clock.move(minutes=5)
    outage.incident("Ausfall ✗").update(IncidentStatus.IDENTIFIED, "Gefunden.")
    watching.prints(FOUND)
    watching.send(signal.SIGINT)
    assert watching.wait() == 130, watching.stderr.text
    assert "Traceback" not in watching.stderr.all()
    outage.forget_requests()
    again = run("--console", *in_profile)
    _unchanged(outage)
    assert again.stdout.text == ""


def _unchanged(vendor: DemoVendor) -> None:
    """Wait until the vendor was asked with the ETag of what it says now."""
    seen = len(vendor.requests)
    vendor.wait_for(
        lambda log: any((r.path, r.http_status) == (SUMMARY, 304) for r in log[seen:]), PATIENCE_S
    )


def test_a_kill_loses_and_repeats_nothing(
    run: Start,
    clock: StoppedClock,
    outage: DemoVendor,
    profile: Path,
    in_profile: tuple[str, str],
) -> None:
    """What it left open and locked holds up nobody."""
    first = run("--console", *in_profile)
    first.prints(RECORD)
    polled_again(outage)
    first.kill()
    clock.move(minutes=5)
    outage.incident("Ausfall ✗").update(IncidentStatus.IDENTIFIED, "Gefunden.")
    second = run("--console", *in_profile)
    second.prints(FOUND)
    second.send(signal.SIGINT)
    assert second.wait() == 130
    assert (profile / "records.log").read_bytes().decode() == RECORD + FOUND


def test_a_second_one_on_the_same_profile_says_who_holds_it(
    run: Start, outage: DemoVendor, profile: Path, in_profile: tuple[str, str]
) -> None:
    first = run("--console", *in_profile)
    first.prints(RECORD)
    for words in (("--console",), ("--once",)):
        second = run(*words, *in_profile)
        assert (second.wait(), second.stdout.all()) == (70, "")
        holder = (profile / "traywatch.lock").read_text().strip()
        assert f"{windows_path(profile)} (process {holder})" in second.stderr.all()
    assert first.running


# ---------------------------------------------------------------- what is imported only when on

CERT_E_CN_NO_MATCH: Final = "Certificate chain policy error 0x800b010f"
"""As truststore calls what wine has no words for."""


def test_the_listener_hears_and_tells(
    run: Start, outage: DemoVendor, in_profile: tuple[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    watching = run("--console", "--listen", str(port), *in_profile)
    watching.prints(RECORD)
    watching.says("hearing webhooks at")
    update = {"id": "u1", "created_at": "2025-11-18T12:34:56Z", "body": "Heard — 聞"}
    incident = {"id": "i1", "name": "By webhook", "incident_updates": [update]}
    post = urllib.request.Request(
        f"{url}/webhook",
        json.dumps({"incident": incident}).encode(),
        {"Content-Type": "application/json"},
    )
    assert urllib.request.urlopen(post).status < 300
    watching.prints("[2025-11-18 12:34:56] Product: By webhook\nStatus: Heard — 聞")
    with urllib.request.urlopen(f"{url}/health") as answer:
        assert json.load(answer)["version"] == __version__
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        assert b"traywatch_polls_total" in answer.read()


def test_a_certificate_for_another_host_is_refused(run: Start, in_profile: tuple[str, str]) -> None:
    """Windows itself is asked: the words are its own. Whom it trusts wine does not show truly: it
    takes any authority, see RELEASING.md."""
    with untrusted("other.example") as port:
        url = f"https://localhost:{port}"
        looked = run("--once", *in_profile, "--page", url)
        assert looked.wait() == 4
    assert f"certificate is not trusted: {CERT_E_CN_NO_MATCH}" in looked.stderr.all()
    assert "Traceback" not in looked.stderr.text


# ---------------------------------------------------------------- starting at login

RUN_KEY: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED_KEY: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def test_autostart_is_a_value_of_the_run_key(
    run: Start, wine: Windows, folder: Path, in_profile: tuple[str, str], tmp_path: Path
) -> None:
    program = windows_path(folder / "traywatch.exe")
    line = f'"{program}" {in_profile[0]} "{in_profile[1]}"'

    def say(change: str, *flags: str) -> str:
        done = run("autostart", change, *flags)
        assert done.wait() == 0, done.stderr.text
        return done.stdout.all()

    off = "off: traywatch does not start at login\n"
    assert say("status", *in_profile) == off
    assert say("on", *in_profile) == f"on: {line}\n"
    assert wine.registry(RUN_KEY, tmp_path) == {"traywatch": line}
    assert say("status", *in_profile) == f"on: {line}\n"
    assert say("status").startswith("on, but another traywatch or profile is started: ")
    switched_off = ("/v", "traywatch", "/t", "REG_BINARY", "/d", "030000", "/f")
    wine.run("reg", "add", APPROVED_KEY, *switched_off)
    assert say("status", *in_profile) == off, "switched off in Task Manager"
    assert say("on", *in_profile) == f"on: {line}\n"
    assert say("off") == off
    assert wine.registry(RUN_KEY, tmp_path) == {}
    assert "REG_BINARY" not in wine.run("reg", "query", APPROVED_KEY)
