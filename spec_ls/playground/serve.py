"""The page and its server on one local port: files of the page over HTTP, the language server over a WebSocket.

Whoever may see it is told by the address: it holds a secret that is made anew at every start. Only this machine can
reach the port, and a page from elsewhere that makes the browser ask is turned away by its Host or Origin.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import logging
import secrets
import signal
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from spec_ls.playground.folder import MOST_BYTES, Folder
from spec_ls.playground.session import begin

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
_MOST_MESSAGE = 4 * MOST_BYTES
"""Bytes: a text takes more room as JSON."""
_MOST_WAITING = 64 * 1024 * 1024
"""Bytes for a page that does not read; beyond them its connection is closed."""
_CLOSE_SECONDS = 2.0
_KINDS = {
    "index.html": "text/html; charset=utf-8",
    "main.js": "text/javascript; charset=utf-8",
    "main.css": "text/css; charset=utf-8",
    "folder.json": "application/json",
}
"""All that is served, and as what."""


def page_file(name: str) -> bytes:
    """A file of the page, as it was built."""
    return (files("spec_ls.playground") / "static" / name).read_bytes()


class Playground:
    """One folder on one port, for any number of pages."""

    def __init__(self, folder: Folder, first: str = "") -> None:
        self.folder = folder
        self.first = first
        self.token = secrets.token_urlsafe(24)
        self.port = 0

    async def start(self, port: int = 0) -> Server:
        """Begins to listen; with port 0 on any that is free. Raises OSError where the port is taken."""
        server = await serve(
            self._serve_page,
            HOST,
            port,
            process_request=self._answer,
            max_size=_MOST_MESSAGE,
            compression=None,
            close_timeout=_CLOSE_SECONDS,
            server_header=None,
            logger=logger,
        )
        self.port = next(iter(server.sockets)).getsockname()[1]
        return server

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    # --- who may ask

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """A file of the page, or a refusal; None for a WebSocket of the page, which goes on."""
        hosts = request.headers.get_all("Host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST)  # another name for this machine: DNS rebinding
        _, _, rest = request.path.partition("/")
        token, slash, name = rest.partition("/")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode("ascii")) or not slash:
            return _refusal(HTTPStatus.NOT_FOUND)
        origins = request.headers.get_all("Origin")
        if name == "lsp":
            return None if len(origins) == 1 and origins[0] in self._origins else _refusal(HTTPStatus.FORBIDDEN)
        if any(origin not in self._origins for origin in origins):
            return _refusal(HTTPStatus.FORBIDDEN)
        name = name.partition("?")[0] or "index.html"
        return self._page_file(name, request) if name in _KINDS else _refusal(HTTPStatus.NOT_FOUND)

    @cached_property
    def _hosts(self) -> tuple[str, ...]:
        return f"{HOST}:{self.port}", f"localhost:{self.port}"

    @cached_property
    def _origins(self) -> tuple[str, ...]:
        return tuple(f"http://{host}" for host in self._hosts)

    # --- files of the page

    def _page_file(self, name: str, request: Request) -> Response:
        data = self._home() if name == "folder.json" else page_file(name)
        headers = Headers({"Content-Type": _KINDS[name], "Cache-Control": "no-store"})
        if name == "index.html":
            nonce = secrets.token_urlsafe(18)
            data = data.replace(b"{{nonce}}", nonce.encode("ascii"))
            headers["Content-Security-Policy"] = self._policy(nonce)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            data = gzip.compress(data, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return _response(HTTPStatus.OK, headers, data)

    def _home(self) -> bytes:
        """What the page has to know before it asks the server anything."""
        name = Path(self.folder.root).name
        return json.dumps({"root": self.folder.uri(), "folder": name, "first": self.first}).encode("ascii")

    def _policy(self, nonce: str) -> str:
        """What the page may do: run its own script and speak to its own server, nothing else."""
        sockets = " ".join(f"ws://{host}" for host in self._hosts)
        return (
            f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
            f"connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    # --- the language server of one page

    async def _serve_page(self, socket: ServerConnection) -> None:
        outgoing = _Outgoing(asyncio.get_running_loop())
        server = begin(self.folder, outgoing.send, outgoing.end)
        sender = asyncio.create_task(outgoing.run(socket))
        try:
            async for message in socket:
                server.receive(message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message)
        except ConnectionClosed:
            pass
        finally:
            server.close()
            outgoing.end()
            await sender
            await server.gone()


class _Outgoing:
    """Sends JSON texts in order and never makes the sender wait. Of those with one key that wait only the last goes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[tuple[bytes, str | None]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._ended = False

    def send(self, body: bytes, key: str | None = None, droppable: bool = False) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._put, body, key)

    def end(self) -> None:
        """What waits is still sent, then the connection is closed."""
        self._ended = True
        self._changed.set()

    def _put(self, body: bytes, key: str | None) -> None:
        if key is not None and self._waiting and self._waiting[-1][1] == key:
            self._bytes -= len(self._waiting.pop()[0])
        self._waiting.append((body, key))
        self._bytes += len(body)
        self._ended = self._ended or self._bytes > _MOST_WAITING
        self._changed.set()

    async def run(self, socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            while True:
                await self._changed.wait()
                self._changed.clear()
                while self._waiting:
                    body, _ = self._waiting.popleft()
                    self._bytes -= len(body)
                    await socket.send(body, text=True)
                if self._ended:
                    await socket.close()
                    return


def _refusal(status: HTTPStatus) -> Response:
    headers = Headers({"Content-Type": "text/plain; charset=utf-8"})
    return _response(status, headers, f"{status.phrase}\n".encode())


def _response(status: HTTPStatus, headers: Headers, data: bytes) -> Response:
    headers.update(
        {
            "Content-Length": str(len(data)),
            "Connection": "close",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
    )
    return Response(status.value, status.phrase, headers, data)


async def run(folder: Folder, first: str, port: int, ready: Callable[[str], object]) -> None:
    """Serves until SIGINT or SIGTERM; `ready` is given the page's address. Raises OSError for a port that is taken."""
    playground, loop = Playground(folder, first), asyncio.get_running_loop()
    stopped = asyncio.Event()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(await playground.start(port))
        for one in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: KeyboardInterrupt comes through
                loop.add_signal_handler(one, stopped.set)
        ready(playground.address)
        await stopped.wait()
