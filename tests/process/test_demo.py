"""``traywatch --demo --console``: a whole outage and a maintenance, without any network."""

from __future__ import annotations

import signal

from tests.process.conftest import Start
from tests.process.harness import OUT_WITHIN_S, records_in

PLAYED_S = 90.0
"""The script takes a minute."""


def test_the_demo_prints_a_whole_outage_and_a_maintenance(run: Start) -> None:
    program = run("--demo", "--console")
    shown = program.stdout.wait_for(lambda text: "The upgrade is complete." in text, PLAYED_S)
    told = [(record.product, record.status_line) for record in records_in(shown)]
    api, both = "Example Cloud - API", "Example Cloud - API, Dashboard"
    outage = "Elevated API errors: "
    assert told[0] == (api, "Degraded performance (was operational)")
    assert [(product, line.removeprefix(outage)[:27]) for product, line in told[1:6]] == [
        (api, "We are investigating slow r"),
        (both, "Most API requests are faili"),
        (both, "A configuration change exha"),
        (both, "The change is rolled back a"),
        (both, "All requests have succeeded"),
    ]
    assert all(line.startswith(outage) for _, line in told[1:6])
    assert all(product == "Example Cloud - Webhooks" for product, _ in told[6:])
    assert [line.removeprefix("Database upgrade: ")[:20] for _, line in told[6:]] == [
        "We will upgrade the ",
        "The upgrade has begu",
        "The upgrade is done.",
        "The upgrade is compl",
    ]
    assert "Traceback" not in program.stderr.text
    if program.running:
        program.send(signal.SIGTERM)
    assert program.wait(OUT_WITHIN_S) == 0
