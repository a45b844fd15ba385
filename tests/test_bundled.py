"""Shipped files are found from a checkout, a wheel and a built executable alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from traywatch import bundled


@pytest.mark.parametrize("place", ["assets", "traywatch/assets"])
def test_found_beside_the_package_and_inside_it(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / place / "icons" / "a.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"png")
    (tmp_path / "traywatch").mkdir(exist_ok=True)
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "traywatch")
    assert bundled.asset("icons/a.png") == file
    with pytest.raises(FileNotFoundError, match=r"b\.png is missing from this installation"):
        bundled.asset("icons/b.png")
