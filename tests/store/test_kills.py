"""``kill -9`` at every failpoint of the store and at any moment (requirement S1).

After each life: the file is whole, and the log holds exactly what the memory says was news. After
all of them: every number was told, and was told again at most once a kill.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from traywatch import failpoints, store

ROOT: Final = Path(__file__).parents[2]
POINTS: Final = sorted(
    point
    for source in Path(store.__file__).parent.glob("*.py")
    for point in re.findall(r'failpoints\.hit\("([^"]+)"\)', source.read_text("utf-8"))
)
UNTIL: Final = 120
FEW_KILLS: Final = 25
MANY_KILLS: Final = 1_000

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is tested where there is one")


class Lives:
    """One profile through many lives of ``mortal``."""

    def __init__(self, directory: Path, until: int = UNTIL) -> None:
        self.directory = directory
        self.until = until
        self.told: Counter[int] = Counter()
        self.notices: list[str] = []
        self.kills = 0
        self.done = False

    def start(self, failpoint: str = "") -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.store.mortal", str(self.directory), str(self.until)],
            cwd=ROOT,
            env={**os.environ, failpoints.VARIABLE: failpoint},
            stdout=subprocess.PIPE,
            text=True,
        )

    def live(self, failpoint: str = "") -> bool:
        """One life, to its end. True: it was killed."""
        with self.start(failpoint) as process:
            return self.bury(process, "")

    def live_for(self, seconds: float) -> None:
        """One life, killed so long after its store is open."""
        with self.start() as process:
            assert process.stdout is not None
            before = process.stdout.readline()
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
            self.bury(process, before)

    def bury(self, process: subprocess.Popen[str], before: str) -> bool:
        assert process.stdout is not None
        for line in (before + process.stdout.read()).splitlines():
            word, _, rest = line.partition(" ")
            if word == "told":
                self.told[int(rest)] += 1
            elif word == "notice":
                self.notices.append(rest)
            self.done |= word == "done"
        exit_code = process.wait(60)
        assert exit_code in (0, -signal.SIGKILL)
        self.kills += exit_code != 0
        self.check()
        return exit_code != 0

    def check(self) -> None:
        """What must hold between any two lives. Looked at in a copy: the next life is to find
        the WAL as the last one left it."""
        if not (self.directory / "traywatch.db").exists():
            return
        with tempfile.TemporaryDirectory() as copy:
            shutil.copytree(self.directory, copy, dirs_exist_ok=True)
            self.check_database(Path(copy) / "traywatch.db")

    def check_database(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (newest,) = connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
        ).fetchone()
        (known,) = connection.execute("SELECT count(*) FROM seen").fetchone()
        (receipts,) = connection.execute("SELECT count(*) FROM receipts").fetchone()
        (cursor,) = connection.execute("SELECT coalesce(max(seq), 0) FROM cursors").fetchone()
        connection.close()
        assert known == newest == receipts, "log, memory and receipts came apart"
        assert cursor <= newest, "a cursor is ahead of the log"
        assert set(self.told) >= set(range(1, cursor + 1)), "a cursor is ahead of what was told"

    def check_at_the_end(self) -> None:
        """Nothing lost; repeated at most once a kill."""
        assert self.done
        assert sorted(self.told) == list(range(1, self.until + 1))
        assert self.told.total() - self.until <= self.kills
        assert self.notices == []


def test_there_is_a_point_before_inside_and_after_what_matters() -> None:
    assert POINTS == [
        "store.aside.between",
        "store.commit.after",
        "store.commit.before",
        "store.commit.inside",
        "store.create.after",
        "store.create.before",
        "store.cursor.after",
        "store.cursor.before",
        "store.prune.inside",
        "store.upgrade.inside",
    ]


@pytest.mark.parametrize("passage", [1, 2, 37])
@pytest.mark.parametrize("point", sorted(set(POINTS) - {"store.aside.between"}))
def test_killed_at_a_point_nothing_is_lost(tmp_path: Path, point: str, passage: int) -> None:
    lives = Lives(tmp_path / "profile", until=60)
    killed = lives.live(f"{point}:{passage}")
    assert killed or passage > passages_of(point)
    lives.live()
    lives.check_at_the_end()


def passages_of(point: str) -> int:
    """How often a life that is not killed passes at the least."""
    once = ("store.create.after", "store.create.before", "store.upgrade.inside")
    return 1 if point in once else 2 if point == "store.prune.inside" else 60


def test_killed_while_a_damaged_file_is_set_aside_it_is_set_aside(tmp_path: Path) -> None:
    """What is left of the WAL is set aside in the next life: it never meets the new database."""
    lives = Lives(tmp_path / "profile", until=20)
    lives.live("store.commit.before:10")
    (lives.directory / "traywatch.db").write_bytes(b"damaged")
    wal = (lives.directory / "traywatch.db-wal").read_bytes()
    assert wal
    lives.told.clear()
    lives.live("store.aside.between")
    lives.live()
    assert ["gone" in notice for notice in lives.notices] == [True]
    kept = {path.read_bytes() for path in lives.directory.glob("*.damaged-*")}
    assert {b"damaged", wal} <= kept
    assert sorted(lives.told) == list(range(1, 21))


def test_killed_at_any_moment_nothing_is_lost(tmp_path: Path) -> None:
    _endure(Lives(tmp_path / "profile", until=100_000), FEW_KILLS, random.Random(2))


@pytest.mark.soak
def test_killed_a_thousand_times_nothing_is_lost(tmp_path: Path) -> None:
    _endure(Lives(tmp_path / "profile", until=10_000_000), MANY_KILLS, random.Random(3))


def _endure(lives: Lives, kills: int, jitter: random.Random) -> None:
    """Kill at random, then let it be and look at what there is."""
    while lives.kills < kills:
        lives.live_for(jitter.uniform(0.0, 0.04))
    lives.until = max(lives.told) + 10
    lives.live()
    lives.check_at_the_end()
