"""``traywatch --demo --console``: a whole outage and a maintenance, without any network."""

from __future__ import annotations

from typing import Final

from tests.process.conftest import Start
from tests.process.harness import records_in

PLAYED_S: Final = 60.0
IN_A_HURRY: Final = """
import sys
from functools import partialmethod
from traywatch.cli import main
from traywatch.demo import DemoVendor
DemoVendor.start_script = partialmethod(DemoVendor.start_script, speed=3.0)
sys.exit(main())
"""
"""A minute in twenty seconds: the page is still polled at least once in every step."""


def test_the_demo_prints_a_whole_outage_and_a_maintenance_and_ends(run: Start) -> None:
    program = run("--demo", "--console", command=("-c", IN_A_HURRY))
    shown = program.stdout.wait_for(lambda text: "The upgrade is complete." in text, PLAYED_S)
    told = [(record.product, record.status_line) for record in records_in(shown)]
    api, both = "Example Cloud - API", "Example Cloud - API, Dashboard"
    outage, upgrade = "Elevated API errors: ", "Database upgrade: "
    assert told[0][0] == api
    assert told[0][1].startswith("Degraded performance")
    assert [(product, line.removeprefix(outage)[:27]) for product, line in told[1:6]] == [
        (api, "We are investigating slow r"),
        (both, "Most API requests are faili"),
        (both, "A configuration change exha"),
        (both, "The change is rolled back a"),
        (both, "All requests have succeeded"),
    ]
    assert all(line.startswith(outage) for _, line in told[1:6])
    assert {product for product, _ in told[6:]} == {"Example Cloud - Webhooks"}
    assert [line.removeprefix(upgrade)[:20] for _, line in told[6:]] == [
        "We will upgrade the ",
        "The upgrade has begu",
        "The upgrade is done.",
        "The upgrade is compl",
    ]
    assert all(line.startswith(upgrade) for _, line in told[6:])
    assert program.wait() == 0, "it ends by itself when the play is over"
    assert program.stdout.all() == shown
    assert "Traceback" not in program.stderr.all()
