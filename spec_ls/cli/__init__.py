"""The command `spec-ls`: without a subcommand it is the language server, and then it starts without any detour.

Nothing is imported here before `sys.argv` has been looked at: an editor waits for the server, not for
a command line parser.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

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

        print(f"spec-ls {__version__}")
        return
    from spec_ls.cli.commands import run

    run()


def _open_streams() -> None:
    """Has standard streams that were closed lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


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
