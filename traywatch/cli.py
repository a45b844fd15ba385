"""Arguments to ``app``, and every way out of the program to one exit code.

What holds true: no traceback reaches a person; what fails says so on stderr, never on stdout;
``--version`` and ``--help`` import nothing of what runs.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import logging
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from traywatch import streams
from traywatch.arguments import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NOBODY_READS,
    EXIT_NOT_FOUND,
    EXIT_USAGE,
    is_for_a_terminal,
    parse_arguments,
)
from traywatch.core.errors import ConfigError, FetchError, FormatError, TraywatchError
from traywatch.core.masking import mask_credentials
from traywatch.core.text import one_line

if TYPE_CHECKING:
    from traywatch.config import Config, Options
    from traywatch.core.model import Snapshot
    from traywatch.platforms.base import Platform
    from traywatch.profile import Profile

log = logging.getLogger(__name__)

LARGEST_DOCUMENT: Final = 5 * 1024 * 1024
"""Bytes of a saved document: what is read of a page as well."""
_LINE_LIMIT: Final = 1_000
_LIKE_A_HOST: Final = re.compile(
    r"(?:[a-z0-9-]+\.)+(?!(?:json|html?|xml|txt)\b)[a-z][a-z0-9-]+(?::\d+)?(?:/|$)", re.IGNORECASE
)
"""How an argument begins that may be a page's address without https://, not a saved document."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out a command line (``sys.argv`` where None); returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    seen = streams.make_usable(prints=is_for_a_terminal(words), opens_terminal="--console" in words)
    end = _carry_out(words)
    lines = [mask_credentials(one_line(fault, _LINE_LIMIT)) for fault in end.faults]
    for line in lines:
        print(f"traywatch: {line}", file=sys.stderr)
    if not seen and (lines := lines or list(end.logged)):
        from traywatch import notice

        notice.say(lines)
    return end.code


@dataclass(frozen=True, slots=True)
class _End:
    """How a run ended."""

    code: int
    faults: Sequence[str] = ()
    """Why, to be told on stderr."""
    logged: Sequence[str] = ()
    """The same where the program's log has told it there."""


def _carry_out(words: Sequence[str]) -> _End:
    try:
        code = _dispatch(parse_arguments(words))
        sys.stdout.flush()
        return _End(code)
    except SystemExit as stop:  # argparse, having said all there is to say
        return _End(stop.code if isinstance(stop.code, int) else EXIT_USAGE)
    except KeyboardInterrupt:
        return _End(EXIT_INTERRUPTED)
    except ConfigError as error:
        return _End(EXIT_USAGE, error.faults)
    except (FormatError, FetchError) as error:
        from traywatch.report import EXIT_CANNOT_READ

        return _End(EXIT_CANNOT_READ, [str(error)])
    except TraywatchError as error:
        return _End(EXIT_FAILED, [str(error)])
    except Exception as error:  # noqa: BLE001 - the last place: nobody above to tell
        if isinstance(error, OSError) and _is_closed_pipe(error):
            _leave_stdout()
            return _End(EXIT_NOBODY_READS)
        return _failed(error)


def _dispatch(arguments: argparse.Namespace) -> int:
    if arguments.command == "check":
        return _check(arguments)
    if arguments.command == "status":
        return _show_state(arguments)
    if arguments.command == "find":
        return _find(arguments.words)
    if arguments.command == "autostart":
        return _autostart(arguments)
    return _watch(arguments)


def _watch(arguments: argparse.Namespace) -> int:
    """The main job: the tray, the console, one round, or the demonstration."""
    from traywatch import app, programlog
    from traywatch.config import Options

    options = Options(
        pages=tuple(arguments.page),
        interval=arguments.interval,
        log_format=arguments.log_format,
        listen=arguments.listen,
    )
    profile = _profile(arguments)
    unwritten = _write_first_settings(profile)
    config = _settings(profile, options)
    programlog.configure(
        level=config.log_level, log_format=config.log_format, file=profile.program_log_file
    )
    if unwritten:
        log.warning("%s could not be made: %s", profile.config_file, unwritten)
    if arguments.demo:
        return app.run_demo(console=arguments.console)
    if arguments.once:
        return app.run_once(config, profile)
    if arguments.console:
        return app.run_console(config, profile)
    return app.run_tray(config, profile)


def _profile(arguments: argparse.Namespace) -> Profile:
    """The profile of this run. Raises ConfigError where a file stands in the folder's place."""
    from traywatch.profile import locate

    profile = locate(arguments.profile, os.environ)
    folder = profile.folder
    # os.path, unlike Path, says no where it may not look; then the store says what is wrong.
    if folder and os.path.exists(folder) and not os.path.isdir(folder):
        place = "--profile" if arguments.profile else "TRAYWATCH_PROFILE"
        raise ConfigError([f"{place}: {folder} is not a folder"])
    return profile


