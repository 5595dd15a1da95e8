"""The command in a process of its own that need not import it: forked from this one, which has."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, TextIO

import spec_ls.cli.commands
from spec_ls.cli import main


def spec_ls(
    *arguments: str, folder: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, unread: int = 0
) -> subprocess.CompletedProcess[bytes]:
    """Runs `spec-ls` with `arguments` in `folder`; `env` is all that the process has of an environment. The reader of
    the stream with the number `unread` has gone away."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        child = os.fork()
        if not child:
            files = [given.fileno(), out.fileno(), err.fileno()]
            if unread:
                reader, files[unread] = os.pipe()
                os.close(reader)
            _run(arguments, folder, env, files)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(arguments, code, out.read(), err.read())


def _stream(number: int, mode: str) -> TextIO:
    return open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)


def _run(arguments: tuple[str, ...], folder: Path, env: Mapping[str, str] | None, files: list[int]) -> NoReturn:
    code: object = 70
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
        sys.stdin, sys.stdout, sys.stderr = _stream(0, "r"), _stream(1, "w"), _stream(2, "w")
        logging.getLogger().handlers.clear()
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        os.chdir(folder)
        sys.argv = ["spec-ls", *arguments]
        main()
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
