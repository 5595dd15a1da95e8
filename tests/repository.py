"""Real repositories, with a git that knows neither the tester's settings nor a repository around the tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

NOWHERE = os.devnull


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as on a fresh machine: without the settings and the repository of the one who runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", NOWHERE)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")


class Repository:
    """A repository in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def init(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, **environment: str) -> str:
        given = {**os.environ, **environment}
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, check=True, env=given)
        return done.stdout.decode().strip()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def save(self, files: dict[str, str], day: str = "", author: str = "") -> str:
        """Writes `files` and commits everything, on a `day` (ISO 8601) by an `author` (`Name <address>`); its hash."""
        for name, text in files.items():
            self.write(name, text)
        self.git("add", "--all")
        given = {}
        if day:
            given |= {"GIT_AUTHOR_DATE": f"{day}T12:00:00Z", "GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
        if author:
            name, address = author.rstrip(">").split(" <")
            given |= {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address}
        self.git("commit", "--quiet", "--allow-empty", "--message", "Words", **given)
        return self.git("rev-parse", "HEAD")
