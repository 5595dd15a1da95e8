"""Many documents and many edits: what they take is given back when they are closed.

The short form is part of `make test`; with `SPEC_LS_SOAK` set, as `make soak` does, it is 200 documents and 50,000
edits of one of them.
"""

from __future__ import annotations

import os
import random
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from specgen import make_spec
from stdio import Stdio, frame

from spec_ls.lsp.server import SpecLanguageServer, create_server

SOAK = bool(os.environ.get("SPEC_LS_SOAK"))
DOCUMENTS = 200 if SOAK else 40
MIXED = 5_000 if SOAK else 200
EDITS = 50_000 if SOAK else 400
MOST_KEPT = 256 * 1024
"""Bytes that may stay behind when all is closed, however many documents and edits there were."""
MOST_GROWN = 1.1
"""How many times the memory of the first round the second may take: what is given back is used again."""

REQUESTS = ["completion", "hover", "documentSymbol", "codeAction"]


class Client:
    """Makes messages: documents opened, edited and closed, requests in between. Keeps no copy of their texts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.versions: dict[str, int] = {}
        self._ids = 0

    def notification(self, method: str, **params: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "method": f"textDocument/{method}", "params": params}

    def open(self, number: int) -> dict[str, Any]:
        uri = f"file:///load/{number}.md"
        self.versions[uri] = 1
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": make_spec(60, number)}
        return self.notification("didOpen", textDocument=item)

    def close_all(self) -> Iterator[dict[str, Any]]:
        for uri in self.versions:
            yield self.notification("didClose", textDocument={"uri": uri})
        self.versions.clear()

    def edit(self, uri: str) -> dict[str, Any]:
        """A letter put in, a stretch deleted, a line broken, a heading or a fence begun."""
        self.versions[uri] += 1
        line, at = self.random.randrange(90), self.random.randrange(60)
        new_text = self.random.choice(["x", "e", " ", "\n", "é", "🚀", "", "", "## ", "```\n", "- [ ] a\n"])
        end = at if new_text else at + 2
        place = {"start": {"line": line, "character": at}, "end": {"line": line, "character": end}}
        document = {"uri": uri, "version": self.versions[uri]}
        return self.notification(
            "didChange", textDocument=document, contentChanges=[{"range": place, "text": new_text}]
        )

    def request(self, uri: str) -> dict[str, Any]:
        self._ids += 1
        method, place = self.random.choice(REQUESTS), {"line": self.random.randrange(90), "character": 4}
        params: dict[str, Any] = {"textDocument": {"uri": uri}, "position": place}
        if method == "codeAction":
            params.update(range={"start": place, "end": place}, context={"diagnostics": []})
        return {"jsonrpc": "2.0", "id": self._ids, "method": f"textDocument/{method}", "params": params}

    def load(self, documents: int, mixed: int, edits: int) -> Iterator[list[dict[str, Any]]]:
        """Messages, in lots that come together."""
        for number in range(documents):
            yield [self.open(number)]
        uris = list(self.versions)
        for turn in range(mixed):
            uri = self.random.choice(uris)
            yield [self.request(uri) if turn % 2 else self.edit(uri)]
        for turn in range(edits // 10):
            yield [self.edit(uris[0]) for _ in range(10)]
            if turn % 100 == 99:  # as long as it was
                yield [self.open(0)]


def initialize() -> dict[str, Any]:
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    return {"jsonrpc": "2.0", "id": "first", "method": "initialize", "params": params}


def run(server: SpecLanguageServer, client: Client, documents: int, mixed: int, edits: int) -> int:
    """All of a load in process, and everything closed: how many bytes are in use then."""
    for messages in client.load(documents, mixed, edits):
        for message in messages:
            server.protocol.take(message)
        server.on_idle()
    assert len(server.documents) == documents
    for message in client.close_all():
        server.protocol.take(message)
    assert not server.documents
    server._forget()  # what is remembered is as full as its limit allows, after few texts or many
    return tracemalloc.get_traced_memory()[0]


def test_what_is_closed_is_forgotten() -> None:
    """After as many documents and edits as you like there is no more in memory than after few."""
    server, sent = create_server(), []

    def collect(body: bytes, key: str | None = None, droppable: bool = False) -> None:
        sent.append(len(body))

    server.protocol.send_raw = collect  # type: ignore[method-assign]
    server.protocol.take(initialize())
    client = Client(1)
    tracemalloc.start()
    try:
        run(server, client, 3, 60, 100)  # what is made once: imports, caches, compiled patterns
        few = run(server, client, 3, 60, 100)
        sent.clear()
        many = run(server, client, DOCUMENTS, MIXED, EDITS)
    finally:
        tracemalloc.stop()
    many -= sys.getsizeof(sent) + sum(map(sys.getsizeof, sent[:1])) * len(sent)
    assert many - few < MOST_KEPT, f"{(many - few) / 1024:.0f} KB are left"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell what a process takes")
def test_a_second_round_takes_no_more_memory_than_the_first() -> None:
    """As the system sees it: the resident set of a real process at the end of each round."""

    def resident() -> int:
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    with Stdio() as server:
        server.initialize()
        client = Client(2)
        taken = []
        for turn in range(3):
            for messages in client.load(DOCUMENTS, MIXED, EDITS):
                server.send(*map(frame, messages))
            server.send(*map(frame, client.close_all()))
            marker = f"round {turn}"
            server.ask("shutdown" if turn == 2 else "textDocument/hover", place_nowhere(), marker)
            server.answer(marker, timeout=600)
            taken.append(resident())
            del server.received[:]
    assert taken[2] <= taken[1] * MOST_GROWN and taken[1] <= taken[0] * 1.25, f"{taken} KB"


def place_nowhere() -> dict[str, Any]:
    return {"textDocument": {"uri": "file:///nowhere.md"}, "position": {"line": 0, "character": 0}}
