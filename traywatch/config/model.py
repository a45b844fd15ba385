"""The settings as everything else sees them: checked, complete, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from traywatch.config.secrets import Secret
from traywatch.core.model import Page

DEFAULT_INTERVAL_S: Final = 60.0
DEFAULT_PAGE: Final = Page(id="openai", name="OpenAI", url="https://status.openai.com")
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
LOG_FORMATS: Final = ("text", "json")
RELAY_KINDS: Final = ("smee", "ntfy")


@dataclass(frozen=True, slots=True)
class Listener:
    """Where webhooks are heard."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0: any that is free."""
    secrets: tuple[Secret, ...] = ()
    """Any one of them may have signed a post. Never empty beyond loopback."""
    allowed_hosts: tuple[str, ...] = ()
    """Names a request's Host header may hold, beside localhost and loopback addresses."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A channel of the person's own that forwards webhooks through a NAT."""

    kind: str
    """One of RELAY_KINDS."""
    url: str
    page_id: str | None = None
    """The page its posts are about; None: the posts say so themselves."""
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person can set."""

    pages: tuple[Page, ...] = (DEFAULT_PAGE,)
    """Never empty; ids and addresses are unique."""
    interval_s: float = DEFAULT_INTERVAL_S
    """Of a page that sets none of its own; every ``Page.interval_s`` is set already."""
    log_level: str = "info"
    """One of LOG_LEVELS: of the program's own log."""
    log_format: str = "text"
    """One of LOG_FORMATS."""
    listener: Listener | None = None
    """None: off."""
    relays: tuple[Relay, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for in this run, as written there and not yet checked.

    It outranks the environment and the file.
    """

    pages: tuple[str, ...] = ()
    """Addresses to watch instead of the configured pages; empty: the configured ones."""
    interval: str | None = None
    """Seconds between two looks at any page, as written."""
    log_format: str | None = None
    listen: str | None = None
    """``[HOST:]PORT``"""


NO_OPTIONS: Final = Options()
