"""What the program says about itself: standard ``logging``, set up once for the whole process.

It goes to stderr and to its own file, never among the records on stdout. What holds true:

- One message is one line, whatever is in it; credentials in addresses are masked.
- stderr never sees a traceback. The file gets one for what nobody expected, and only for that:
  a ``TraywatchError`` says all there is to say in its message.
- A log that cannot be written never stops the program: stderr is told once, and that is all.

Any floor above the core logs with ``logging.getLogger(__name__)`` and names what it is about:

    log.warning("cannot be read: %s", reason, extra={"page": "openai", "incident": "kqp3"})
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

from traywatch.core.errors import TraywatchError
from traywatch.core.masking import mask_credentials
from traywatch.core.text import one_line

ROTATE_BYTES: Final = 5 * 1024 * 1024
KEPT_FILES: Final = 5
SUBJECTS: Final = ("page", "incident", "update")
"""What a message may be about, given by ``extra=``; each is an id."""

_LINE_LIMIT: Final = 4_000
"""Characters; a message may hold a vendor's words."""


def configure(
    *, level: str, log_format: str, file: Path | None, stream: TextIO | None = None
) -> None:
    """Start (or start anew) the program's log.

    ``level`` is debug, info, warning or error; ``log_format`` is text or json. ``file`` None: to
    ``stream`` only, which is stderr where it is None. Never raises.
    """
    stream = stream or sys.stderr
    _release_handlers()
    to_stream: logging.Handler = logging.StreamHandler(stream)
    to_stream.setFormatter(_formatter(log_format, tracebacks=False))
    handlers = [to_stream]
    if file is not None:
        to_file = _File(file, stream)
        to_file.setFormatter(_formatter(log_format, tracebacks=True))
        handlers.append(to_file)
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    # Libraries speak up from "warning" on: httpx logs every single request as "info".
    root.setLevel(logging.WARNING)
    logging.getLogger("traywatch").setLevel(level.upper())
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    threading.excepthook = _log_thread_death


def _log_thread_death(death: threading.ExceptHookArgs) -> None:
    name = death.thread.name if death.thread else "?"
    raised = death.exc_value or death.exc_type()
    logging.getLogger(__name__).error("thread %s died", name, exc_info=raised)


def _release_handlers() -> None:
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler.formatter, _Text):
            root.removeHandler(handler)
            handler.close()


def _formatter(log_format: str, *, tracebacks: bool) -> _Text:
    return _Json(tracebacks) if log_format == "json" else _Text(tracebacks)


class _Text(logging.Formatter):
    """``2025-11-18 12:34:56 warning watch: cannot be read: ... [page=openai]``"""

    def __init__(self, tracebacks: bool) -> None:
        super().__init__()
        self._tracebacks = tracebacks

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end; a traceback may follow it on lines of its own."""
        about = " ".join(f"{name}={_clean(value)}" for name, value in _subjects(record))
        line = (
            f"{_at(record):%Y-%m-%d %H:%M:%S} {record.levelname.lower()} {_origin(record)}: "
            f"{_message(record)}"
        )
        trace = self._trace(record)
        return line + (f" [{about}]" if about else "") + (f"\n{trace}" if trace else "")

    def _trace(self, record: logging.LogRecord) -> str:
        if self._tracebacks and _unexpected(record) is not None and record.exc_info:
            return mask_credentials(self.formatException(record.exc_info))
        return ""


class _Json(_Text):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One object: at, level, origin, message, and page, incident, update, traceback if any."""
        fields = {
            "at": _at(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "origin": _origin(record),
            "message": _message(record),
        }
        fields.update((name, str(value)) for name, value in _subjects(record))
        if trace := self._trace(record):
            fields["traceback"] = trace
        return json.dumps(fields)


class _File(logging.handlers.RotatingFileHandler):
    """The program's own file: for its owner's eyes only, and never a reason to stop."""

    def __init__(self, file: Path, fallback: TextIO | None) -> None:
        super().__init__(
            file,
            maxBytes=ROTATE_BYTES,
            backupCount=KEPT_FILES,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
        self._fallback = fallback
        self._told = False

    def _open(self) -> TextIOWrapper:
        file = Path(self.baseFilename)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """The disk is full, the folder is gone or not ours: say so once."""
        reason = sys.exc_info()[1]
        if not self._told and self._fallback is not None:
            self._told = True
            print(f"traywatch: {self.baseFilename} is not written: {reason}", file=self._fallback)


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _origin(record: logging.LogRecord) -> str:
    return record.name.removeprefix("traywatch.")


def _subjects(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    for name in SUBJECTS:
        if (value := getattr(record, name, None)) is not None:
            yield name, value


def _message(record: logging.LogRecord) -> str:
    """The message on one line, with what was raised in a few words."""
    text = record.getMessage()
    raised = record.exc_info[1] if record.exc_info else None
    if raised is not None:
        kind = "" if isinstance(raised, TraywatchError) else f"{type(raised).__name__}: "
        text = f"{text}: {kind}{raised}"
    return _clean(text)


def _unexpected(record: logging.LogRecord) -> BaseException | None:
    raised = record.exc_info[1] if record.exc_info else None
    return None if isinstance(raised, TraywatchError) else raised


def _clean(value: object) -> str:
    return mask_credentials(one_line(str(value), _LINE_LIMIT))
