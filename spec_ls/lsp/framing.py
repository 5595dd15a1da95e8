"""Frames in, frames out: the base protocol of LSP 3.17 on a pair of byte streams.

`FrameReader` takes what clients send rather than what they should send; `Outbox` sends from a thread of its own,
so a client that stops reading stops nobody but itself.
"""

from __future__ import annotations

import os
import re
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import NamedTuple, TypeVar

T = TypeVar("T")
MAX_BODY = 256 * 1024 * 1024
"""Bytes. A longer body is skipped unread."""

_MAX_LINE = 8 * 1024
_MAX_HEADERS = 64 * 1024
_CHUNK = 64 * 1024

# A raw line end behind the number cannot stand in JSON: strings hold no control characters, and nothing else holds
# these letters. So a match inside a body proves that the length announced for that body was wrong.
_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?\n", re.IGNORECASE)
_LONGEST_MATCH = 128
_PLAIN_HEADER = re.compile(rb"Content-Length: (\d{1,18})\r\n\r\n")
"""The one that nearly all clients send, and nothing else before the body."""


class Oversized(NamedTuple):
    """A body longer than the limit: its length in bytes and whatever of it had come in when it was given up."""

    length: int
    head: bytes


Steps = Generator[None, None, T]
"""What returns a T in the end, and yields whenever there is nothing to read for now."""


