"""As many vendors as one likes on loopback: nginx serving status documents to every 127.x.y.z.

host00042.vendors.test -> 127.0.1.43, by ``resolve`` in place of the name look-up

/quiet/api/v2/summary.json    the same 30 kB with an ETag: 304 to whoever sends it back
/busy/api/v2/summary.json     30 kB whose page.updated_at moves every second: never 304
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

DOMAIN = "vendors.test"
_MOVING = "2000-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Vendors:
    """Where they are."""

    http_port: int
    https_port: int
    ca_file: Path

    def page(self, number: int, scheme: str, kind: str) -> str:
        """The address of one page; every one has a host of its own."""
        port = self.https_port if scheme == "https" else self.http_port
        return f"{scheme}://host{number:05}.{DOMAIN}:{port}/{kind}"


def resolve() -> None:
    """From now on, in this process, vendors' names are loopback addresses."""
    system = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.endswith(f".{DOMAIN}"):
            number = int(name.split(".")[0].removeprefix("host"))
            host = f"127.0.{1 + number // 250}.{1 + number % 250}"
        return system(host, port, *rest, **kwargs)

    socket.getaddrinfo = look_up


@contextmanager
def vendors(folder: Path) -> Iterator[Vendors]:
    """Run them; ``folder`` is for their files."""
    if shutil.which("nginx") is None:
        sys.exit("this benchmark needs nginx (Debian: apt-get install nginx-light)")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    ca.issue_cert(f"*.{DOMAIN}").private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
    served = Vendors(_free_port(), _free_port(), folder / "ca.pem")
    for kind in ("quiet", "busy"):
        file = folder / "www" / kind / "api" / "v2" / "summary.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(_document()))
    (folder / "nginx.conf").write_text(_configuration(folder, served))
    nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        _wait_for(served.http_port)
        yield served
    finally:
        nginx.terminate()
        nginx.wait()


def _document() -> dict[str, object]:
    """A calm page of some 30 kB: 110 components, as a mid-sized vendor has."""
    return {
        "page": {
            "id": "p" * 12,
            "name": "Vendor",
            "url": "https://vendor.test",
            "time_zone": "Etc/UTC",
            "updated_at": _MOVING,
        },
        "components": [_component(number) for number in range(110)],
        "incidents": [],
        "scheduled_maintenances": [],
        "status": {"indicator": "none", "description": "All Systems Operational"},
    }


def _component(number: int) -> dict[str, object]:
    return {
        "id": f"component{number:03}",
        "name": f"Component {number}",
        "status": "operational",
        "created_at": "2020-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
        "position": number,
        "description": None,
        "showcase": True,
        "start_date": None,
        "group_id": None,
        "page_id": "p" * 12,
        "group": False,
        "only_show_if_degraded": False,
    }


def _configuration(folder: Path, served: Vendors) -> str:
    return f"""
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
user root;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_timeout 300s; keepalive_requests 1000000;
  default_type application/json; root {folder}/www;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  ssl_certificate {folder}/own.pem; ssl_certificate_key {folder}/own.pem;
  server {{
    listen {served.http_port} backlog=4096; listen {served.https_port} ssl backlog=4096;
    add_header Cache-Control "max-age=0";
    location /busy/ {{
      sub_filter_types application/json; sub_filter "{_MOVING}" $time_iso8601;
    }}
  }}
}}
"""


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit("nginx did not start")
