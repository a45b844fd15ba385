"""Credentials out of anything that a person or a file gets to see."""

from __future__ import annotations

import re
from typing import Final

_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#]*@")
"""Up to the last @ of the authority: a password may hold an @ of its own."""
_PARAMETER: Final = re.compile(r"([?&][^\s=&#]{1,64}=)([^\s&#]+)")
_AFTER_AN_ADDRESS: Final = re.compile(r"""(?<=[^.,;:!?)\]}>"'])[.,;:!?)\]}>"']{1,3}$""")
"""What belongs to the sentence around: three signs at most, more may be a password's."""
_TELLING: Final = ("auth", "key", "passw", "secret", "sig", "token")
"""A query parameter with one of these in its name is taken for a credential."""


def mask_credentials(text: str) -> str:
    """``text`` with the user, the password and the secret parameters of every address in it hidden.

    ``https://joe:pw@host/feed?token=abc&page=2`` -> ``https://***@host/feed?token=***&page=2``
    """
    return _PARAMETER.sub(_mask_parameter, _USERINFO.sub("***@", text))


def _mask_parameter(found: re.Match[str]) -> str:
    name = found[1].lower()
    if not any(word in name for word in _TELLING):
        return found[0]
    followed = found.string[found.end() : found.end() + 1] in ("&", "#")
    after = None if followed else _AFTER_AN_ADDRESS.search(found[2])
    return f"{found[1]}***{after[0] if after else ''}"
