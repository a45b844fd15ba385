"""Where things lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from traywatch.profile import Profile, locate


def test_one_folder_for_everything(tmp_path: Path) -> None:
    profile = locate(str(tmp_path), {"TRAYWATCH_PROFILE": "/elsewhere"})
    assert profile == Profile(tmp_path, tmp_path, tmp_path)
    assert profile.config_file == tmp_path / "config.toml"
    assert profile.records_file == tmp_path / "records.log"
    assert profile.program_log_file == tmp_path / "program.log"
    assert locate(None, {"TRAYWATCH_PROFILE": str(tmp_path)}) == profile


def test_a_folder_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for home in ("HOME", "USERPROFILE"):  # as Windows calls it
        monkeypatch.setenv(home, str(tmp_path / "home"))
    assert locate("p", {}).state_dir == tmp_path / "p"
    assert locate("~/p", {}).state_dir == tmp_path / "home" / "p"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_else_where_the_system_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    profile = locate(None, {"TRAYWATCH_PROFILE": ""})
    assert profile.config_dir == tmp_path / "CONFIG" / "traywatch"
    assert profile.state_dir == tmp_path / "STATE" / "traywatch"
    assert profile.log_dir == tmp_path / "STATE" / "traywatch" / "log"
    assert not tmp_path.joinpath("CONFIG").exists()
