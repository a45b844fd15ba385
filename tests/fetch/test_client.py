"""The Fetcher over a transport that is made up, and what it costs to have one."""

from __future__ import annotations

import gzip
import subprocess
import sys

import httpx

from tests.faults.arena import Clock, failure, play
from traywatch.core.model import Fault
from traywatch.fetch import USER_AGENT, Fetcher


def test_it_works_over_httpx_mock_transport() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        assert request.headers["user-agent"] == USER_AGENT
        if "if-none-match" in request.headers:
            return httpx.Response(304)
        return httpx.Response(200, headers={"ETag": 'W/"1"'}, json={"page": {}})

    async def scenario() -> None:
        fetcher = Fetcher(transport=httpx.MockTransport(vendor), now=Clock())
        first = await fetcher.get("https://status.example/api/v2/summary.json")
        assert first.body == b'{"page":{}}'
        assert first.headers["content-type"] == "application/json"
        assert first.received_bytes == len(first.body)
        second = await fetcher.get(first.url, first.validators)
        assert (second.http_status, second.unchanged) == (304, True)
        await fetcher.aclose()

    play(scenario)


def test_a_made_up_transport_is_guarded_by_what_is_spelled_out() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "status.example", "nothing else may be asked"
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/latest"})

    async def scenario() -> None:
        fetcher = Fetcher(transport=httpx.MockTransport(vendor))
        error = await failure(fetcher, "http://status.example/")
        assert error.fault is Fault.UNREADABLE
        assert str(error) == "169.254.169.254: it leads into a private network"
        await fetcher.aclose()

    play(scenario)


def test_what_a_transport_raises_becomes_a_fetch_error() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        raise {
            "/a": httpx.ConnectError("no way"),
            "/b": httpx.RemoteProtocolError("nonsense"),
            "/c": ConnectionResetError(),
            "/d": httpx.PoolTimeout(""),
        }[request.url.path]

    async def scenario() -> None:
        fetcher = Fetcher(transport=httpx.MockTransport(vendor))
        told = [await failure(fetcher, f"http://h{path}") for path in ("/a", "/b", "/c", "/d")]
        assert [(str(error), error.fault) for error in told] == [
            ("h: no way", Fault.UNREACHABLE),
            ("h: nonsense", Fault.UNREADABLE),
            ("h: no answer", Fault.UNREACHABLE),
            ("h: no answer", Fault.UNREACHABLE),
        ]
        await fetcher.aclose()

    play(scenario)


def test_names_of_hosts_and_fields_are_kept_as_the_rules_say() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        fields = [(b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"\xe9")]
        body = gzip.compress(b"{}")
        return httpx.Response(
            200, headers=[*fields, (b"Content-Encoding", b"gzip")], stream=httpx.ByteStream(body)
        )

    async def scenario() -> None:
        fetcher = Fetcher(transport=httpx.MockTransport(vendor))
        got = await fetcher.get("HTTPS://STATUS.Example:443/Path?q=1#part")
        assert got.url == "https://status.example/Path?q=1"
        assert got.moved_to is None
        assert (got.headers["x-a"], got.headers["x-b"]) == ("2", "\xe9")
        assert got.body == b"{}"
        await fetcher.aclose()

    play(scenario)


def test_a_fetcher_imports_nothing_it_may_not_need() -> None:
    """Ready in 0.4 s and 45 MB: httpx's own network stack and truststore stay out on Linux."""
    code = "import sys, traywatch.fetch; print(*sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"httpcore", "anyio", "truststore", "certifi"} & set(ran.stdout.split())
