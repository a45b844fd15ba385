"""Starting at login: what is written where, what is read back, what the person switched off."""

from __future__ import annotations

import configparser
import errno
import os
import plistlib
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Final, NoReturn, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traywatch import cli
from traywatch.autostart import Autostart, Place, autostart, program
from traywatch.autostart.macos import LaunchAgent
from traywatch.autostart.program import Command, built_program, python_without_terminal
from traywatch.autostart.windows import APPROVED, RUN, RunKey
from traywatch.autostart.xdg import DesktopEntry
from traywatch.core.errors import AutostartError

ODD: Final = (
    '/usr/lib/Über uns/100 % "new"/$HOME/`id`/back\\slash/tray\'watch',
    "--profile",
    "/home/joe/a\nb\tc\u2028d",
)
PLAIN: Final = ("/usr/lib/traywatch/traywatch",)
OTHER: Final = ("/old/traywatch",)


class Registry:
    """Stands in for ``winreg``: one person's keys, each with its values."""

    HKEY_CURRENT_USER = "HKCU"
    REG_SZ = 1
    KEY_SET_VALUE = 2

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, object]] = {}

    def CreateKey(self, root: str, path: str) -> Key:  # noqa: N802 - as winreg has it
        assert root == self.HKEY_CURRENT_USER
        return Key(self.keys.setdefault(path, {}))

    def OpenKey(self, root: str, path: str, reserved: int = 0, access: int = 1) -> Key:  # noqa: N802
        if path not in self.keys:
            raise FileNotFoundError(errno.ENOENT, "no such key")
        return self.CreateKey(root, path)

    def QueryValueEx(self, key: Key, name: str) -> tuple[object, int]:  # noqa: N802
        return key.value(name), self.REG_SZ

    def SetValueEx(self, key: Key, name: str, reserved: int, kind: int, value: str) -> None:  # noqa: N802
        assert kind == self.REG_SZ
        key.values[name] = value

    def DeleteValue(self, key: Key, name: str) -> None:  # noqa: N802
        key.value(name)
        del key.values[name]


