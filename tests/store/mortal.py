"""A process that publishes numbers through a store until it is killed, or until it is through.

    python -m tests.store.mortal DIRECTORY UNTIL

Each number is one step of the road every update goes: is it new to the memory? commit it with
its event; drain the log behind the cursor to standard output; note the cursor. It prints
``ready`` when the store is open, a line ``told N`` for each number, ``done`` at the end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.store.build import NOW, TODAY, key, looked, opened, record, with_seen
from traywatch.core.memory import Seen
from traywatch.core.model import IncidentOpened
from traywatch.store import Commit, Cursor
from traywatch.store.sqlite import SqliteStore


def say(line: str) -> None:
    """One system call a line: a kill takes all of it or nothing."""
    os.write(1, f"{line}\n".encode())


def drain(store: SqliteStore) -> None:
    """Tell everything behind the cursor, noting each."""
    for recorded in store.events_after(store.cursor("console").seq, 100):
        assert isinstance(recorded.event, IncidentOpened)
        say(f"told {recorded.event.body.removeprefix('number ')}")
        store.move_cursor("console", Cursor(recorded.seq))


def live(directory: Path, until: int) -> None:
    """From wherever the last life ended."""
    store, notices = SqliteStore.open(directory, NOW)
    for notice in notices:
        say(f"notice {notice}")
    say("ready")
    store.cursor("console")
    for number in range(1, until + 1):
        page = store.pages().get("example") or record()
        if key(number) not in page.memory.seen:
            news = with_seen(looked(page, NOW), {key(number): Seen(number, TODAY)})
            store.commit([Commit(news, (opened(number),), (f"delivery {number}",))], NOW)
        drain(store)
        if number % 50 == 0:
            store.prune(NOW)
    store.close()
    say("done")


if __name__ == "__main__":
    live(Path(sys.argv[1]), int(sys.argv[2]))
