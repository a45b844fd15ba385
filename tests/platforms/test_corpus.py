"""Recorded documents of real pages, where a collection of them is at hand.

``TRAYWATCH_CORPUS`` names its folder: one folder a platform, and ``odd_derived`` with damaged
ones. It is not part of the project.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from traywatch.core.errors import FormatError
from traywatch.core.model import Snapshot
from traywatch.core.reply import Reply
from traywatch.platforms import PLATFORMS, detect
from traywatch.platforms.markup import plain_text

FOLDER = os.environ.get("TRAYWATCH_CORPUS")
CORPUS = Path(FOLDER) if FOLDER else None
UNREADABLE = {"sp_truncated.json"}
"""Of the documents in ``odd_derived`` that are JSON at all."""

pytestmark = pytest.mark.skipif(CORPUS is None, reason="TRAYWATCH_CORPUS is not set")


def files(*folders: str) -> list[Path]:
    found = [sorted((CORPUS / folder).iterdir()) for folder in folders] if CORPUS else []
    return [file for folder in found for file in folder]


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def document(file: Path) -> Reply:
    return Reply(url=file.as_uri(), http_status=200, body=file.read_bytes())


def rows(value: Any, *keys: str) -> Iterator[dict[str, Any]]:
    for key in keys:
        yield from (value.get(key) or ()) if isinstance(value, dict) else ()


@pytest.mark.parametrize("file", files("statuspage", "incidentio"), ids=named)
def test_every_document_is_recognised_and_understood_whole(file: Path) -> None:
    read = document(file)
    platform = detect(read)
    assert platform is not None
    assert platform.name == file.parent.name
    compare(platform.parse(read), json.loads(read.body))


def compare(snapshot: Snapshot, value: Any) -> None:
    """Nothing that is listed is missing, and the words are the vendor's."""
    listed = list(rows(value, "incidents", "scheduled_maintenances"))
    if listed:
        assert [i.id for i in snapshot.incidents] == [row["id"] for row in listed]
    for incident, row in zip(snapshot.incidents, listed, strict=False):
        newest_first = row.get("incident_updates") or []
        bodies = [plain_text(update["body"]) for update in reversed(newest_first)]
        assert [u.body for u in incident.updates] == bodies
        assert all(u.at for u in incident.updates)
    members = [row for row in rows(value, "components") if not row.get("group")]
    assert {row["id"] for row in members} <= {c.id for c in snapshot.components}


@pytest.mark.parametrize("file", files("odd_derived"), ids=named)
def test_every_odd_document_is_understood_or_refused(file: Path) -> None:
    read = document(file)
    if file.name.startswith("sp_") and file.name not in UNREADABLE:
        platform = detect(read)
        assert platform is not None
        assert platform.parse(read).components
        return
    assert detect(read) is None
    for platform in PLATFORMS:
        with pytest.raises(FormatError):
            platform.parse(read)


def test_no_document_of_another_platform_is_taken_for_one_of_ours() -> None:
    ours = {"statuspage", "incidentio", "odd_derived"}
    folders = [f.name for f in CORPUS.iterdir() if f.is_dir()] if CORPUS else []
    others = files(*(name for name in folders if name not in ours))
    assert {named(file): detect(document(file)) for file in others} == dict.fromkeys(
        map(named, others)
    )
