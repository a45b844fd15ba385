"""File, environment and command line, in rising rank, to one ``Config``.

Every fault is found before any is reported. Each names the file and line (or the variable, or the
flag), the key, and for a word that is not known the nearest one that is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from traywatch.config import values
from traywatch.config.model import (
    DEFAULT_INTERVAL_S,
    DEFAULT_PAGE,
    LOG_FORMATS,
    LOG_LEVELS,
    NO_OPTIONS,
    RELAY_KINDS,
    Config,
    Listener,
    Options,
    Relay,
)
from traywatch.config.nearest import suggestion
from traywatch.config.overrides import Given, Overrides, read_overrides
from traywatch.config.secrets import Secret
from traywatch.config.table import Document, Table
from traywatch.core.errors import ConfigError
from traywatch.core.masking import mask_credentials
from traywatch.core.model import Page
from traywatch.core.schedule import FLOOR_S, LOOPBACK_FLOOR_S

_ERROR_LINE: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
"""How tomllib says where it stopped."""
_NOT_IN_AN_ID: Final = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class _Watched:
    """A page, and where its interval was set."""

    page: Page
    interval: Given[float]


def load(file: Path, environ: Mapping[str, str], options: Options = NO_OPTIONS) -> Config:
    """The settings of this run. A file that does not exist holds nothing.

    Raises ConfigError with every fault of file, environment and command line.
    """
    faults: list[str] = []
    overrides = read_overrides(options, environ, faults)
    config = _build(_read_file(file, faults), overrides, faults)
    if faults:
        raise ConfigError(sorted(faults, key=lambda fault: _line(fault, file)))
    return config


def _line(fault: str, file: Path) -> int:
    """Where in the file the fault is; 0 for those of flags and variables, which come first."""
    after = fault.removeprefix(f"{file}:")
    number = after.partition(":")[0]
    return int(number) if after != fault and number.isdecimal() else 0


def _read_file(file: Path, faults: list[str]) -> Table:
    text = ""
    try:
        # Windows' Notepad used to begin UTF-8 with a byte order mark.
        text = file.read_bytes().decode("utf-8-sig")
        raw = tomllib.loads(text)
        return Table(Document(file, text, faults), (), raw)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        faults.append(f"{file}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.append(f"{file}:{line}: is not in UTF-8")
    except tomllib.TOMLDecodeError as error:
        faults.append(_syntax_fault(file, text, str(error)))
    except RecursionError:
        faults.append(f"{file}: is nested too deeply")
    return Table(Document(file, "", faults), (), {})


def _syntax_fault(file: Path, text: str, words: str) -> str:
    found = _ERROR_LINE.search(words)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    return f"{file}:{line}: is not TOML: {_ERROR_LINE.sub('', words)}"


def _build(top: Table, overrides: Overrides, faults: list[str]) -> Config:
    common = Given(
        top.take("interval", values.interval_s, DEFAULT_INTERVAL_S), top.place("interval")
    )
    configured = _configured_pages(top, common)
    watched = _chosen_pages(configured, overrides, common)
    _report_short_intervals(watched, faults)
    pages = tuple(one.page for one in watched)
    log_level = top.take("log_level", values.one_of(LOG_LEVELS), "info")
    log_format = top.take("log_format", values.one_of(LOG_FORMATS), "text")
    listener = _listener(top.child("listener"), overrides, faults)
    secrets = _shared_secrets(listener, overrides)
    addresses = {one.page.id: mask_credentials(one.page.url) for one in configured if one.page.id}
    relays = tuple(_relay(table, addresses, secrets) for table in top.children("relay"))
    return Config(
        pages=pages,
        interval_s=common.value,
        log_level=overrides.log_level.value if overrides.log_level else log_level,
        log_format=overrides.log_format.value if overrides.log_format else log_format,
        listener=listener,
        relays=_relays_of(relays, pages),
    )


# ---------------------------------------------------------------- pages


def _configured_pages(top: Table, common: Given[float]) -> list[_Watched]:
    tables = list(top.children("pages"))
    if not tables:
        top.take("pages", _not_empty, None)
        return [_Watched(replace(DEFAULT_PAGE, interval_s=common.value), common)]
    watched = [_page(table, common) for table in tables]
    _report_repetition(tables, watched)
    return _named(watched, taken={one.page.id for one in watched})


def _not_empty(value: object) -> None:
    if value == []:
        raise ValueError("names no page to watch")


def _page(table: Table, common: Given[float]) -> _Watched:
    """One ``[[pages]]``; its id is still empty where it sets none."""
    interval = common
    if "interval" in table:
        seconds = table.take("interval", values.interval_s, common.value)
        interval = Given(seconds, table.place("interval"))
    return _Watched(
        Page(
            id=table.take("id", values.page_id, ""),
            url=table.require("url", values.address, ""),
            name=table.take("name", values.text, None),
            platform=table.take("platform", _platform_name, None),
            interval_s=interval.value,
            components=table.take("components", values.texts, ()),
            ignore=table.take("ignore", values.texts, ()),
        ),
        interval,
    )


def _platform_name(value: object) -> str:
    from traywatch.platforms import PLATFORMS  # pulls in every platform: for those who name one

    return values.one_of([platform.name for platform in PLATFORMS])(value)


def _report_repetition(tables: list[Table], watched: list[_Watched]) -> None:
    seen: dict[str, dict[str, str]] = {"id": {}, "url": {}}
    for table, one in zip(tables, watched, strict=True):
        for key, written in (("id", one.page.id), ("url", one.page.url)):
            if not written:
                continue
            if written in seen[key]:
                shown = mask_credentials(written)
                table.fault(key, f'"{shown}" is taken already: {seen[key][written]}')
            seen[key].setdefault(written, table.place(key))


def _chosen_pages(
    configured: list[_Watched], overrides: Overrides, common: Given[float]
) -> list[_Watched]:
    """The pages of this run, each with the interval of this run."""
    chosen = configured
    if overrides.pages:
        by_url = {one.page.url: one for one in configured}
        chosen = _named(
            [
                by_url.get(url) or _Watched(Page("", url, interval_s=common.value), common)
                for url in overrides.pages.value
            ],
            taken={one.page.id for one in configured},
        )
    if (forced := overrides.interval_s) is None:
        return chosen
    return [_Watched(replace(one.page, interval_s=forced.value), forced) for one in chosen]


def _named(watched: list[_Watched], taken: set[str]) -> list[_Watched]:
    """The same with an id for every page that has none; ``taken`` are those it must not get.

    One whose address cannot be read has nothing to make an id of.
    """
    named = []
    for one in watched:
        page = one.page
        if page.url and not page.id:
            page = replace(page, id=page_id_for(page.url, taken))
            taken.add(page.id)
        named.append(replace(one, page=page))
    return named


def page_id_for(url: str, taken: Collection[str] = ()) -> str:
    """An id made from an address: its host, port and path; numbered where it is taken.

    ``https://status.example.com/eu`` -> ``status.example.com-eu``
    """
    parts = urlsplit(url.lower())
    place = parts.netloc.rpartition("@")[2] + parts.path
    stem = _NOT_IN_AN_ID.sub("-", place).strip("-._")[:60] or "page"
    page_id, count = stem, 1
    while page_id in taken:
        count += 1
        page_id = f"{stem}-{count}"
    return page_id


def _report_short_intervals(watched: list[_Watched], faults: list[str]) -> None:
    """A vendor is asked at most every 30 s; a page on this computer may be asked every second."""
    for page, interval in ((one.page, one.interval) for one in watched):
        local = values.is_loopback(urlsplit(page.url).hostname or "")
        floor_s = LOOPBACK_FLOOR_S if local else FLOOR_S
        if page.url and interval.value < floor_s:
            faults.append(
                f"{interval.place}: must be at least {floor_s:.0f} seconds"
                f" for {mask_credentials(page.url)}"
            )


# ---------------------------------------------------------------- the rest


def _listener(table: Table | None, overrides: Overrides, faults: list[str]) -> Listener | None:
    """On where the file has a ``[listener]``, or the flag or the variable asks for it."""
    if table is None and overrides.listen is None:
        return None
    default = Listener()
    listener, place = default, ""
    if table is not None:
        place = table.place("listen")
        host, port = table.take("listen", values.listen_address, (default.host, default.port))
        listener = Listener(
            host,
            port,
            secrets=table.take("secrets", values.secrets, ()),
            allowed_hosts=table.take("allowed_hosts", values.host_names, ()),
        )
    if overrides.listen:
        host, port = overrides.listen.value
        listener, place = replace(listener, host=host, port=port), overrides.listen.place
    if overrides.secrets:
        listener = replace(listener, secrets=overrides.secrets.value)
    if not listener.secrets and not values.is_loopback(listener.host):
        faults.append(
            f"{place}: {listener.host} is reached from beyond this computer: a signing secret is"
            " required, as secrets in [listener] or as TRAYWATCH_SIGNING_SECRET"
        )
    return listener


def _shared_secrets(listener: Listener | None, overrides: Overrides) -> tuple[Secret, ...]:
    if overrides.secrets:
        return overrides.secrets.value
    return listener.secrets if listener else ()


def _relay(table: Table, addresses: Mapping[str, str], secrets: tuple[Secret, ...]) -> Relay:
    """A relay without secrets of its own is held to those of a direct post.

    ``addresses`` of the configured pages, by their ids: an id may be one that nobody wrote.
    """

    def known_page(value: object) -> str:
        written = values.text(value)
        if written in addresses:
            return written
        known = "ids are made of addresses, and none can be read"
        if addresses:
            known = suggestion(written, addresses, addresses)
        raise ValueError(f'there is no page "{written}", {known}')

    return Relay(
        kind=table.require("kind", values.one_of(RELAY_KINDS), RELAY_KINDS[0]),
        url=table.require("url", values.address, ""),
        page_id=table.take("page", known_page, None),
        secrets=table.take("secrets", values.secrets, secrets),
    )


def _relays_of(relays: tuple[Relay, ...], pages: tuple[Page, ...]) -> tuple[Relay, ...]:
    """Without those of pages that are not watched in this run."""
    watched = {page.id for page in pages}
    return tuple(relay for relay in relays if relay.page_id is None or relay.page_id in watched)
