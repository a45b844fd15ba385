"""The files shipped with the program: icons, the catalogue of known services.

They lie in ``assets`` beside the package in a checkout, and inside the package in a wheel and in
a built executable (``build.spec`` puts them there), so that one rule finds them everywhere.
Imports nothing of traywatch: any floor above the core may ask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def asset(name: str) -> Path:
    """The path of a shipped file, for example ``asset("icons/operational.png")``.

    Raises FileNotFoundError, naming every place that was looked at.
    """
    places = (_PACKAGE / "assets" / name, _PACKAGE.parent / "assets" / name)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} is missing from this installation: {places[0]}, {places[1]}")