class Key:
    """An open key."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def value(self, name: str) -> object:
        if name not in self.values:
            raise FileNotFoundError(errno.ENOENT, "no such value")
        return self.values[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture(params=["xdg", "windows", "macos"])
def place(request: pytest.FixtureRequest, tmp_path: Path, registry: Registry) -> Place:
    if request.param == "windows":
        return RunKey(registry)
    folder = tmp_path / "not" / "there yet"
    return DesktopEntry(folder) if request.param == "xdg" else LaunchAgent(folder)


# ---------------------------------------------------------------- on every system


@pytest.mark.parametrize("command", [PLAIN, ODD])
def test_on_and_off_again(place: Place, command: Command) -> None:
    entry = Autostart(place, command)
    assert (entry.started(), entry.is_on()) == (None, False)
    for _ in range(2):
        entry.turn(on=True)
        assert entry.is_on()
        assert entry.started() == place.line(command)
    for _ in range(2):
        entry.turn(on=False)
        assert (entry.started(), entry.is_on()) == (None, False)


def test_an_entry_for_another_program_is_not_ours_until_it_is_turned_on(place: Place) -> None:
    Autostart(place, OTHER).turn(on=True)
    ours = Autostart(place, PLAIN)
    assert (ours.started(), ours.is_on()) == (place.line(OTHER), False)
    ours.turn(on=True)
    assert ours.is_on()


class Unwritable:
    """A place that is not ours."""

    name = "/etc/there"

    def line(self, command: Command) -> str:
        return shlex.join(command)

    def started(self) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    def put(self, command: Command) -> NoReturn:
        self.started()

    def clear(self) -> NoReturn:
        self.started()


def test_what_cannot_be_done_is_one_line() -> None:
    entry = Autostart(Unwritable(), PLAIN)
    with pytest.raises(AutostartError, match=r"^/etc/there cannot be read: Permission denied$"):
        entry.is_on()
    for on in (True, False):
        with pytest.raises(AutostartError, match=r"^/etc/there cannot be changed: Permission"):
            entry.turn(on)


# ---------------------------------------------------------------- Linux


def exec_arguments(line: str) -> list[str]:
    """An Exec key as a desktop reads it: string escapes, then quotes, then field codes.

    Written from the specification's text, and not from the code that is tested.
    """
    simple = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
    text, rest = "", iter(line)
    for letter in rest:
        text += simple[next(rest)] if letter == "\\" else letter
    words: list[str] = []
    word, quoted, rest = "", False, iter(text)
    begun = False
    for letter in rest:
        if quoted and letter == "\\":
            word += next(rest)
        elif letter == '"':
            quoted, begun = not quoted, True
        elif letter == " " and not quoted:
            words += [word] if begun else []
            word, begun = "", False
        else:
            word, begun = word + letter, True
    assert not quoted
    words += [word] if begun else []
    assert all("%" not in each.replace("%%", "") for each in words)
    return [each.replace("%%", "%") for each in words]


def test_the_desktop_entry(tmp_path: Path) -> None:
    DesktopEntry(tmp_path).put(ODD)
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read(tmp_path / "traywatch.desktop", "utf-8")
    entry = dict(parser["Desktop Entry"])
    assert exec_arguments(entry.pop("Exec")) == ["env", *ODD]  # as GLib finds no program with a %
    assert entry.pop("Comment")
    assert entry == {"Type": "Application", "Name": "traywatch", "Terminal": "false"}


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))))
def test_any_command_comes_through_an_exec_key(arguments: list[str]) -> None:
    line = DesktopEntry(Path("/nowhere")).line(("/a", *arguments))
    assert "\n" not in line
    assert exec_arguments(line) == ["/a", *arguments]


@pytest.mark.parametrize("switched_off", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_switched_off_in_the_desktops_settings(tmp_path: Path, switched_off: str) -> None:
    place = DesktopEntry(tmp_path)
    place.put(PLAIN)
    file = tmp_path / "traywatch.desktop"
    file.write_text(file.read_text() + f"{switched_off}\n")
    assert place.started() is None
    place.put(PLAIN)
    assert place.started() == PLAIN[0]


@pytest.mark.parametrize(
    ("text", "started"),
    [
        ("", None),
        ("[Desktop Entry]\nName=x\n", None),
        (
            "# Exec=/a\n[Desktop Entry]\n#Exec=/b\nExec = /c --d\n[Desktop Action e]\nExec=/f",
            "/c --d",
        ),
        ("\xff\xfe\x00", None),
    ],
)
def test_whatever_the_file_holds(tmp_path: Path, text: str, started: str | None) -> None:
    (tmp_path / "traywatch.desktop").write_bytes(text.encode("latin-1"))
    assert DesktopEntry(tmp_path).started() == started


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
@pytest.mark.parametrize(
    ("environ", "folder"),
    [({"XDG_CONFIG_HOME": "/x/config"}, "/x/config"), ({}, "/h/.config"),
     ({"XDG_CONFIG_HOME": "relative"}, "/h/.config")],
)  # fmt: skip
def test_where_the_entry_lies(
    monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str], folder: str
) -> None:
    monkeypatch.setenv("HOME", "/h")
    assert autostart(None, environ).place.name == f"{folder}/autostart/traywatch.desktop"


# ---------------------------------------------------------------- Windows


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ((r"C:\Program Files\tw\traywatch.exe",), r'"C:\Program Files\tw\traywatch.exe"'),
        ((r"C:\t.exe", "--profile", r"D:\my p\\"), '"C:\\t.exe" --profile "D:\\my p\\\\\\\\"'),
    ],
)
def test_the_run_key(registry: Registry, command: Command, line: str) -> None:
    RunKey(registry).put(command)
    assert registry.keys == {RUN: {"traywatch": line}}


@pytest.mark.parametrize(
    ("noted", "on"),
    [(b"\x02" + bytes(11), True), (b"\x03" + bytes(11), False), (b"\x06", True), (b"", True)],
)
def test_switched_off_in_task_manager(registry: Registry, noted: bytes, on: bool) -> None:
    entry = Autostart(RunKey(registry), PLAIN)
    entry.turn(on=True)
    registry.keys[APPROVED] = {"traywatch": noted, "other": b"\x03"}
    assert entry.is_on() is on
    entry.turn(on=True)
    assert entry.is_on()
    assert registry.keys[APPROVED] == {"other": b"\x03"}


def test_a_command_windows_would_pass_over(registry: Registry) -> None:
    with pytest.raises(AutostartError, match="no command longer than 260"):
        Autostart(RunKey(registry), ("C:\\" + "x" * 260,)).turn(on=True)
    assert not registry.keys


# ---------------------------------------------------------------- macOS


def test_the_launch_agent(tmp_path: Path) -> None:
    LaunchAgent(tmp_path).put(ODD)
    agent = plistlib.loads((tmp_path / "traywatch.plist").read_bytes())
    assert agent == {
        "Label": "traywatch",
        "ProgramArguments": list(ODD),
        "RunAtLoad": True,
        "LimitLoadToSessionType": "Aqua",
        "ProcessType": "Interactive",
    }


@pytest.mark.parametrize(
    "data", [b"", b"no property list", plistlib.dumps([]), plistlib.dumps({"ProgramArguments": 1})]
)
def test_whatever_the_property_list_holds(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "traywatch.plist").write_bytes(data)
    assert LaunchAgent(tmp_path).started() is None


# ---------------------------------------------------------------- which program


@pytest.mark.parametrize(
    ("executable", "platform", "command"),
    [
        ("/usr/lib/traywatch/traywatch", "linux", "/usr/lib/traywatch/traywatch"),
        (r"C:\t w\traywatch.exe", "win32", r"C:\t w\traywatch.exe"),
        (r"C:\t w\TRAYWATCHC.EXE", "win32", r"C:\t w\traywatch.exe"),
        (
            "/Applications/traywatch.app/Contents/MacOS/traywatch",
            "darwin",
            "/Applications/traywatch.app/Contents/MacOS/traywatch",
        ),
    ],
)
def test_the_built_program(executable: str, platform: str, command: str) -> None:
    assert built_program(executable, platform) == (command,)


def test_an_app_that_was_not_moved_is_not_where_it_seems() -> None:
    place = "/private/var/folders/x/T/AppTranslocation/0F/d/traywatch.app/Contents/MacOS/traywatch"
    with pytest.raises(AutostartError, match="to the Applications folder"):
        built_program(place, "darwin")


def test_windows_python_without_a_terminal(tmp_path: Path) -> None:
    python = str(tmp_path / "python.exe")
    assert python_without_terminal(python, "win32") == python
    (tmp_path / "pythonw.exe").touch()
    assert python_without_terminal(python, "win32") == str(tmp_path / "pythonw.exe")
    assert python_without_terminal(python, "linux") == python


@pytest.mark.parametrize("installed", [True, False])
def test_the_program_is_found_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    def distribution(name: str) -> str:
        if not installed:
            raise metadata.PackageNotFoundError
        return name

    monkeypatch.setattr(metadata, "distribution", distribution)
    python, *rest = program.running_program()
    assert python == python_without_terminal(sys.executable, sys.platform)
    if installed:
        assert rest == ["-m", "traywatch"]
    else:
        option, script = rest
        assert option == "-c"
        compile(script, "script", "exec")
        assert repr(str(Path(cli.__file__).parents[1])) in script


# ---------------------------------------------------------------- on the command line


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the file Linux has")
def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("TRAYWATCH_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "autostart" / "traywatch.desktop"

    def say(*words: str) -> str:
        assert cli.main(["autostart", *words]) == 0
        return capsys.readouterr().out

    assert say("status") == "off: traywatch does not start at login\n"
    said = say("on")
    assert said.startswith("on: ")
    assert sys.executable in said
    assert say("status").startswith("on: ")
    started = exec_arguments(DesktopEntry(file.parent).started() or "")
    assert started == list(program.running_program())
    assert say("status", "--profile", "/p q").startswith("on, but another traywatch or profile")
    assert say("on", "--profile", "/p q").rstrip().endswith('--profile "/p q"')
    assert say("off") == say("status")
    assert not file.exists()


def test_without_a_word_it_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["autostart"]) == 64
    assert cli.main(["autostart", "maybe"]) == 64
    assert capsys.readouterr().out == ""
