"""A client that measures language servers on stdio (standard library only).

A clock starts just before the bytes are written and stops when the whole answer has been read, before it is decoded.
Servers are measured by turns, one operation each, so that the noise of a machine falls on all of them alike. All see
the same documents and the same edits. If a server publishes more than once for one version, what counts is the first
publish that says what the last one says: when the author saw the final state.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

now = time.perf_counter
Message = dict[str, Any]

LETTERS = "etaoinshrdlucmfw yp"
PUBLISH = "textDocument/publishDiagnostics"
_CHANGED_SINCE = (-32801, -32802)
"""ContentModified and ServerCancelled: the client asks again."""


class Dead(Exception):
    """The server has ended, or did not answer in time."""


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units, the unit of LSP positions."""
    return len(text) if text.isascii() else len(text) + sum(1 for letter in text if letter > "\uffff")


def percentile(samples: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a sample that is not empty."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


class Doc:
    """The client's copy of one open document; makes edits and applies them to itself."""

    def __init__(self, path: Path, text: str, seed: int = 1) -> None:
        self.uri = path.as_uri()
        self.lines = text.split("\n")
        self.version = 1
        self.random = random.Random(seed)
        path.write_text(text, encoding="utf-8")

    def text(self) -> str:
        return "\n".join(self.lines)

    def replace(self, line: int, start: int, end: int, new_text: str) -> Message:
        """Replaces code points `start` to `end` of a line; the content change to send."""
        old = self.lines[line]
        first = {"line": line, "character": utf16(old[:start])}
        last = {"line": line, "character": utf16(old[:end])}
        self.lines[line : line + 1] = (old[:start] + new_text + old[end:]).split("\n")
        self.version += 1
        return {"range": {"start": first, "end": last}, "text": new_text}

    def keystroke(self) -> Message:
        """A letter in nine cases of ten, else a deletion or a new line, at a random place."""
        line = self.random.randrange(len(self.lines) - 1)
        at, kind = self.random.randint(0, len(self.lines[line])), self.random.random()
        if kind < 0.05:
            return self.replace(line, at, at, "\n")
        if kind < 0.10 and at:
            return self.replace(line, at - 1, at, "")
        return self.replace(line, at, at, self.random.choice(LETTERS))

    def letter(self, heading: str) -> Message:
        """A letter at the end of the line under a heading; after some twenty words all of the line is taken away again.

        Unlike after random keystrokes, the document stays what it is for as long as anybody types.
        """
        line = self.lines.index(heading) + 1
        old = self.lines[line]
        if len(old) > 120:
            return self.replace(line, 0, len(old), "")
        return self.replace(line, len(old), len(old), self.random.choice(LETTERS))

    def fence(self) -> Message:
        """Opens a fence in the first third, which turns all that follows to code, or takes it away again."""
        line = len(self.lines) // 3
        if self.lines[line].startswith("````"):
            return self.replace(line, 0, 4, "")
        return self.replace(line, 0, 0, "````")

    def position(self) -> Message:
        """A random position."""
        line = self.random.randrange(len(self.lines) - 1)
        return {"line": line, "character": utf16(self.lines[line][: self.random.randint(0, len(self.lines[line]))])}


class Server:
    """A language server's process and a client of it that never blocks."""

    def __init__(
        self, name: str, command: Sequence[str], root: Path, timeout: float = 60.0, env: dict[str, str] | None = None
    ) -> None:
        self.name, self.root, self.timeout = name, root, timeout
        self.full_sync = False
        self.diagnostics: dict[str, list[Any]] = {}
        """The last that were published, by unquoted URI."""
        self.published = 0
        """How many messages with diagnostics have come in."""
        self.ended: dict[str, float] = {}
        """When a long job of the server ended, by its title."""
        self._jobs: dict[str | int, str] = {}
        self._inbox: list[tuple[float, Message]] = []
        self._in, self._out = bytearray(), bytearray()
        self._writing = False
        self._ids = 0
        self._initialized = False
        self.started = now()
        self.process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root, env=env
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._stdin, False)
        os.set_blocking(self._stdout, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ)

    # --- transport

    def queue(self, message: Message) -> None:
        """Encodes a message; the next `flush` writes it, together with all that is queued."""
        body = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self._out += b"Content-Length: %d\r\n\r\n" % len(body) + body

    def notify(self, method: str, params: Message) -> None:
        """Queues a notification."""
        self.queue({"method": method, "params": params})

    def flush(self) -> float:
        """Begins to write what is queued; the time just before."""
        began = now()
        self._write()
        return began

    def _write(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(self._stdin, self._out[: 1 << 16])]
        except BlockingIOError:
            pass
        except OSError as error:
            raise Dead(f"{self.name}: {error}") from error
        if bool(self._out) != self._writing:
            self._writing = bool(self._out)
            if self._writing:
                self._selector.register(self._stdin, selectors.EVENT_WRITE)
            else:
                self._selector.unregister(self._stdin)

    def _pump(self, seconds: float) -> bool:
        """Moves bytes until something has come in, at most so long; says whether a whole message has."""
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.fd == self._stdin:
                self._write()
                continue
            data = os.read(self._stdout, 1 << 20)
            if not data:
                raise Dead(f"{self.name} ended with {self.process.poll()}")
            self._in += data
        received = False
        while (head := self._in.find(b"\r\n\r\n")) >= 0:
            headers = bytes(self._in[:head]).lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in headers if line.startswith(b"content-length"))
            if len(self._in) < head + 4 + length:
                break
            at, body = now(), bytes(self._in[head + 4 : head + 4 + length])
            del self._in[: head + 4 + length]
            received = True
            self._receive(at, json.loads(body))
        return received

    def _receive(self, at: float, message: Message) -> None:
        method = message.get("method")
        if method is not None and "id" in message:
            items = (message.get("params") or {}).get("items", [])
            result = [None] * len(items) if method == "workspace/configuration" else None
            self.queue({"id": message["id"], "result": result})
            self._write()
            return
        if method == PUBLISH:
            self.published += 1
            self.diagnostics[unquote(message["params"]["uri"])] = message["params"]["diagnostics"]
        if method == "$/progress":
            token, value = message["params"]["token"], message["params"]["value"]
            self._jobs.setdefault(token, value.get("title", ""))
            if value.get("kind") == "end":
                self.ended[self._jobs[token]] = at
        self._inbox.append((at, message))

    def wait(self, accept: Callable[[Message], bool], timeout: float | None = None) -> tuple[float, Message]:
        """Reads until a message is accepted: when it came in, and the message. What comes before it is dropped."""
        timeout = self.timeout if timeout is None else timeout
        deadline = now() + timeout
        while True:
            while self._inbox:
                at, message = self._inbox.pop(0)
                if accept(message):
                    return at, message
            if now() >= deadline:
                raise Dead(f"{self.name}: no answer in {timeout:g} s")
            self._pump(deadline - now())

    def quiet(self, seconds: float) -> None:
        """Reads and drops messages until none has come for so long."""
        deadline = now() + 5
        while self._pump(seconds) and now() < deadline:
            pass
        self._inbox.clear()

    # --- protocol

    def request(self, method: str, params: Message) -> tuple[float, Any]:
        """Sends what is queued and a request behind it: seconds to the answer, and the answer."""
        began: float | None = None
        while True:
            self._ids += 1
            msg_id = self._ids
            self.queue({"id": msg_id, "method": method, "params": params})
            written = self.flush()
            began = written if began is None else began

            def answers(message: Message, msg_id: int = msg_id) -> bool:
                return message.get("id") == msg_id and "method" not in message

            at, answer = self.wait(answers)
            if (answer.get("error") or {}).get("code") not in _CHANGED_SINCE or at - began > self.timeout:
                return at - began, answer

    def initialize(self) -> float:
        """Seconds from the start of the process to the answer."""
        action = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}}}
        document = {
            "synchronization": {},
            "publishDiagnostics": {"versionSupport": True},
            "completion": {"completionItem": {"snippetSupport": True}},
            "hover": {},
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            "codeAction": action,
        }
        capabilities = {
            "general": {"positionEncodings": ["utf-16"]},
            "textDocument": document,
            "window": {"workDoneProgress": True},
            "workspace": {"configuration": True, "workspaceFolders": True},
        }
        uri = self.root.as_uri()
        folders = [{"uri": uri, "name": "bench"}]
        params = {"processId": os.getpid(), "rootUri": uri, "workspaceFolders": folders, "capabilities": capabilities}
        _, answer = self.request("initialize", params)
        ready = now()
        sync = answer["result"]["capabilities"].get("textDocumentSync")
        self.full_sync = (sync.get("change") if isinstance(sync, dict) else sync) == 1
        self._initialized = True
        self.notify("initialized", {})
        self.flush()
        return ready - self.started

    def queue_open(self, doc: Doc) -> None:
        item = {"uri": doc.uri, "languageId": "markdown", "version": doc.version, "text": doc.text()}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def queue_change(self, doc: Doc, change: Message) -> None:
        content = [{"text": doc.text()} if self.full_sync else change]
        document = {"uri": doc.uri, "version": doc.version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": content})

    def close(self, doc: Doc) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": doc.uri}})
        self.flush()

    def settle(self, doc: Doc, watch: float) -> float:
        """Sends what is queued: seconds until the final diagnostics of the document's version were first seen.

        A server that publishes without a version gets the benefit of the doubt. `watch`: how many seconds to look
        out for another publish that says something else.
        """
        uri = unquote(doc.uri)

        def fits(message: Message) -> bool:
            params = message.get("params") or {}
            if message.get("method") != PUBLISH or unquote(params["uri"]) != uri:
                return False
            return (params.get("version") or doc.version) >= doc.version

        self._inbox.clear()
        began = self.flush()
        seen, final = self.wait(fits)
        while now() - began < self.timeout:
            try:
                at, message = self.wait(fits, watch)
            except Dead:
                if self.process.poll() is not None:
                    raise
                break
            if message["params"]["diagnostics"] != final["params"]["diagnostics"]:
                seen, final = at, message
        return seen - began

    def memory(self, line: str = "VmRSS") -> float:
        """Megabytes in memory now, or with "VmHWM" the most so far; 0.0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0.0
        return next((int(row.split()[1]) for row in status.splitlines() if row.startswith(line)), 0) / 1024

    def memory_of_children(self) -> float:
        """Megabytes in memory now of the processes that the server has started; 0.0 where the system does not tell."""
        pid = self.process.pid
        try:
            found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            status = [Path(f"/proc/{child}/status").read_text() for child in found]
        except OSError:
            return 0.0
        rows = [row for one in status for row in one.splitlines() if row.startswith("VmRSS")]
        return sum(int(row.split()[1]) for row in rows) / 1024

    def stop(self) -> None:
        """Asks the server to go, then makes sure that it went."""
        with contextlib.suppress(Dead, OSError, subprocess.TimeoutExpired):
            if self._initialized:
                self.timeout = 2.0
                self.request("shutdown", {})
                self.notify("exit", {})
                self.flush()
                self.process.wait(1)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._selector.close()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
