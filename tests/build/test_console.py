"""The built program without a desktop: what it prints, what is in it, and what is not."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PyInstaller.archive.readers import CArchiveReader, ZlibArchiveReader

from tests.build.conftest import Start, bare
from tests.build.handshakes import untrusted
from tests.process.harness import PATIENCE_S, ROOT, StoppedClock, polled_again, records_in
from tools import sbom
from tools.borrowed import missing_module
from traywatch import __version__
from traywatch.core.model import ComponentStatus
from traywatch.demo import DemoVendor

LARGEST_MB: Final = 80
"""With GTK; without it is 30 less."""


@pytest.fixture
def vendor() -> Iterator[DemoVendor]:
    """One with an open incident, in letters no code page has."""
    with DemoVendor("Störung 障害", clock=StoppedClock()) as vendor:
        down = {"API": ComponentStatus.MAJOR_OUTAGE}
        vendor.open_incident("Ausfall ✗", "Nichts geht mehr — wir prüfen.", components=down)
        yield vendor


RECORD: Final = (
    "[2025-11-18 12:00:00] Product: Störung 障害 - API\n"
    "Status: Ausfall ✗: Nichts geht mehr — wir prüfen.\n\n"
)


def alone(program: str, *arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run to its end with exactly this environment."""
    return subprocess.run(
        [program, *arguments], env=env, cwd="/", capture_output=True, timeout=60, check=False
    )


# ---------------------------------------------------------------- what it prints


def test_its_version_in_an_empty_environment(program: str) -> None:
    done = alone(program, "--version", env={})
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"traywatch {__version__}\n"


def test_one_look_in_an_empty_environment_and_home(
    program: str, tmp_path: Path, vendor: DemoVendor
) -> None:
    """Nothing says that the pipe takes UTF-8; it is written all the same."""
    env = bare(tmp_path / "nobody")
    for expected in (RECORD, ""):  # the second time it is known
        done = alone(program, "--console", "--once", "--page", vendor.url, env=env)
        assert (done.returncode, done.stdout.decode()) == (3, expected), done.stderr
        assert b"Traceback" not in done.stderr
    home = tmp_path / "nobody"
    assert "[[pages]]" in (home / ".config/traywatch/config.toml").read_text("utf-8")
    assert (home / ".local/state/traywatch/log/records.log").read_text("utf-8") == RECORD


def test_the_smoke_test_of_releases(program: str) -> None:
    subprocess.run([sys.executable, "-m", "tools.smoke", program], cwd=ROOT, check=True)


def test_the_other_commands(program: str, tmp_path: Path, vendor: DemoVendor) -> None:
    env = bare(tmp_path / "nobody")
    done = alone(program, "check", vendor.url, "--json", env=env)
    assert json.loads(done.stdout)["severity"] == "major_outage", done.stderr
    alone(program, "--once", "--page", vendor.url, env=env)
    assert alone(program, "status", env=env).returncode == 0
    assert alone(program, "check", "/", env=env).returncode == 4
    assert b"https://status.openai.com" in alone(program, "find", "openai", env=env).stdout
    assert alone(program, "--bogus", env=env).returncode == 64


def test_the_demo_begins_and_ctrl_c_ends_it(run: Start) -> None:
    demo = run("--demo", "--console")
    shown = demo.stdout.wait_for(lambda text: text.endswith("\n\n"))
    [record] = records_in(shown)
    assert record.product == "Example Cloud - API"
    demo.send(signal.SIGINT)
    assert demo.wait(3) == 130
    assert demo.stdout.all() == shown


def test_a_certificate_nobody_signed_is_refused(run: Start, tmp_path: Path) -> None:
    """TLS is there, and the system's certificate store was found."""
    with untrusted("127.0.0.1") as port:
        url = f"https://127.0.0.1:{port}"
        looked = run("--once", "--profile", str(tmp_path / "p"), "--page", url)
        assert looked.wait() == 4
    assert "certificate is not trusted: unable to get local issuer" in looked.stderr.all()


# ---------------------------------------------------------------- what is imported only when on


