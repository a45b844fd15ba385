"""Straight to the host or through a proxy: the environment and the system settings decide.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or what Windows and macOS have in their settings.
Loopback never goes through a proxy.

Behind a proxy we neither resolve nor connect, so what a name leads to cannot be judged. What still
holds: an address spelled out and localhost are judged as ever (``guard.looks_private``); names are
in the hands of the proxy, whose network it is.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

from traywatch.fetch import guard, words
from traywatch.fetch.aside import Aside
from traywatch.fetch.limits import Limits
from traywatch.fetch.trust import Trust
from traywatch.fetch.wire import Wire

_SETTINGS_FRESH_S: Final = 60.0
"""Reading the settings anew for every poll would cost as much as half the poll."""
_MOST_ROUTES: Final = 2000

Route = tuple[str, str]
"""A proxy and the host behind it. Each has a pool of its own: one big pool is slow."""


class Routes:
    """Chooses the transport for an address."""

    def __init__(self, limits: Limits, trust: Trust, wire: Wire, aside: Aside) -> None:
        self._limits = limits
        self._trust = trust
        self._wire = wire
        self._aside = aside
        self._proxied: dict[Route, httpx.AsyncBaseTransport] = {}
        self._proxies: dict[str, str] = {}
        self._read_at = float("-inf")

    async def to(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        """The transport for ``url``. Raises httpx.ProxyError where the setting makes no sense."""
        proxies = self._settings()
        proxy = proxies.get(url.scheme) or proxies.get("all")
        if not proxy or guard.is_loopback(url.host) or await self._is_exempt(url):
            return self._wire
        route = (proxy, url.host)
        if route not in self._proxied:
            if len(self._proxied) >= _MOST_ROUTES:
                await self.aclose()
            self._proxied[route] = self._through(proxy)
        return self._proxied[route]

    async def aclose(self) -> None:
        """Close every connection to a proxy."""
        routes, self._proxied = self._proxied, {}
        for transport in routes.values():
            await transport.aclose()

    def _settings(self) -> dict[str, str]:
        now = asyncio.get_running_loop().time()
        if now - self._read_at >= _SETTINGS_FRESH_S:
            self._proxies, self._read_at = getproxies(), now
        return self._proxies

    async def _is_exempt(self, url: httpx.URL) -> bool:
        """Aside, because Windows and macOS may look up names to find out."""
        where = url.host if url.port is None else f"{url.host}:{url.port}"
        return bool(await self._aside(partial(proxy_bypass, where)))

    def _through(self, proxy: str) -> httpx.AsyncBaseTransport:
        try:
            transport = httpx.AsyncHTTPTransport(
                verify=self._trust.context,
                proxy=proxy if "://" in proxy else f"http://{proxy}",
                limits=httpx.Limits(
                    max_connections=self._limits.per_host,
                    keepalive_expiry=self._limits.keep_idle_s,
                ),
            )
            return _Proxied(transport)
        except (ValueError, httpx.InvalidURL) as error:
            raise httpx.ProxyError("the proxy setting is no address of an HTTP proxy") from error
        except ImportError as error:  # httpx needs another package for these
            raise httpx.ProxyError("SOCKS proxies are not supported") from error


class _Proxied(httpx.AsyncBaseTransport):
    """httpx's own transport, with reasons in words for a person."""

    def __init__(self, transport: httpx.AsyncHTTPTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except httpx.ConnectError as error:
            raise httpx.ConnectError(words.of_proxied(error)) from error
        except httpx.ProxyError as error:
            raise httpx.ProxyError("the proxy refuses") from error

    async def aclose(self) -> None:
        await self._transport.aclose()
