"""The store a conductor is given, where the profile's own cannot be had."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest

from tests.store.build import fresh_store, record, take
from traywatch import running
from traywatch.profile import Profile
from traywatch.store import opening


def test_what_stays_locked_is_gone_on_with_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """From what can be read of it; and each thing that is to be known is said once."""
    store = fresh_store(tmp_path)
    take(store, record(), 1)
    store.close()
    monkeypatch.setattr(running, "LOCKED_S", 0.01)
    monkeypatch.setattr(running, "RETRY_S", 0.001)
    monkeypatch.setattr(opening, "OPEN_TIMEOUT_S", 0.0)
    rival = sqlite3.connect(tmp_path / "traywatch.db", isolation_level=None)
    rival.execute("BEGIN IMMEDIATE")
    with caplog.at_level(logging.WARNING):
        store = asyncio.run(running._open_store(Profile(tmp_path, tmp_path, tmp_path)))
    assert store.in_memory_only
    assert store.pages().keys() == {"example"}
    waiting, memory = [record.getMessage() for record in caplog.records]
    assert waiting == "another program holds what is remembered, waiting for it"
    assert "another program holds it locked" in memory
    assert memory.endswith("what is told may be told again after the next start")
    store.close()
    rival.close()