def test_the_listener_with_its_health_and_metrics(
    run: Start, tmp_path: Path, vendor: DemoVendor
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    flags = ("--profile", str(tmp_path / "p"), "--page", vendor.url, "--interval", "1")
    watching = run("--console", "--listen", str(port), *flags)
    watching.prints(RECORD)
    watching.says("hearing webhooks at")
    polled_again(vendor)
    with urllib.request.urlopen(f"{url}/health") as answer:
        assert json.load(answer)["version"] == __version__
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        assert b"traywatch_polls_total" in answer.read()
    watching.stop()


def test_a_relay(run: Start, tmp_path: Path, vendor: DemoVendor) -> None:
    """By httpx's own transport, which nothing else uses."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = f'[[relay]]\nkind = "smee"\nurl = "http://127.0.0.1:{listening.getsockname()[1]}/x"'
        profile = tmp_path / "p"
        profile.mkdir()
        (profile / "config.toml").write_text(f'[[pages]]\nurl = "{vendor.url}"\n\n{relay}\n')
        watching = run("--console", "--profile", str(profile))
        listening.settimeout(PATIENCE_S)
        connection, _ = listening.accept()
        with connection:
            assert connection.recv(4096).startswith(b"GET /x HTTP/1.1\r\n")
        watching.prints(RECORD)
        watching.stop()


def test_the_keyring_with_the_desktops_secret_service_is_in_it(program: str) -> None:
    archive = CArchiveReader(program)
    modules = archive.open_embedded_archive("PYZ.pyz")
    assert isinstance(modules, ZlibArchiveReader)
    assert {"keyring.backends.SecretService", "secretstorage", "jeepney.io.blocking"} <= set(
        modules.toc
    )


# ---------------------------------------------------------------- what is in it


THE_SYSTEMS_OWN: Final = re.compile(
    r"(ld-linux|libc|libm|libdl|libpthread|librt|libxcb|libwayland)\b"
)
"""Libraries that fit the machine, or its display, and therefore are never brought along."""


def test_every_library_finds_its_own(built: Path) -> None:
    """What was left out is missed by nothing that is in."""
    inside = built / "_internal"
    libraries = [path for path in inside.rglob("*") if ".so" in path.name and not path.is_symlink()]
    assert len(libraries) > 30
    elsewhere = {
        name: found
        for library in libraries
        for name, found in needed_by(library, inside).items()
        if not found.startswith(str(inside)) and not THE_SYSTEMS_OWN.search(name)
    }
    assert elsewhere == {}


def needed_by(library: Path, inside: Path) -> dict[str, str]:
    """The libraries it needs, and where the loader finds them."""
    env = {"LD_LIBRARY_PATH": str(inside), "PATH": os.defpath}
    listed = subprocess.run(["ldd", library], env=env, capture_output=True, text=True, check=False)
    return dict(re.findall(r"^\s*(\S+) => (.+?)(?: \(0x\w+\))?$", listed.stdout, re.MULTILINE))


@pytest.mark.usefixtures("with_menu")
def test_gtk_describes_itself_from_within(built: Path) -> None:
    """GLib looks among the system's descriptions too, which need not be there."""
    names = {path.name for path in (built / "_internal" / "gi_typelibs").iterdir()}
    assert {"AyatanaAppIndicator3-0.1.typelib", "DBus-1.0.typelib", "Gtk-3.0.typelib"} <= names


def test_only_what_is_used_is_in_it(built: Path) -> None:
    names = {path.name for path in built.rglob("*")}
    unused = ("librsvg", "libicu", "libxml2", "_avif", "_tkinter", "cacert.pem", "traywatch.ico")
    assert [name for name in sorted(names) if name.startswith(unused)] == []
    size = sum(path.lstat().st_size for path in built.rglob("*"))
    assert size < LARGEST_MB * 1_000_000


@pytest.mark.usefixtures("built")
def test_the_bill_of_materials_names_what_is_in_it() -> None:
    """By the last build, which is the one that is tested here."""
    told = sbom.document()
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    purls = [component["purl"] for component in told["components"]]
    assert len(purls) == len(set(purls))
    names = {purl.partition("@")[0] for purl in purls}
    assert {"pkg:generic/python", "pkg:pypi/httpx", "pkg:pypi/pyinstaller"} <= names
    assert not {"pkg:pypi/pytest", "pkg:pypi/mypy", "pkg:pypi/pygments"} & names
    if shutil.which("dpkg-query") and not missing_module("gi"):
        assert {"pkg:deb/debian/libgtk-3-0", "pkg:deb/debian/python3-gi"} <= names
    assert str(ROOT) not in json.dumps(told)


def test_the_terms_of_what_others_wrote_are_passed_on(built: Path) -> None:
    names = {path.name for path in (built / "licences").iterdir()}
    assert {"httpx", "pillow", "pystray"} <= names
    assert all(path.is_file() or any(path.iterdir()) for path in (built / "licences").iterdir())
    if missing_module("gi") is None and shutil.which("dpkg-query"):
        assert "libgtk-3-0.txt" in names


def test_the_program_is_stripped(program: str) -> None:
    described = subprocess.check_output(["readelf", "--section-headers", program], text=True)
    assert ".symtab" not in described


# ---------------------------------------------------------------- after another one


def test_a_new_build_over_an_older_profile(
    run: Start, built: Path, tmp_path: Path, vendor: DemoVendor
) -> None:
    """Nothing is told again, settings and autostart entry are as they were left."""
    older = tmp_path / "older"
    shutil.copytree(built, older, symlinks=True)
    profile = tmp_path / "p"
    flags = ("--profile", str(profile), "--page", vendor.url)
    first = run("--once", *flags, executable=str(older / "traywatch"))
    assert (first.wait(), first.stdout.all()) == (3, RECORD)
    settings = profile / "config.toml"
    settings.write_text("# mine\n" + settings.read_text("utf-8"), "utf-8")
    on = run("autostart", "on", "--profile", str(profile), executable=str(older / "traywatch"))
    assert on.wait() == 0

    vendor.incident("Ausfall ✗").resolve("Wieder da.")
    for expected in ("Status: Ausfall ✗: Wieder da.", ""):
        then = run("--once", *flags)
        assert then.wait() == 0
        assert expected in then.stdout.all()
        assert "Nichts geht mehr" not in then.stdout.all()
    assert settings.read_text("utf-8").startswith("# mine\n")
    how = run("autostart", "status", "--profile", str(profile)).stdout
    assert how.all().startswith(f"on, but another traywatch or profile is started: {older}")
    assert run("autostart", "on", "--profile", str(profile)).wait() == 0
    how = run("autostart", "status", "--profile", str(profile)).stdout
    assert how.all().startswith("on: ")


def test_the_profile_of_the_program_run_from_its_sources(
    run: Start, tmp_path: Path, vendor: DemoVendor
) -> None:
    flags = ("--once", "--profile", str(tmp_path / "p"), "--page", vendor.url)
    source = [sys.executable, "-m", "traywatch", *flags]
    assert subprocess.run(source, capture_output=True, check=False).stdout.decode() == RECORD
    assert run(*flags).stdout.all() == ""