def _write_first_settings(profile: Profile) -> str:
    """Why the commented settings file could not be made; empty where it is there."""
    from traywatch.config import write_template

    try:
        write_template(profile.config_file)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _settings(profile: Profile, options: Options | None = None) -> Config:
    from traywatch.config import Options, load

    return load(profile.config_file, os.environ, options or Options())


def _show_state(arguments: argparse.Namespace) -> int:
    from traywatch import app, programlog, report

    profile = _profile(arguments)
    config = _settings(profile)
    programlog.configure(level=config.log_level, log_format=config.log_format, file=None)
    overview = app.stored_overview(config, profile)
    if arguments.json:
        print(report.to_json(report.status_document(overview)))
    else:
        print(report.status_table(overview))
    return 0


def _find(words: Sequence[str]) -> int:
    from traywatch import catalogue

    found = catalogue.search(" ".join(words))
    if not found:
        asked = one_line(" ".join(words), _LINE_LIMIT)
        print(
            f"traywatch: no known service is called {asked}; traywatch check URL tries any page"
            " of Atlassian Statuspage or incident.io",
            file=sys.stderr,
        )
        return EXIT_NOT_FOUND
    for known in found:
        print(f"{known.name}  {known.url}")
    return 0


def _autostart(arguments: argparse.Namespace) -> int:
    """Switch starting at login on or off, and say how it stands then."""
    from traywatch.autostart import autostart

    entry = autostart(_profile(arguments).folder)
    if arguments.change != "status":
        entry.turn(on=arguments.change == "on")
    started = entry.started()
    if started is None:
        print("off: traywatch does not start at login")
    elif entry.is_on():
        print(f"on: {started}")
    else:
        print(f"on, but another traywatch or profile is started: {started}")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from traywatch import programlog, report

    programlog.configure(level="warning", log_format="text", file=None)
    target: str = arguments.target
    platform = _named_platform(arguments.platform)
    is_address = target.lower().startswith(("http://", "https://"))
    url = target if is_address else None
    snapshot = _read_page(target, platform) if is_address else _read_document(target, platform)
    if arguments.json:
        print(report.to_json(report.check_document(snapshot, url)))
    else:
        print(report.check_text(snapshot, url))
    return 0


def _named_platform(name: str | None) -> Platform | None:
    """What ``--platform`` names. Raises ConfigError."""
    if name is None:
        return None
    from traywatch.config import suggestion
    from traywatch.platforms import PLATFORMS

    by_name = {platform.name: platform for platform in PLATFORMS}
    if name not in by_name:
        raise ConfigError([f'--platform: "{name}" is not known, {suggestion(name, by_name)}'])
    return by_name[name]


def _read_page(url: str, platform: Platform | None) -> Snapshot:
    """A page, understood. Raises FetchError or FormatError."""
    import asyncio

    from traywatch import app

    return asyncio.run(app.read_page(url, platform.name if platform else None)).snapshot


def _read_document(name: str, platform: Platform | None) -> Snapshot:
    """A saved document, understood. Raises FormatError, naming the file."""
    from traywatch.core.reply import Reply
    from traywatch.platforms import detect

    file = Path(name)
    try:
        with file.open("rb") as opened:
            body = opened.read(LARGEST_DOCUMENT + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FormatError(f"{name}: {_why_unopened(file, name, error)}") from error
    if len(body) > LARGEST_DOCUMENT:
        raise FormatError(f"{file}: is larger than {LARGEST_DOCUMENT} bytes")
    reply = Reply(url=file.absolute().as_uri(), http_status=200, body=body)
    platform = platform or detect(reply)
    if platform is None:
        raise FormatError(f"{file}: is no document of a status page we can read")
    try:
        return platform.parse(reply)
    except FormatError as error:
        raise FormatError(f"{file}: {error}") from error


def _why_unopened(file: Path, name: str, error: OSError | ValueError) -> str:
    if "://" in name:
        return "no http or https address; a saved document is named by its path"
    if isinstance(error, FileNotFoundError):
        host = _LIKE_A_HOST.match(name)
        return f"no such file; for a page, write https://{name}" if host else "no such file"
    if file.is_dir():
        return "is a folder, not a document"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


# ---------------------------------------------------------------- ways out


def _failed(error: Exception) -> _End:
    """What nobody expected: one line here, the traceback in the program's log."""
    from traywatch import programlog

    if not logging.getLogger().hasHandlers():
        programlog.configure(level="info", log_format="text", file=None)
    log.critical("stopped by an error of its own", exc_info=error)
    return _End(EXIT_FAILED, logged=[f"stopped by an error of its own: {type(error).__name__}"])


def _is_closed_pipe(error: OSError) -> bool:
    """Windows says EINVAL where others say EPIPE."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)


def _leave_stdout() -> None:
    """Let the interpreter's last flush go nowhere, else it complains that nobody reads."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
