"""The command line as it is written: flags, subcommands, ``--help``. Carries out nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from traywatch import __version__
from traywatch.core.errors import ConfigError

EXIT_NOT_FOUND: Final = 1
"""``find`` knows no such service: what grep says."""
EXIT_USAGE: Final = 64
"""The command line, a variable or the settings file is wrong (EX_USAGE of sysexits.h)."""
EXIT_FAILED: Final = 70
"""It could not go on for a reason of its own (EX_SOFTWARE)."""
EXIT_INTERRUPTED: Final = 130
EXIT_NOBODY_READS: Final = 141
"""Standard output was closed, as by ``| head``: what a shell reports for SIGPIPE."""
DEFAULT_LISTEN: Final = "127.0.0.1:8000"
_RUN_FLAGS: Final = (
    "--console",
    "--once",
    "--demo",
    "--page",
    "--interval",
    "--listen",
    "--log-format",
)

_EXAMPLES: Final = """\
examples:
  traywatch                                     watch the configured pages from the tray
  traywatch --console                           print what happens until Ctrl-C
  traywatch --once --page https://status.openai.com
                                                one look; the exit code tells how bad it is
  traywatch --demo                              a made-up outage in about a minute
  traywatch check https://www.githubstatus.com  what is understood of a page
  traywatch status --json                       what is known of the configured pages
  traywatch find github                         where a service has its status page
  traywatch autostart on                        start it at login from now on

exit codes:
  0    with --once: everything is operational or in maintenance; else: done
  1    with --once: something is degraded; with find: nothing was found
  2    with --once: a partial outage
  3    with --once: a major outage
  4    a page or document cannot be read
  64   the command line, a variable or the settings file is wrong
  70   it could not go on
  130  interrupted
  141  nobody read standard output to its end, as with | head; not with --once
"""


class _Parser(argparse.ArgumentParser):
    """Raises where argparse exits, with 2, which means a partial outage here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise ConfigError([message])


def build_parser() -> argparse.ArgumentParser:
    """The parser; the README documents each of its flags."""
    parser = _Parser(
        prog="traywatch",
        description="Tells you when a service you depend on breaks, gets worse or recovers.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"traywatch {__version__}")
    _add_run_flags(parser)
    _add_profile(parser, default=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, add_flags, words in _COMMANDS:
        add_flags(
            commands.add_parser(name, help=words, description=f"{words}.", allow_abbrev=False)
        )
    return parser


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments. Raises SystemExit after ``--help`` and ``--version``, ConfigError for what is
    wrong."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    if arguments.once and arguments.demo:
        parser.error("--once and --demo do not go together")
    if arguments.command and (idle := _run_flags_in(arguments, parser)):
        parser.error(f"{', '.join(idle)} cannot be used with {arguments.command}")
    return arguments


def _run_flags_in(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> list[str]:
    """The flags of watching that were given: a command would not heed them."""
    return [
        flag
        for flag in _RUN_FLAGS
        if getattr(arguments, name := flag[2:].replace("-", "_")) != parser.get_default(name)
    ]


def is_for_a_terminal(words: Sequence[str]) -> bool:
    """Will there be something to read? Not where it is the tray that is started."""
    spoken = {
        "--console",
        "--once",
        "--version",
        "--help",
        "-h",
        *(name for name, _, _ in _COMMANDS),
    }
    return not spoken.isdisjoint(words)


def _not_empty(word: str) -> str:
    """An empty word is a shell's unset variable: whatever was meant, it is not the default."""
    if not word.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return word


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--console", action="store_true", help="no tray: print until interrupted")
    parser.add_argument(
        "--once",
        action="store_true",
        help="look at every page once, print, and exit with a code for the worst severity",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="watch a made-up vendor go through an outage; nothing is asked of the network",
    )
    parser.add_argument(
        "--page",
        action="append",
        default=[],
        type=_not_empty,
        metavar="URL",
        help="watch this page instead of the configured ones; may be repeated",
    )
    parser.add_argument(
        "--interval",
        type=_not_empty,
        metavar="SECONDS",
        help="time between two looks at a page: at least 30, for pages on this computer 1",
    )
    parser.add_argument(
        "--listen",
        nargs="?",
        const=DEFAULT_LISTEN,
        type=_not_empty,
        metavar="[HOST:]PORT",
        help=f"hear webhooks (default {DEFAULT_LISTEN})",
    )
    parser.add_argument(
        "--log-format",
        type=_not_empty,
        metavar="FORMAT",
        help="the program's own log on stderr: text or json",
    )


def _add_profile(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument(
        "--profile",
        type=_not_empty,
        metavar="DIR",
        default=default,
        help="keep settings, state and logs in this folder",
    )


def _add_status_flags(parser: argparse.ArgumentParser) -> None:
    _add_profile(parser, default=argparse.SUPPRESS)
    _add_json(parser)


def _add_check_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target",
        type=_not_empty,
        metavar="URL|FILE",
        help="an http(s) address or a saved document",
    )
    parser.add_argument(
        "--platform",
        metavar="NAME",
        # Written out: to import the platforms costs more than all the rest of the help.
        help="read it as this platform instead of finding out: statuspage or incidentio",
    )
    _add_profile(parser, default=argparse.SUPPRESS)
    _add_json(parser)


def _add_find_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="+",
        type=_not_empty,
        metavar="NAME",
        help="a service's name, or words of it",
    )


def _add_autostart_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("change", choices=("on", "off", "status"), metavar="on|off|status")
    _add_profile(parser, default=argparse.SUPPRESS)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for other programs")


_COMMANDS: Final[tuple[tuple[str, Callable[[argparse.ArgumentParser], None], str], ...]] = (
    ("status", _add_status_flags, "Show what is known of the configured pages, asking nobody"),
    ("check", _add_check_flags, "Read one page or saved document and show what was understood"),
    ("find", _add_find_flags, "Find the status page of a service among the known ones"),
    ("autostart", _add_autostart_flags, "Start traywatch at login, or no more, or say how it is"),
)
