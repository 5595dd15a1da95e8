"""Git, run only to read: none of a repository's own programs, no network, and never for longer than a limit."""

from __future__ import annotations

import logging
import os
import re
import subprocess
from pathlib import Path

log = logging.getLogger(__name__)

_SECONDS = 5.0
_NOREPLY = re.compile(r"(?:[0-9]+[+-])?([\w][\w.-]*)@users\.noreply\.[\w.-]+")


def root_of(path: Path) -> Path | None:
    """The folder that holds `.git`, from the file's own folder upwards; None outside a repository."""
    for folder in path.parents:
        if os.path.lexists(folder / ".git"):
            return folder
    return None


def git(root: Path, *arguments: str) -> str:
    """What git prints, as text; empty where it fails, is missing, or takes longer than five seconds. Never raises."""
    return git_bytes(root, *arguments).decode("utf-8", "replace")


def git_bytes(root: Path, *arguments: str, stdin: bytes | None = None, seconds: float | None = None) -> bytes:
    """What git prints; empty where it fails, is missing, or takes longer than `seconds` (by default five).

    No hook, pager, signature check or file system monitor of the repository's configuration is run. Never raises.
    """
    safe = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false")
    command = ["git", "--no-pager", *safe, "-C", str(root), *arguments]
    given: dict[str, object] = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
    try:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
            command,
            **given,
            capture_output=True,
            timeout=_SECONDS if seconds is None else seconds,
            check=False,
            env=_environment(),
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.info("git: %s", error)
        return b""
    return done.stdout if done.returncode == 0 else b""


def handle_of_address(address: str) -> str:
    """The handle behind a host's noreply address (`1234+mira@users.noreply.example.org`); empty for any other."""
    noreply = _NOREPLY.fullmatch(address)
    return f"@{noreply[1]}" if noreply else ""


def _environment() -> dict[str, str]:
    """The environment without what would point git to another repository, and with all that keeps it from the network.

    A partial clone fetches what it lacks, by whatever program its configuration names.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return {**kept, **quiet, "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
