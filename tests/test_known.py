"""What the world around a document says, on real repositories: the editor and the command line tell the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from repository import Repository, alone
from stdio import Stdio

APPROVED = (Path(__file__).parent / "cases" / "bases" / "approved.md").read_text("utf-8")
"""Its target date is 2026-12-01."""
SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}


@pytest.fixture(autouse=True)
def only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "répo")
    made.init()
    return made


class Editor:
    """A server process with one document open, at a time of its own."""

    def __init__(self, server: Stdio, root: Path, capabilities: dict[str, Any] | None = None) -> None:
        self.server = server
        server.initialize({"general": {"positionEncodings": ["utf-16"]}, **(capabilities or {})}, rootUri=root.as_uri())
        server.notify("initialized", {})

    def open(self, path: Path) -> None:
        text = path.read_text("utf-8")
        item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": text}
        self.server.notify("textDocument/didOpen", {"textDocument": item})

    def told(self, *rules: str) -> list[Any]:
        """What is published once all of these rules, and no other of the kind, find something."""

        def fits(message: dict[str, Any]) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics":
                return False
            return [one["code"] for one in message["params"]["diagnostics"]] == list(rules)

        return shown(self.server.wait_for(fits)["params"]["diagnostics"])


def shown(found: list[dict[str, Any]]) -> list[Any]:
    return [(one["code"], one["severity"], one["message"], one["range"]) for one in found]


def printed(root: Path, now: str, name: str) -> list[Any]:
    """What `spec-ls check` says of a file, as an editor is told."""
    command = [sys.executable, "-m", "spec_ls", "check", "--format", "json", name]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=60, env=at(now))
    return [
        (record["rule"], SEVERITIES[record["severity"]], record["message"], record["range"])
        for record in json.loads(done.stdout)
    ]


def at(now: str) -> dict[str, str]:
    return {**os.environ, "SPEC_LS_NOW": now, "PYTHONUTF8": "1"}


@pytest.fixture
def editor(made: Repository) -> Iterator[Any]:
    servers = []

    def start(now: str, capabilities: dict[str, Any] | None = None) -> Editor:
        servers.append(Stdio(env=at(now)))
        return Editor(servers[-1], made.root, capabilities)

    yield start
    for server in servers:
        server.kill()


def test_a_day_that_ends_is_noticed_without_a_keystroke(made: Repository, editor: Any) -> None:
    path = made.write("📦.md", APPROVED)
    started = editor("2026-12-01T23:59:58.8")
    started.open(path)
    started.told()
    assert started.told("overdue-target") == printed(made.root, "2026-12-02", path.name)
    assert printed(made.root, "2026-12-01", path.name) == []
