"""Signing secrets, without ever carrying one where it could be printed.

A secret is written in one of two ways: as it is, or as ``keyring:NAME``, which is looked up in
the operating system's keyring (service ``traywatch``, user NAME) when it is first needed. The
keyring may ask its owner to unlock it, so it is not touched by merely reading the settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from traywatch.core.errors import ConfigError

KEYRING_SERVICE: Final = "traywatch"
KEYRING_PREFIX: Final = "keyring:"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, or where to find it. Printing it shows neither."""

    written: str = field(repr=False)
    """As it stands in the settings."""

    def reveal(self) -> str:
        """The secret itself; may block while the keyring is unlocked.

        Raises ConfigError when the keyring cannot be used or does not hold it.
        """
        if not self.written.startswith(KEYRING_PREFIX):
            return self.written
        return _from_keyring(self.written.removeprefix(KEYRING_PREFIX))


def _from_keyring(name: str) -> str:
    import keyring  # 60 ms and a dozen modules, for those who use it only
    import keyring.errors

    try:
        found = keyring.get_password(KEYRING_SERVICE, name)
    except keyring.errors.KeyringError as error:
        why = str(error).rstrip(". ")  # words may follow
        raise ConfigError([f"{KEYRING_PREFIX}{name}: the keyring cannot be used: {why}"]) from error
    if not found:
        way_out = f"store it with: keyring set {KEYRING_SERVICE} {name}"
        raise ConfigError([f"{KEYRING_PREFIX}{name}: the keyring does not hold it; {way_out}"])
    return found
