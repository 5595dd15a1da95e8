"""The process around the server: its standard streams, its log, and the editor that started it."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Callable

from spec_ls.lsp.framing import Outbox

logger = logging.getLogger(__name__)

_WATCH_SECONDS = 2.0
_PIPE_BYTES = 1024 * 1024


def claim_stdio() -> tuple[int, int]:
    """Takes stdin and stdout for the protocol alone; the descriptors to read from and to write to.

    After it, `print()` and the output of child processes go to stderr and children read nothing. Without it either
    one puts bytes between two frames, or takes bytes out of one.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:  # started with stderr closed, say: the next descriptor opened would become stderr
            os.open(os.devnull, os.O_RDWR)
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    if sys.platform == "win32":
        import msvcrt

        for fd in (source, sink):
            msvcrt.setmode(fd, os.O_BINARY)
    else:
        for fd, blocks in ((source, True), (sink, not _is_ours(sink))):
            with contextlib.suppress(OSError):
                os.set_blocking(fd, blocks)  # Node hands over non-blocking sockets
            _widen(fd)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stderr
    return source, sink


def _widen(fd: int) -> None:
    """Lets a pipe take as much as Linux allows everybody: else a long document goes through in pieces of 64 KB."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _is_ours(sink: int) -> bool:
    """Whether nobody minds that writes to `sink` do not wait: not a terminal's shell, nor our own stderr."""
    status, other = os.fstat(sink), os.fstat(2)
    is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
    return is_pipe and (status.st_dev, status.st_ino) != (other.st_dev, other.st_ino)


class StderrHandler(logging.Handler):
    """Logs without waiting for a client that does not read stderr: 64 KB unread would stop the server."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            self._outbox.send((self.format(record) + "\n").encode("utf-8", "backslashreplace"), droppable=True)


def watch_process(pid: int, gone: Callable[[], object]) -> None:
    """Calls `gone` from a thread, within 2 seconds, when the process has ended; stock pygls lives on without it.

    A process that cannot be seen from the start is not watched: an editor outside of this container, most likely.
    """
    if pid <= 0 or not process_lives(pid):
        logger.info("process %s is not to be seen, so it is not watched", pid)
        return
    parent = os.getppid()

    def watch() -> None:
        # A parent that died leaves its child to another: sure even if its number is taken or it waits to be reaped.
        while process_lives(pid) and (pid != parent or os.getppid() == parent):
            time.sleep(_WATCH_SECONDS)
        logger.warning("process %s, which started the server, has ended", pid)
        gone()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def process_lives(pid: int) -> bool:
    """Whether there is a process with this number, of whatever user."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.WaitForSingleObject.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        handle = kernel.OpenProcess(0x00100000, False, pid)  # SYNCHRONIZE
        if not handle:
            return ctypes.get_last_error() == 5  # ERROR_ACCESS_DENIED
        ended = kernel.WaitForSingleObject(handle, 0) == 0
        kernel.CloseHandle(handle)
        return not ended
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
