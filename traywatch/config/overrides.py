"""What outranks the settings file: the command line, then the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from traywatch.config import values
from traywatch.config.model import LOG_FORMATS, LOG_LEVELS, Options
from traywatch.config.nearest import suggestion
from traywatch.config.secrets import Secret

T = TypeVar("T")

_PREFIX: Final = "TRAYWATCH_"
VARIABLES: Final = (
    "TRAYWATCH_PROFILE",
    "TRAYWATCH_PAGES",
    "TRAYWATCH_INTERVAL_S",
    "TRAYWATCH_LOG_LEVEL",
    "TRAYWATCH_LOG_FORMAT",
    "TRAYWATCH_LISTEN",
    "TRAYWATCH_SIGNING_SECRET",
)
"""Every variable that is read. The README documents each of them. An empty one counts as unset."""
_FOR_TESTS: Final = ("TRAYWATCH_CORPUS", "TRAYWATCH_FAILPOINT", "TRAYWATCH_TEST_")
"""Names, or beginnings of names, that only the tests and their failpoints read."""


@dataclass(frozen=True, slots=True)
class Given(Generic[T]):
    """A value and the flag or variable it came from."""

    value: T
    place: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """None: neither flag nor variable says anything."""

    pages: Given[tuple[str, ...]] | None
    interval_s: Given[float] | None
    log_level: Given[str] | None
    log_format: Given[str] | None
    listen: Given[tuple[str, int]] | None
    secrets: Given[tuple[Secret, ...]] | None


def read_overrides(options: Options, environ: Mapping[str, str], faults: list[str]) -> Overrides:
    """Flags before variables. What is wrong, unknown variables included, goes to ``faults``."""

    def take(
        variable: str, read: Callable[[str], T], flag: str = "", argument: str | None = None
    ) -> Given[T] | None:
        place, written = (
            (flag, argument) if argument is not None else (variable, environ.get(variable))
        )
        if not written:
            return None
        try:
            return Given(read(written), place)
        except ValueError as error:
            faults.append(f"{place}: {error}")
            return None

    _report_unknown(environ, faults)
    return Overrides(
        pages=_pages(options, environ, faults),
        interval_s=take(
            "TRAYWATCH_INTERVAL_S", values.interval_text, "--interval", options.interval
        ),
        log_level=take("TRAYWATCH_LOG_LEVEL", values.one_of(LOG_LEVELS)),
        log_format=take(
            "TRAYWATCH_LOG_FORMAT", values.one_of(LOG_FORMATS), "--log-format", options.log_format
        ),
        listen=take("TRAYWATCH_LISTEN", values.listen_address, "--listen", options.listen),
        secrets=take("TRAYWATCH_SIGNING_SECRET", lambda written: values.secrets([written])),
    )


def _pages(
    options: Options, environ: Mapping[str, str], faults: list[str]
) -> Given[tuple[str, ...]] | None:
    """The addresses, each once; in the variable they stand apart by spaces or commas."""
    variable = "TRAYWATCH_PAGES"
    place, written = (
        ("--page", options.pages)
        if options.pages
        else (variable, environ.get(variable, "").replace(",", " ").split())
    )
    addresses: dict[str, None] = {}
    for one in written:
        try:
            addresses[values.address(one)] = None
        except ValueError as error:
            faults.append(f"{place}: {error}")
    return Given(tuple(addresses), place) if addresses else None


def _report_unknown(environ: Mapping[str, str], faults: list[str]) -> None:
    for name in sorted(environ):
        ours = name.startswith(_PREFIX) and not name.startswith(_FOR_TESTS)
        if ours and name not in VARIABLES:
            faults.append(f"{name}: unknown variable, {suggestion(name, VARIABLES)}")
