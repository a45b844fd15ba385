"""What is left out under wine is named for what it is: each name is there, and has its reason."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tools.wine.suites import LEFT_OUT, NOT_UNDER_WINE

ROOT: Final = Path(__file__).parent.parent


@pytest.mark.parametrize("place", LEFT_OUT)
def test_what_is_left_out_is_there(place: str) -> None:
    assert (ROOT / place).exists()
    assert LEFT_OUT[place]


@pytest.mark.parametrize("test", NOT_UNDER_WINE)
def test_each_test_left_out_is_there(test: str) -> None:
    """pytest passes over the name of a test that was renamed, and would run it."""
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert re.sub(r"\[.*", "", name) in functions


def test_tests_that_need_wine_are_marked_so() -> None:
    """Else ``make test`` would run them, where there may be no wine."""
    files = sorted((ROOT / "tests" / "windows").glob("test_*.py"))
    assert files
    for file in files:
        assert "\npytestmark = pytest.mark.windows\n" in file.read_text("utf-8"), file.name
