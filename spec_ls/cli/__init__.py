"""The command `spec-ls`: without a subcommand it is the language server, and then it starts without any detour.

Nothing is imported here before `sys.argv` has been looked at: an editor waits for the server, not for
a command line parser.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDOUT = 1
_HINT = (
    "spec-ls: serving the Language Server Protocol on standard input and output; an editor starts me this way.\n"
    "To check files: spec-ls check PATH…   More: spec-ls --help   To leave: Ctrl-D\n"
)


def main() -> None:
    """Runs the server or a subcommand, by the arguments. Ends the process."""
    arguments = sys.argv[1:]
    if _wants_server(arguments) and "_SPEC_LS_COMPLETE" not in os.environ:  # a shell asks so for completions
        if not arguments and sys.stdin is not None and sys.stdin.isatty():
            sys.stderr.write(_HINT)
            sys.stderr.flush()
        _serve()
    _open_streams()
    if arguments == ["--version"]:
        from spec_ls import __version__

        print(f"spec-ls {__version__}", flush=True)
        return
    from spec_ls.cli.commands import run

    run()


def _open_streams() -> None:
    """Has standard streams that were closed lead nowhere, and those for output from when their reader goes away."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))
        elif mode == "w" and not stream.isatty():
            stream.flush()
            buffer = _Output(io.FileIO(stream.fileno(), mode, closefd=False))
            setattr(sys, name, io.TextIOWrapper(buffer, stream.encoding, stream.errors, line_buffering=True))


class _Output(io.BufferedWriter):
    """A stream that leads nowhere as soon as nobody reads it: `spec-ls … | head` is no error, a full disk is one."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self._fail(error)
            return len(bytes(data))

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        super().flush()
        if self.fileno() == _STDOUT and not isinstance(error, BrokenPipeError):
            print(f"spec-ls: standard output cannot be written: {error.strerror}", file=sys.stderr)
            sys.exit(2)


def _serve() -> NoReturn:
    """Imports the server with as little else as can be, and runs it."""
    import gc

    gc.disable()  # nothing that a start makes is garbage; the server turns it on again
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # else the metadata of all installed packages is read
    sys.modules["ssl"] = None  # type: ignore[assignment]  # asyncio runs without; it takes 8 ms and 4 MB
    from spec_ls.lsp.server import serve

    del sys.modules["ssl"]
    serve()


def _wants_server(arguments: list[str]) -> bool:
    """Whether there is nothing but what editors' client libraries add: `--stdio`, `--clientProcessId=N`."""
    return all(argument == "--stdio" or argument.startswith("--clientProcessId=") for argument in arguments)
