"""The ``desk`` fixture: a throw-away desktop for one test.

    @pytest.mark.parametrize("desk", [{"tray": False}], indirect=True)   parts to do without

Where a package is missing, a test is skipped and names it; with CI set in the environment it fails.
``tools/install-desktop`` installs them all on Debian and its like.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
SCREENSHOTS: Final = ROOT / ".build" / "screenshots"

if sys.platform == "linux":
    from tests.desktop.desk import Desk, missing_programs
    from tools.borrowed import borrow, missing_module
else:
    collect_ignore_glob = ["*"]


def give_up(missing: str) -> NoReturn:
    """Skip the test, or fail it where everything must be there."""
    reason = f"missing: {missing} (tools/install-desktop)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A desktop that is on. Parameters are those of ``Desk.start``."""
    if missing := missing_programs():
        give_up(", ".join(missing))
    desk = Desk(tmp_path / "desk", SCREENSHOTS)
    try:
        desk.start(**getattr(request, "param", {}))
        yield desk
    finally:
        desk.stop()


@pytest.fixture(scope="session")
def lend(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """One of Debian's Python modules for a program under test: ``{"PYTHONPATH": lend("gi")}``."""
    lent: dict[str, str] = {}

    def find(name: str) -> str:
        if missing := missing_module(name):
            give_up(missing)
        if name not in lent:
            lent[name] = borrow(name, tmp_path_factory.mktemp(f"lent-{name}"))
        return f"{ROOT}{os.pathsep}{lent[name]}"

    return find
