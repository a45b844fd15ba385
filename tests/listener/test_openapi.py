"""Schemathesis against ``openapi.json``, as the program that ``make soak`` sets up.

It brings a pytest plugin and thirty packages of its own, so it lies in a virtual environment of
its own. That odd documents are rejected is not checked: a webhook with an update that cannot be
read still tells of the others, and none at all is no fault of its sender.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from tests.listener.serving import listening

DESCRIPTION = Path(__file__).with_name("openapi.json")
CHECKOUT = Path(__file__).resolve().parents[2]
# "bin" or "Scripts", as in our own virtual environment.
PROGRAMS = CHECKOUT / ".build/soak" / Path(sys.executable).parent.name
LIMIT_S = 900.0
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,unsupported_method,"
    "response_headers_conformance,response_schema_conformance,allow_header_conformance"
)


@pytest.mark.soak
def test_the_described_api(tmp_path: Path) -> None:
    program = shutil.which("schemathesis", path=str(PROGRAMS))
    assert program, f"no schemathesis in {PROGRAMS}: make soak sets it up"
    arguments = ["run", str(DESCRIPTION), "--checks", CHECKS, "--max-examples", "1000"]

    async def test() -> tuple[int, str]:
        async with listening() as served:
            url = f"http://{served.host}:{served.port}"
            tests = await asyncio.create_subprocess_exec(
                program, *arguments, "--url", url, cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            said, _ = await asyncio.wait_for(tests.communicate(), LIMIT_S)
            return tests.returncode or 0, said.decode()

    code, said = asyncio.run(test())
    print(said)
    assert code == 0, said
