"""Reading a vendor's document, politely and at bounded cost: the only HTTP client.

client.py      one conditional GET -> Reply: turns, redirects, errors
addresses.py   addresses as configured and as vendors send us on
headers.py     validators, caching, Retry-After
limits.py      every bound, and the body reader that enforces those in bytes
guard.py       which addresses are private
routes.py      straight or through a proxy
wire.py        HTTP/1.1 over kept connections, a transport under httpx
dial.py        resolve, judge, connect, shake hands
resolve.py  aside.py  race.py  stream.py  trust.py   the parts of dial
"""

from traywatch.fetch.client import USER_AGENT, Fetcher
from traywatch.fetch.limits import Limits
from traywatch.fetch.resolve import Resolver

__all__ = ["USER_AGENT", "Fetcher", "Limits", "Resolver"]