class FrameReader:
    """Cuts a byte stream into bodies. Header names in any case, no blank behind the colon, LF for CRLF: all taken.

    `read` gives bytes, none at the end of the stream, and None where it would have to wait; in the middle of a frame,
    whose rest is on its way, `wait` is called once before None is taken for an answer.
    Stock pygls takes `Content-Length: N` and CRLF only, and goes deaf for ever after anything else.
    """

    def __init__(
        self, read: Callable[[int], bytes | None], max_body: int = MAX_BODY, wait: Callable[[], object] = bool
    ) -> None:
        self._read = read
        self._wait = wait
        self._max_body = max_body
        self._buffer = bytearray()

    def frames(self) -> Iterator[bytes | Oversized | None]:
        """One body after the other until the stream ends; a body cut short by the end is dropped.

        None where there is nothing to read for now: the next step reads again.
        """
        buffer = self._buffer
        while True:
            while not buffer:
                data = self._read(_CHUNK)
                if data is None:
                    yield None
                elif not data:
                    return
                else:
                    buffer += data
            if (whole := self._whole()) is not None:
                yield whole
                continue
            length = yield from self._next_length()
            if length is None:
                return
            if length > self._max_body:
                if not self._buffer and not (yield from self._fill(_CHUNK)):
                    return
                yield Oversized(length, bytes(self._buffer[:_CHUNK]))
                yield from self._skip(length)
            else:
                body = yield from self._body(length)
                if body is None:
                    return
                yield body

    def unread(self, data: bytes) -> None:
        """Puts back the end of a body that turned out to be the start of the next frame."""
        self._buffer[:0] = data

    def _whole(self) -> bytes | None:
        """The body of a frame that is there from its header to its end, as nearly all are; None where one is not so."""
        buffer = self._buffer
        plain = _PLAIN_HEADER.match(buffer)
        if plain is None:
            return None
        start = plain.end()
        end = start + int(plain[1])
        if end > len(buffer) or end - start > self._max_body or buffer.find(b"\n", start, end) >= 0:
            return None
        body = bytes(buffer[start:end])
        del buffer[:end]
        return body

    def _fill(self, size: int) -> Steps[bool]:
        data = self._read(size)
        if data is None:
            self._wait()
            while (data := self._read(size)) is None:
                yield
        self._buffer += data
        return bool(data)

    def _line(self) -> Steps[bytes | None]:
        """The next line with its end; of an endless one only the last bytes. None at the end of the stream."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            if len(self._buffer) > _MAX_LINE:
                del self._buffer[:-_LONGEST_MATCH]
            searched = len(self._buffer)
            if not (yield from self._fill(_CHUNK)):
                return None
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    def _next_length(self) -> Steps[int | None]:
        """The length of the next body, whatever stands before its header; None at the end of the stream."""
        if plain := _PLAIN_HEADER.match(self._buffer):
            size = int(plain[1])  # before the buffer, which the match looks into, is cut
            del self._buffer[: plain.end()]
            return size
        length: int | None = None
        size = 0
        while (line := (yield from self._line())) is not None:
            # `search`, not `match`: behind a body that was longer than announced the header starts in mid-line.
            if found := _LENGTH.search(line):
                digits = found[1].lstrip(b"0")
                # Python refuses to read more than 4300 digits; 18 are far above any limit.
                length, size = (int(digits or b"0") if len(digits) <= 18 else sys.maxsize), 0
            elif line.strip():
                size += len(line)
                if size > _MAX_HEADERS:
                    length = None
            elif length is not None:
                return length
        return None

    def _body(self, length: int) -> Steps[bytes | None]:
        """The body; the part before the next header if `length` reaches beyond it; None if the stream ends first."""
        buffer, searched = self._buffer, 0
        while True:
            end = min(len(buffer), length)
            # Without looking for the next header while the body comes in, a length too long by a megabyte would
            # make the server deaf for a megabyte. Bodies rarely hold a raw LF, so the search rarely runs.
            if buffer.find(b"\n", searched, end) >= 0:
                found = _LENGTH.search(buffer, max(0, searched - _LONGEST_MATCH), end)
                if found:
                    end = length = found.start()
            if end == length:
                body = bytes(buffer[:end])
                del buffer[:end]
                return body
            searched = end
            if not (yield from self._fill(max(_CHUNK, min(length - end, 16 * _CHUNK)))):
                return None

    def _skip(self, length: int) -> Steps[None]:
        """Drops `length` bytes, or fewer if the next header comes earlier: such a length is often no length at all."""
        buffer = self._buffer
        while True:
            end = min(len(buffer), length)
            if found := _LENGTH.search(buffer, 0, end):
                del buffer[: found.start()]
                return
            if end == length:
                del buffer[:end]
                return
            dropped = max(0, end - _LONGEST_MATCH)
            del buffer[:dropped]
            length -= dropped
            if not (yield from self._fill(_CHUNK)):
                return


class _Item:
    __slots__ = ("data", "key")

    def __init__(self, data: bytes, key: str | None) -> None:
        self.data = data
        self.key = key


class Outbox:
    """Writes to a file descriptor in order, whole, and without ever making the sender wait.

    What a descriptor that does not block takes at once is written at once: the hop to the thread costs more than the
    write, and behind a busy loop it waits for the interpreter lock. The thread writes the rest.

    Stock pygls writes from whatever thread sends, unlocked, and takes one short write for all of it: frames mix
    under `python -u`, and a client that does not read blocks the loop, so that its own messages are not read either.
    """

    def __init__(self, fd: int, on_broken: Callable[[], None], limit: int = 64 * 1024 * 1024) -> None:
        self._fd = fd
        self._on_broken = on_broken
        self._limit = limit
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._queue: deque[_Item] = deque()
        self._queued_bytes = 0
        self._keyed: dict[str, _Item] = {}
        self._writing = False
        self._broken = False
        self._blocks = sys.platform == "win32" or os.get_blocking(fd)
        threading.Thread(target=self._run, name=f"outbox-{fd}", daemon=True).start()

    def send(self, data: bytes, key: str | None = None, droppable: bool = False) -> None:
        """Queues `data`. What is still queued under the same `key` is dropped; `droppable` data is, over the limit."""
        with self._lock:  # the lock itself: the condition around it takes as long as the write
            if self._broken:
                return
            if not self._blocks and not self._queue and not self._writing:
                data, key = self._write_some(data), None
            if data:
                if droppable and self._queued_bytes > self._limit:
                    return
                if key is not None and (old := self._keyed.get(key)):
                    self._queued_bytes -= len(old.data)
                    old.data = b""
                item = _Item(data, key)
                if key is not None:
                    self._keyed[key] = item
                self._queue.append(item)
                self._queued_bytes += len(data)
                self._changed.notify_all()
            broken = self._broken
        if broken:
            self._on_broken()

    def send_frame(self, body: bytes, key: str | None = None, droppable: bool = False) -> None:
        """The same for the body of a frame."""
        self.send(b"Content-Length: %d\r\n\r\n%b" % (len(body), body), key, droppable)

    def flush(self, timeout: float) -> bool:
        """Waits until all is written, at most `timeout` seconds; says whether it was."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while (self._queue or self._writing) and not self._broken:
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    return False
            return not self._broken

    def _write_some(self, data: bytes) -> bytes:
        """Writes what can be written without waiting; what is left, if only because the descriptor is broken."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
        except BlockingIOError:
            pass
        except OSError:
            self._broken = True
        return data[written:]

    def _write(self, data: bytes) -> bool:
        while data := self._write_some(data):
            if self._broken:
                return False
            self._wait()
        return True

    def _wait(self) -> None:
        if sys.platform != "win32":
            poll = select.poll()
            poll.register(self._fd, select.POLLOUT)
            poll.poll()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                while not self._queue:
                    self._changed.wait()
                item = self._queue.popleft()
                if item.key is not None and self._keyed.get(item.key) is item:
                    del self._keyed[item.key]
                self._queued_bytes -= len(item.data)
                self._writing = True
            if not self._write(item.data):
                break
        with self._changed:
            self._queue.clear()
            self._keyed.clear()
            self._writing = False
            self._changed.notify_all()
        self._on_broken()


def read_from(fd: int) -> Callable[[int], bytes]:
    """A `read` for `FrameReader`; a broken stream reads as an ended one."""

    def read(size: int) -> bytes:
        try:
            return os.read(fd, size)
        except OSError:
            return b""

    return read


def wait_for_rest(fd: int) -> Callable[[], object]:
    """Waits a millisecond at most until a descriptor can be read. Not on Windows.

    A burst comes through a pipe page by page; what would be published between two pages is published for nothing.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return partial(poll.poll, 1)


def read_ready(fd: int) -> Callable[[int], bytes | None]:
    """The same for a descriptor that another one waits for: None where there is nothing to read now. Not on Windows.

    A read that brings less than it asked for has taken all there was: the one behind it does not ask the system.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    emptied = False

    def read_now(size: int) -> bytes | None:
        nonlocal emptied
        if emptied or not poll.poll(0):
            emptied = False
            return None
        try:
            data = os.read(fd, size)
        except OSError:
            return b""
        emptied = 0 < len(data) < size
        return data

    return read_now
