"""The conductor: one coroutine that polls, advances, commits and delivers.

    due page | fetch(url, validators)  -> Reply
             | platform.parse(reply)   -> Snapshot        or FormatError
             | advance(memory, observation, now) -> memory', events
             | store.commit(memory', events, validators)  ONE transaction
             | every sink drains the event log behind its own cursor
    webhook  | verify | commit receipt | -> Snapshot(exhaustive=False) -> the same road, and ring
             | the page's doorbell (poll it now)
    failure  | advance(memory, Failure, now) -> the same road

    conductor.py   the loop, its tasks and their supervision
    timetable.py   which page is due when
    look.py        one look at one page, and what it leads to
    discovery.py   which platform a page is, and which document to poll
    network.py     is it them or is it us
    ledger.py      advance and commit: the only place where memory changes
    drain.py       the event log into one sink
    inbox.py       what the listener and the relays hand in

Nothing here knows its thread. Failures are values from here on: no exception passes ``look``.
"""
