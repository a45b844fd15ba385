"""One value at a time: what a key or a variable may hold.

Each reader takes what was written and returns what is meant, or raises ValueError with words
that follow "key: ".
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

from traywatch.config.nearest import suggestion
from traywatch.config.secrets import KEYRING_PREFIX, Secret
from traywatch.core.masking import mask_credentials

_LONGEST_INTERVAL_S: Final = 86_400.0
_PAGE_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What stands in ``/webhook/{page-id}`` without escaping."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f]")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def text(value: object) -> str:
    """A string with something in it."""
    if not isinstance(value, str):
        raise ValueError(f"must be a string in quotes, not {_kind(value)}")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of such strings."""
    if not isinstance(value, list):
        raise ValueError(f"must be a list of strings, not {_kind(value)}")
    return tuple(text(item) for item in value)


def one_of(words: Sequence[str]) -> Callable[[object], str]:
    """A reader of one of ``words``."""

    def read(value: object) -> str:
        word = text(value)
        if word.lower() not in words:
            raise ValueError(f'"{word}" is not known, {suggestion(word.lower(), words)}')
        return word.lower()

    return read


def interval_s(value: object) -> float:
    """Seconds, at most a day. The floor depends on the page and is checked with it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of seconds, not {_kind(value)}")
    if not math.isfinite(value) or not 0 < value <= _LONGEST_INTERVAL_S:
        raise ValueError(f"must be over 0 and at most {_LONGEST_INTERVAL_S:.0f} seconds")
    return float(value)


def interval_text(written: str) -> float:
    """The same, from a variable or an argument."""
    try:
        number = float(written)
    except ValueError:
        raise ValueError(f'must be a number of seconds, not "{written}"') from None
    return interval_s(number)


def page_id(value: object) -> str:
    """Short, in lower case, and fit to stand in an address."""
    written = text(value)
    if not _PAGE_ID.fullmatch(written):
        raise ValueError(
            f'"{written}" must be at most 64 of a-z 0-9 . _ - and begin with a letter or a digit'
        )
    return written


def address(value: object) -> str:
    """An http or https address, without a fragment and without a slash at its end."""
    written = text(value).strip()
    if _UNPRINTABLE.search(written):
        raise ValueError("must not hold spaces or control characters")
    parts = _split(written)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        shown = mask_credentials(written)
        raise ValueError(f'"{shown}" is no address like https://status.example.com')
    user, at, place = parts.netloc.rpartition("@")
    netloc = user + at + place.lower()
    return parts._replace(netloc=netloc, path=parts.path.rstrip("/"), fragment="").geturl()


def _split(written: str) -> SplitResult | None:
    try:
        parts = urlsplit(written)
        _ = parts.port  # raises where it is no number up to 65535
    except ValueError:
        return None
    return parts


def is_loopback(host: str) -> bool:
    """Does the host name this very machine?"""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def listen_address(value: object) -> tuple[str, int]:
    """``[HOST:]PORT``; an IPv6 address stands in brackets: ``[::1]:8000``."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    host, colon, port = written.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if colon else "127.0.0.1"
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535 or not _is_host(host):
        raise ValueError(f'"{written}" must be [HOST:]PORT, for example 8000 or 127.0.0.1:8000')
    return host, int(port)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(_HOST_NAME.fullmatch(host))
    return True


def host_names(value: object) -> tuple[str, ...]:
    """Names as they stand in a Host header, without a port."""
    names = texts(value)
    for name in names:
        if not _is_host(name):
            raise ValueError(f'"{name}" must be the name of a host, without a port')
    return tuple(name.lower() for name in names)


def secrets(value: object) -> tuple[Secret, ...]:
    """Secrets, each written as it is or as ``keyring:NAME``."""
    return tuple(Secret(_nameable(written)) for written in texts(value))


def _nameable(written: str) -> str:
    if written == KEYRING_PREFIX:
        raise ValueError(f"{KEYRING_PREFIX} must be followed by a name")
    return written


def _kind(value: object) -> str:
    """What was written instead, in TOML's words. The value itself may be a secret."""
    words = {bool: "true or false", int: "a number", float: "a number", str: "a string",
             list: "a list", dict: "a table"}  # fmt: skip
    return words.get(type(value), "a date or time")
