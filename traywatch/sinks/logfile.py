"""Records in a file, each exactly once, whatever happens in between.

Every ``emit`` first looks at what lies in the file behind the noted place and writes only what is
missing there. So it does not matter what ended the one before: a kill between two bytes, a full
disk, an error after the last byte. What is found whole counts as written, what is torn is cut off.

    place        noted with the cursor: a size in bytes, and a mark of the bytes just before it,
                 by which the file is known again after it was rotated
    power cut    what is written is synced before ``emit`` returns, and the place is noted after
                 that: the disk never holds less than the noted place. It may hold more, when the
                 note was lost; that is found like after a kill. One sync a batch costs
                 milliseconds, and status pages do not speak often.
    rotation     decided before a write and only at the noted place, so that no record lies across
                 two files. Each step is a rename; a chain of them that was interrupted is gone on
                 with, as the missing number shows where it stopped.
    text that is not ours   is left where it is, and the next record begins on its own line

The file is open only while it is written to: a vanished folder is made anew, another program may
take the file away, and Windows lets us rename it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from traywatch import failpoints
from traywatch.core.errors import SinkError
from traywatch.core.model import Recorded
from traywatch.core.wording import record

log = logging.getLogger(__name__)

ROTATE_BYTES: Final = 5 * 1024 * 1024
"""A file does not grow beyond this, as long as it can be renamed."""
KEPT_FILES: Final = 5
"""Besides the one written to: ``records.log.1`` is the newest of them."""

_MARKED: Final = 64
"""Bytes a mark is made of: always the end of a record, which hardly any two files share."""
_O_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
"""Windows, where line ends would be changed otherwise."""


class Place(NamedTuple):
    """Where the last record ended."""

    size: int
    """Bytes of the file up to there."""
    mark: int
    """CRC-32 of the last bytes before it."""

    def __str__(self) -> str:
        return f"{self.size}:{self.mark:08x}"

    @classmethod
    def read(cls, position: str) -> Place:
        """The place of a noted position; the begin of the file where none was noted."""
        noted = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{8})", position)
        return cls(int(noted[1]), int(noted[2], 16)) if noted else BEGIN


BEGIN: Final = Place(0, zlib.crc32(b""))


class _Part(NamedTuple):
    """What one file holds behind a place."""

    path: Path
    begin: int
    content: bytes


class _Found(NamedTuple):
    """How much of what is to be written is there already."""

    number: int
    place: Place
    """Where the last of them ends."""
    size: int
    """Of the current file."""
    rest: bytes
    """What the current file holds behind the place."""


class LogFileSink:
    """Writes records to ``path``, and rotates it."""

    name = "log"
    batch = 64
    sums_up = False
    """May be more than one: none of a batch is repeated after a kill."""

    def __init__(
        self, path: Path, *, rotate_bytes: int = ROTATE_BYTES, kept_files: int = KEPT_FILES
    ) -> None:
        older = (path.with_name(f"{path.name}.{n}") for n in range(1, kept_files + 1))
        self._path = path
        self._files = (path, *older)
        """Newest first."""
        self._rotate_bytes = rotate_bytes
        self._place = BEGIN

    def start(self, seq: int, position: str, pending: Sequence[Recorded]) -> tuple[int, str]:
        """Move the cursor past the records that are in the file already.

        Raises a passing SinkError where the file cannot be read.
        """
        self._place = Place.read(position)
        printed = [(p.seq, text) for p in pending if (text := _text(p)) is not None]
        try:
            found = self._find([text for _, text in printed])
        except OSError as error:
            raise self._failed(error) from error
        self._place = found.place
        return (printed[found.number - 1][0] if found.number else seq), str(found.place)

    def emit(self, batch: Sequence[Recorded]) -> str:
        """Write the records that are not in the file yet; durable on return.

        Raises a passing SinkError; what was written in part is taken back or ended later.
        """
        texts = [text for recorded in batch if (text := _text(recorded)) is not None]
        try:
            found = self._find(texts)
            missing = texts[found.number :]
            self._place = self._write(found, missing) if missing else found.place
        except OSError as error:
            raise self._failed(error) from error
        return str(self._place)

    def close(self) -> None:
        """Everything is on the disk, and nothing is open."""

    def _failed(self, error: OSError) -> SinkError:
        return SinkError(f"cannot write to {self._path}: {error.strerror or error}")

    # ------------------------------------------------------------ looking

    def _find(self, texts: Sequence[bytes]) -> _Found:
        """Look for the records, in their order, behind the place."""
        parts = self._behind_place()
        lines = b"\n" + b"".join(part.content for part in parts)
        number = end = 0
        for text in texts:
            at = lines.find(b"\n" + text, end)
            if at < 0:
                break
            number, end = number + 1, at + len(text)
        current = parts[-1]
        seen = max(0, end - sum(len(part.content) for part in parts[:-1]))
        return _Found(
            number,
            self._place if end == 0 else _place_in(parts, end),
            current.begin + len(current.content),
            current.content[seen:],
        )

    def _behind_place(self) -> list[_Part]:
        """All that was written since the place was noted, oldest first, the current file last.

        The file of the place may have been rotated since. Where no file is it, because somebody
        took it away or no place was ever noted, anything may have been written since.
        """
        parts: list[_Part] = []
        for path in self._files:
            content = _read_behind(path, self._place) if self._place.size else None
            if content is not None:
                return [_Part(path, self._place.size, content), *parts]
            parts.insert(0, _Part(path, 0, _read_behind(path, BEGIN) or b""))
        return parts

    # ------------------------------------------------------------ writing

    def _write(self, found: _Found, missing: Sequence[bytes]) -> Place:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        rest = _without_torn(found.rest, missing[0])
        keep = found.size - len(found.rest) + len(rest)
        data = b"".join(missing)
        if rest and not rest.endswith(b"\n"):
            data = b"\n" + data
        is_full = keep > 0 and keep + len(data) > self._rotate_bytes
        if is_full and not found.rest and self._rotate():
            keep = 0
        _append(self._path, keep, data)
        if keep == 0:
            _sync_folder(self._path.parent)
        return _place_at(self._path, keep + len(data))

    def _rotate(self) -> bool:
        """Move every file up by one, as far as there is one; the oldest is dropped.

        False where it cannot be done now, on Windows while another program reads the file:
        better a file too large than a record too few.
        """
        failpoints.hit("logfile.rotate.before")
        free = (n for n, path in enumerate(self._files) if n and not path.exists())
        try:
            for n in range(next(free, len(self._files) - 1), 0, -1):
                os.replace(self._files[n - 1], self._files[n])
                failpoints.hit("logfile.rotate.between")
        except OSError as error:
            log.warning("cannot rotate %s: %s", self._path, error.strerror or error)
            return False
        return True


def _text(recorded: Recorded) -> bytes | None:
    text = record(recorded.event)
    return None if text is None else text.encode("utf-8")


def _read_behind(path: Path, place: Place) -> bytes | None:
    """What the file holds behind the place; None: it is not the place's file, or not there."""
    try:
        with open(path, "rb") as file:
            if _place_in_file(file, place.size) != place:
                return None
            return file.read()
    except FileNotFoundError:
        return None


