"""Endpoints that parse the JSON and answer 204, and nothing else: the floors of the listener.

    python -m benchmarks._bare starlette|asgi|h11 PORT

starlette   on uvicorn with httptools: what one would write first
asgi        a plain callable in its place
h11         the same callable on uvicorn's other parser
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def endpoint(request: Request) -> Response:
    await request.json()
    return Response(status_code=204)


async def callable_endpoint(scope: Any, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    json.loads(body)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


if __name__ == "__main__":
    kind, port = sys.argv[1:]
    starlette = Starlette(routes=[Route("/webhook", endpoint, methods=["POST"])])
    uvicorn.run(
        starlette if kind == "starlette" else callable_endpoint,
        port=int(port),
        http="h11" if kind == "h11" else "httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
    )
