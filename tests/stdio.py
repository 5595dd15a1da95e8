"""A client that speaks in raw bytes to a server process, for tests that pytest-lsp is too polite for."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

SERVER = [sys.executable, "-c", "from spec_ls.lsp.server import serve; serve()"]
"""The one place that says how a test starts the server."""

TIMEOUT = 10.0
"""Seconds. Every wait ends by then, with an assertion that shows what had come in."""

Message = dict[str, Any]


def frame(message: object) -> bytes:
    """A message, or ready-made bytes, as a frame."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Stdio:
    """A running server. `received` holds all it sent, in order; `stray` what it sent that was no frame."""

    def __init__(
        self, command: Sequence[str] = SERVER, *, env: Mapping[str, str] | None = None, reading: bool = True
    ) -> None:
        self.process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            bufsize=0,
        )
        self.received: list[Message] = []
        self.stray = b""
        self.ended = False
        self._stderr: list[bytes] = []
        self._changed = threading.Condition()
        self._ids = 0
        self._threads = [threading.Thread(target=self._read_stderr, daemon=True)]
        if reading:
            self._threads.append(threading.Thread(target=self._read_stdout, daemon=True))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Stdio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    # -- out

    def send(self, *parts: object) -> None:
        """Writes all parts in one go; bytes as they are, anything else as a frame."""
        assert self.process.stdin is not None
        data = memoryview(b"".join(part if isinstance(part, bytes) else frame(part) for part in parts))
        while data:
            data = data[self.process.stdin.write(data) :]

    def notify(self, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object = None, msg_id: object = None) -> Any:
        """Sends a request without waiting; its id."""
        if msg_id is None:
            self._ids += 1
            msg_id = self._ids
        self.send({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})
        return msg_id

    def request(self, method: str, params: object = None, timeout: float = TIMEOUT) -> Message:
        """Sends a request; the whole answer."""
        return self.answer(self.ask(method, params), timeout)

    def initialize(self, capabilities: object = None, **params: object) -> Message:
        """Initializes the server; the result."""
        given = {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **params}
        answer = self.request("initialize", given)
        assert "result" in answer, answer
        self.notify("initialized", {})
        result: Message = answer["result"]
        return result

    # -- in

    def wait_for(self, found: Callable[[Message], bool], timeout: float = TIMEOUT, start: int = 0) -> Message:
        """The first message from number `start` on that `found` accepts, of those that came or come."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for message in self.received[start:]:
                    if found(message):
                        return message
                left = deadline - time.monotonic()
                assert left > 0 and not self.ended, f"{self.received[-5:]}\n{self.stderr}"
                self._changed.wait(left)

    def answer(self, msg_id: object, timeout: float = TIMEOUT, start: int = 0) -> Message:
        """The answer to a request."""
        return self.wait_for(lambda one: "method" not in one and one.get("id") == msg_id, timeout, start)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """The exit code, once the process has ended and all it wrote has been read."""
        code = self.process.wait(timeout)
        for thread in self._threads:
            thread.join(timeout)
        return code

    def wait_for_end(self, timeout: float = TIMEOUT) -> None:
        """Returns when nobody holds the server's stdout any more."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.ended, timeout), self.stderr

    @property
    def stderr(self) -> str:
        return b"".join(self._stderr).decode("utf-8", "replace")

    def wait_for_stderr(self, text: str, timeout: float = TIMEOUT) -> None:
        deadline = time.monotonic() + timeout
        with self._changed:
            while text not in self.stderr:
                left = deadline - time.monotonic()
                assert left > 0, self.stderr
                self._changed.wait(left)

    def start_reading(self) -> None:
        """For a client made with `reading=False`."""
        thread = threading.Thread(target=self._read_stdout, daemon=True)
        self._threads.append(thread)
        thread.start()

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def kill(self) -> None:
        """Ends the process if it has not ended; closes the pipes."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _read_stdout(self) -> None:
        assert self.process.stdout is not None
        fd, buffer = self.process.stdout.fileno(), b""
        while data := os.read(fd, 1 << 16):
            buffer += data
            while (end := buffer.find(b"\r\n\r\n")) >= 0:
                length = buffer[:end].removeprefix(b"Content-Length: ")
                if not length.isdigit():
                    self.stray += buffer
                    buffer = b""
                    break
                rest = end + 4 + int(length)
                if len(buffer) < rest:
                    break
                message, buffer = json.loads(buffer[end + 4 : rest]), buffer[rest:]
                with self._changed:
                    self.received.append(message)
                    self._changed.notify_all()
        with self._changed:
            self.stray += buffer
            self.ended = True
            self._changed.notify_all()

    def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while data := os.read(self.process.stderr.fileno(), 1 << 16):
            with self._changed:
                self._stderr.append(data)
                self._changed.notify_all()