def _place_at(path: Path, size: int) -> Place:
    with open(path, "rb") as file:
        return _place_in_file(file, size)


def _place_in_file(file: BinaryIO, size: int) -> Place:
    """The place at that size, or at the end of a shorter file. The file is left there."""
    start = max(0, size - _MARKED)
    file.seek(start)
    before = file.read(size - start)
    return Place(start + len(before), zlib.crc32(before))


def _place_in(parts: Sequence[_Part], end: int) -> Place:
    """The place so many bytes behind the first part's begin."""
    for part in parts[:-1]:
        if end <= len(part.content):
            return _place_at(part.path, part.begin + end)
        end -= len(part.content)
    return _place_at(parts[-1].path, parts[-1].begin + end)


def _without_torn(rest: bytes, text: bytes) -> bytes:
    """Cut off what is the begin of ``text``, and the zeros some file systems leave of a power cut.

    text: the record that was being written when it happened, if any was.
    """
    rest = rest.rstrip(b"\0")
    for length in range(min(len(rest), len(text) - 1), 0, -1):
        if rest.endswith(text[:length]) and rest[:-length][-1:] in (b"", b"\n"):
            return rest[:-length]
    return rest


def _append(path: Path, keep: int, data: bytes) -> None:
    """Add the data behind the file's first ``keep`` bytes, synced; or leave it at those bytes."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _O_BINARY, 0o600)
    try:
        if os.fstat(fd).st_size > keep:
            os.ftruncate(fd, keep)
        failpoints.hit("logfile.write.before")
        try:
            _write_all(fd, data)
            failpoints.hit("logfile.write.after")
            os.fsync(fd)
        except OSError:
            # A full disk must not leave half a record to readers. Where this fails too, the next
            # emit finds what is there.
            with contextlib.suppress(OSError):
                os.ftruncate(fd, keep)
            raise
    finally:
        os.close(fd)
    failpoints.hit("logfile.sync.after")


def _write_all(fd: int, data: bytes) -> None:
    """A nearly full disk takes a part, and says so only at the next write."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make the names of new and renamed files durable; Windows does so by itself."""
    if os.name == "nt":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
