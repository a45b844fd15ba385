"""The command line: what is asked of ``app``, what is printed where, every exit code."""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import traywatch
from traywatch import __version__, cli, notice, programlog
from traywatch.arguments import DEFAULT_LISTEN
from traywatch.config import Config, Listener
from traywatch.core.errors import ConfigError, FetchError, SinkError, StoreError
from traywatch.core.model import Severity
from traywatch.core.overview import IconState, Overview, PageView
from traywatch.core.wording import Toast
from traywatch.profile import Profile

ROOT: Final = Path(__file__).parent.parent

SUMMARY: Final = {
    "page": {
        "id": "p1",
        "name": "Überblick 例",
        "url": "https://status.example.com",
        "updated_at": "2025-11-18T12:34:56.000Z",
    },
    "status": {"indicator": "critical", "description": "Major Outage"},
    "components": [
        {"id": "c1", "name": "API", "status": "major_outage", "group": False, "group_id": None}
    ],
    "incidents": [],
    "scheduled_maintenances": [],
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "summary.json"
    file.write_text(json.dumps(SUMMARY), "utf-8")
    return file


@pytest.fixture(autouse=True)
def quiet_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of our own, no log handlers left behind, no variable from outside."""
    for name in [name for name in os.environ if name.startswith("TRAYWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRAYWATCH_PROFILE", str(tmp_path / "profile"))
    monkeypatch.setattr(programlog, "configure", lambda **settings: None)


class FakeApp(ModuleType):
    """Stands in for ``traywatch.app``: notes what it is asked, answers what it is told to."""

    def __init__(self) -> None:
        super().__init__("traywatch.app")
        self.asked: list[tuple[object, ...]] = []
        self.answer: Callable[[], int] = lambda: 0

    def run_tray(self, config: Config, profile: Profile) -> int:
        return self._note("tray", config, profile)

    def run_console(self, config: Config, profile: Profile) -> int:
        return self._note("console", config, profile)

    def run_once(self, config: Config, profile: Profile) -> int:
        return self._note("once", config, profile)

    def run_demo(self, console: bool) -> int:
        return self._note("demo", console)

    def stored_overview(self, config: Config, profile: Profile) -> Overview:
        self._note("status", config, profile)
        page = PageView("openai", "OpenAI", "https://x.example", Severity.DEGRADED, True, None)
        return Overview(IconState.DEGRADED, (page,))

    def _note(self, *asked: object) -> int:
        self.asked.append(asked)
        return self.answer()


def raising(error: BaseException) -> Callable[[], int]:
    def fail() -> int:
        raise error

    return fail


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> FakeApp:
    fake = FakeApp()
    monkeypatch.setitem(sys.modules, "traywatch.app", fake)
    monkeypatch.setattr(traywatch, "app", fake, raising=False)
    return fake


# ---------------------------------------------------------------- the main job


@pytest.mark.parametrize(
    ("argv", "way"),
    [
        ([], "tray"),
        (["--console"], "console"),
        (["--once"], "once"),
        (["--console", "--once"], "once"),
    ],
)
def test_the_ways_to_run(app: FakeApp, tmp_path: Path, argv: list[str], way: str) -> None:
    app.answer = lambda: 3
    assert cli.main(argv) == 3
    profile = tmp_path / "profile"
    assert app.asked == [(way, Config(), Profile(profile, profile, profile))]


@pytest.mark.parametrize(
    ("argv", "console"), [(["--demo"], False), (["--demo", "--console"], True)]
)
def test_the_demo(app: FakeApp, argv: list[str], console: bool) -> None:
    assert cli.main(argv) == 0
    assert app.asked == [("demo", console)]


def test_what_the_flags_say_is_in_the_config(app: FakeApp) -> None:
    argv = ["--console", "--page", "https://a.example", "--page", "http://localhost:1"]
    argv += ["--interval", "30", "--listen", "9000", "--log-format", "json"]
    assert cli.main(argv) == 0
    ((_, config, _),) = app.asked
    assert isinstance(config, Config)
    assert [(page.url, page.interval_s) for page in config.pages] == [
        ("https://a.example", 30.0),
        ("http://localhost:1", 30.0),
    ]
    assert (config.listener, config.log_format) == (Listener(port=9000), "json")


def test_listen_alone_listens_where_it_is_safe(app: FakeApp) -> None:
    assert cli.main(["--console", "--listen"]) == 0
    ((_, config, _),) = app.asked
    assert isinstance(config, Config)
    assert config.listener == Listener()
    assert f"{Listener().host}:{Listener().port}" == DEFAULT_LISTEN


@pytest.mark.parametrize("argv", [["--profile", "{}", "--once"], ["--once", "--profile={}"]])
def test_the_first_start_writes_the_settings(app: FakeApp, tmp_path: Path, argv: list[str]) -> None:
    folder = tmp_path / "other"
    assert cli.main([part.format(folder) for part in argv]) == 0
    assert "[[pages]]" in (folder / "config.toml").read_text("utf-8")
    assert app.asked == [("once", Config(), Profile(folder, folder, folder))]


def test_settings_that_cannot_be_written_stop_nothing(
    app: FakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert cli.main(["--once", "--profile", str(in_the_way / "deep")]) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "config.toml could not be made: " in caplog.text


@pytest.mark.parametrize("argv", [["--once"], ["status"], ["autostart", "status"]])
@pytest.mark.parametrize("place", ["--profile", "TRAYWATCH_PROFILE"])
def test_a_profile_that_is_a_file_is_told_as_that(
    app: FakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    place: str,
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    if place == "--profile":
        argv = [place, str(file), *argv]
    else:
        monkeypatch.setenv(place, str(file))
    assert cli.main(argv) == 64
    assert capsys.readouterr() == ("", f"traywatch: {place}: {file} is not a folder\n")
    assert app.asked == []


# ---------------------------------------------------------------- status


def test_status_as_a_table_and_as_json(app: FakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["OpenAI", "degraded", "never"]
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "degraded"


@pytest.mark.parametrize(
    "argv", [["--profile", "{}", "status"], ["status", "--profile", "{}", "--json"]]
)
def test_a_profile_before_or_after_the_command(
    app: FakeApp, tmp_path: Path, argv: list[str]
) -> None:
    folder = tmp_path / "other"
    assert cli.main([part.format(folder) for part in argv]) == 0
    assert app.asked == [("status", Config(), Profile(folder, folder, folder))]
    assert not folder.exists(), "looking leaves no trace"


# ---------------------------------------------------------------- check


def test_check_a_saved_document(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(document), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["platform"], found["severity"]) == ("statuspage", "major_outage")
    assert cli.main(["check", str(document), "--platform", "statuspage"]) == 0
    assert "Severity: major outage" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>Sign in</html>", "is no document of a status page we can read"),
        (b"", "is no document of a status page we can read"),
        (b"{" * (5 * 1024 * 1024 + 1), "is larger than 5242880 bytes"),
        (None, "no such file\n"),
    ],
)
def test_what_is_no_status_page_is_one_line_and_4(
    content: bytes | None, words: str, document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.unlink()
    if content is not None:
        document.write_bytes(content)
    assert cli.main(["check", str(document)]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(f"traywatch: {document}: {words}")


NO_FILE: Final = [
    ("status.example.com", "no such file; for a page, write https://status.example.com"),
    ("example.com:8443/eu", "no such file; for a page, write https://example.com:8443/eu"),
    ("/nope", "no such file"),
    ("-", "no such file"),
    ("nope", "no such file"),
    ("summary.json", "no such file"),
    ("saved/page.html", "no such file"),
    ("file:///x", "no http or https address; a saved document is named by its path"),
    ("ftp://status.example.com", "no http or https address; a saved document is named by its path"),
]


@pytest.mark.parametrize(("target", "words"), NO_FILE)
def test_an_address_is_suggested_for_what_looks_like_a_host_only(
    target: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", target]) == 4
    assert capsys.readouterr() == ("", f"traywatch: {target}: {words}\n")


def test_what_cannot_be_opened_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", str(tmp_path)]) == 4
    assert capsys.readouterr().err == f"traywatch: {tmp_path}: is a folder, not a document\n"

    def refuse(*_: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert cli.main(["check", "x"]) == 4
    assert capsys.readouterr().err == "traywatch: x: cannot be read: Permission denied\n"


def test_autostart_names_what_it_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["autostart"]) == 64
    assert capsys.readouterr().err.splitlines()[-1] == (
        "traywatch: the following arguments are required: on|off|status"
    )
    assert cli.main(["autostart", "--help"]) == 0
    assert "traywatch autostart [-h] [--profile DIR] on|off|status" in capsys.readouterr().out


def test_a_document_read_as_another_platform_is_one_line_and_4(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document.write_text('{"page": []}')
    assert cli.main(["check", str(document), "--platform", "statuspage"]) == 4
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"traywatch: {document}: ")


def test_check_of_an_unknown_platform(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(document), "--platform", "statuspag"]) == 64
    assert capsys.readouterr().err == (
        'traywatch: --platform: "statuspag" is not known, did you mean "statuspage"?\n'
    )


def test_check_of_an_address_goes_to_the_network(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def read_page(url: str, platform: str | None) -> object:
        raise FetchError(f"{url}: no answer from {platform}")

    monkeypatch.setattr(app, "read_page", read_page, raising=False)
    assert cli.main(["check", "https://joe:pw@x.example", "--platform", "incidentio"]) == 4
    assert capsys.readouterr() == (
        "",
        "traywatch: https://***@x.example: no answer from incidentio\n",
    )


# ---------------------------------------------------------------- every way out


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (KeyboardInterrupt(), 130, ""),
        (ConfigError(["one", "two"]), 64, "traywatch: one\ntraywatch: two\n"),
        (StoreError("held by\nprocess 7"), 70, "traywatch: held by process 7\n"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_what_is_raised_becomes_an_exit_code(
    app: FakeApp,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    told: str,
) -> None:
    app.answer = raising(raised)
    assert cli.main(["--console"]) == code
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("raised", [ZeroDivisionError("odd"), OSError(5, "odd")])
def test_what_nobody_expected_is_logged_and_70(
    app: FakeApp, caplog: pytest.LogCaptureFixture, raised: Exception
) -> None:
    app.answer = raising(raised)
    assert cli.main(["--console"]) == 70
    ((_, _, message),) = caplog.record_tuples
    assert message == "stopped by an error of its own"
    assert caplog.records[0].exc_info


@pytest.mark.parametrize(
    "argv",
    [["--bogus"], ["--cons"], ["frob"], ["check"], ["--interval"], ["--once", "--demo"]],
)
def test_a_wrong_command_line_is_64_and_not_a_partial_outage(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(argv) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: traywatch")


@pytest.mark.parametrize(
    ("argv", "flags", "command"),
    [
        (["--page", "http://x.example", "status"], "--page", "status"),
        (["--once", "status"], "--once", "status"),
        (["--console", "find", "github"], "--console", "find"),
        (["--interval", "60", "autostart", "status"], "--interval", "autostart"),
        (["--log-format", "json", "status"], "--log-format", "status"),
        (["--demo", "--listen", "1", "check", "https://x.example"], "--demo, --listen", "check"),
    ],
)
def test_a_flag_that_a_command_would_not_heed_is_refused(
    app: FakeApp, capsys: pytest.CaptureFixture[str], argv: list[str], flags: str, command: str
) -> None:
    assert cli.main(argv) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == f"traywatch: {flags} cannot be used with {command}"
    assert app.asked == []


@pytest.mark.parametrize(
    ("argv", "flag"),
    [
        (["--profile", "", "--once"], "--profile"),
        (["--profile=", "status"], "--profile"),
        (["status", "--profile", " "], "--profile"),
        (["--once", "--page", ""], "--page"),
        (["--once", "--interval", ""], "--interval"),
        (["--once", "--listen", ""], "--listen"),
        (["--once", "--log-format", ""], "--log-format"),
        (["find", ""], "NAME"),
        (["check", ""], "URL|FILE"),
    ],
)
def test_an_empty_word_as_of_an_unset_variable_is_not_passed_over(
    app: FakeApp, capsys: pytest.CaptureFixture[str], argv: list[str], flag: str
) -> None:
    assert cli.main(argv) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == f"traywatch: argument {flag}: must not be empty"
    assert app.asked == []


def test_faults_of_the_settings_are_all_told(
    app: FakeApp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "profile" / "config.toml"
    file.parent.mkdir()
    file.write_text('lissener = 1\nlog_levle = "info"\n')
    assert cli.main(["--console", "--interval", "5"]) == 64
    assert [line.partition(":")[2].strip() for line in capsys.readouterr().err.splitlines()] == [
        "--interval: must be at least 30 seconds for https://status.openai.com",
        f'{file}:1: lissener: unknown key, did you mean "listener"?',
        f'{file}:2: log_levle: unknown key, did you mean "log_level"?',
    ]
    assert app.asked == []


def test_help_has_examples_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert "examples:" in told
    assert all(f"\n  {code} " in told for code in (0, 1, 2, 3, 4, 64, 70, 130, 141))


# ---------------------------------------------------------------- streams


class Screen:
    """What a person without a terminal gets to see."""

    def __init__(self) -> None:
        self.shown: list[list[str]] = []

    def say(self, lines: list[str]) -> None:
        self.shown.append(lines)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    monkeypatch.setattr(notice, "say", screen.say)
    return screen


@contextmanager
def no_streams() -> Iterator[None]:
    """As a windowed program on Windows finds them. (pytest gives each phase of a test its own.)"""
    before = sys.stdout, sys.stderr
    nothing: Any = None
    sys.stdout = sys.stderr = nothing
    try:
        yield
        sys.stdout.close()
        sys.stderr.close()
    finally:
        sys.stdout, sys.stderr = before


@pytest.mark.parametrize("argv", [["status"], ["--version"], ["--console"], []])
def test_a_program_without_streams(app: FakeApp, screen: Screen, argv: list[str]) -> None:
    with no_streams():
        code = cli.main(argv)
    assert (code, screen.shown) == (0, [])


FAULTS: Final = [
    (["--bogus"], lambda: 0, "unrecognized arguments: --bogus"),
    ([], raising(ConfigError(["one", "two"])), "one\ntwo"),
    ([], raising(StoreError("https://joe:pw@x is busy")), "https://***@x is busy"),
    ([], raising(ZeroDivisionError("odd")), "stopped by an error of its own: ZeroDivisionError"),
]


@pytest.mark.parametrize(("argv", "answer", "told"), FAULTS)
def test_what_nobody_could_read_is_shown(
    app: FakeApp, screen: Screen, argv: list[str], answer: Callable[[], int], told: str
) -> None:
    app.answer = answer
    with no_streams():
        code = cli.main(argv)
    assert code in (64, 70)
    assert ["\n".join(lines) for lines in screen.shown] == [told]


@pytest.mark.skipif(sys.platform == "win32", reason="without a terminal it has no stderr there")
@pytest.mark.parametrize(("argv", "shown"), [([], 1), (["--console"], 0), (["--once"], 0)])
def test_a_tray_that_nobody_started_from_a_terminal_shows_it_too(
    app: FakeApp, screen: Screen, monkeypatch: pytest.MonkeyPatch, argv: list[str], shown: int
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr := io.StringIO())
    app.answer = raising(ConfigError(["one"]))
    assert cli.main(argv) == 64
    assert len(screen.shown) == shown
    assert stderr.getvalue() == "traywatch: one\n"


def test_a_toast_takes_as_much_as_it_can(caplog: pytest.LogCaptureFixture) -> None:
    toasts: list[Toast] = []
    notice.say_by_toast(["a: no such key", "b" * 300], toasts.append)
    [toast] = toasts
    assert toast.title == "traywatch has ended"
    assert toast.body.startswith("a: no such key bbb")
    assert len(toast.body) == 200

    def fail(_: Toast) -> None:
        raise SinkError("no daemon", permanent=True)

    notice.say_by_toast(["a"], fail)


def test_a_pipe_takes_every_letter(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    assert cli.main(["check", str(document)]) == 0
    assert raw.getvalue().decode().startswith("Überblick 例 https://status.example.com")


# ---------------------------------------------------------------- as a process


def run(*argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_python_m_traywatch() -> None:
    done = run("-m", "traywatch", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"traywatch {__version__}\n", "")


HEAVY: Final = {
    "PIL",
    "asyncio",
    "dateutil",
    "httpx",
    "platformdirs",
    "plyer",
    "pystray",
    "sqlite3",
}


def test_version_and_help_import_nothing_of_what_runs() -> None:
    script = (
        "import sys; from traywatch.cli import main\n"
        "main(['--version']); main(['--help']); main(['--bogus'])\n"
        f"print(sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr)"
    )
    done = run("-c", script)
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nobody_reads_any_more(document: Path, unbuffered: str) -> None:
    """Buffered, the loss shows at the last flush; else at the first line."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "traywatch", "check", str(document)],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_entry_point_is_main() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        entry = tomllib.load(file)["project"]["scripts"]["traywatch"]
    module, _, name = entry.partition(":")
    assert getattr(importlib.import_module(module), name) is cli.main
