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
REVIEW = (Path(__file__).parent / "cases" / "bases" / "review.md").read_text("utf-8")
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


def printed(root: Path, now: str) -> dict[str, list[Any]]:
    """What `spec-ls check` says of all files, as an editor is told, by their names."""
    command = [sys.executable, "-m", "spec_ls", "check", "--format", "json", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=60, env=at(now))
    found: dict[str, list[Any]] = {}
    for one in json.loads(done.stdout):
        told = one["rule"], SEVERITIES[one["severity"]], one["message"], one["range"]
        found.setdefault(Path(one["path"]).name, []).append(told)
    return found


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
    assert [one[1:3] for one in started.told("overdue-target")] == [
        (3, "Target Date has passed, and the status is still Approved.")
    ]


def test_a_review_that_ends_is_noticed_without_a_keystroke(made: Repository, editor: Any) -> None:
    made.save({"📦.md": REVIEW}, "2026-03-03")
    started = editor("2026-03-05T11:59:58.8+00:00", {"workspace": {"codeLens": {"refreshSupport": True}}})
    started.open(made.root / "📦.md")
    started.told()
    assert "In review since 2026-03-03 by Ada" in started.told("overdue-review")[0][2]
    started.server.wait_for(lambda message: message.get("method") == "workspace/codeLens/refresh")


def test_a_commit_is_noticed(made: Repository, editor: Any) -> None:
    """The status is not committed, and so has no day; then it is."""
    made.save({"a.md": REVIEW.replace("| Review |", "| Draft |")}, "2026-03-01")
    path = made.write("a.md", REVIEW)
    started = editor("2026-03-09")
    started.open(path)
    started.told()
    made.save({}, "2026-03-02", "Noor Berg <noor@example.org>")
    started.server.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
    assert "since 2026-03-02 by Noor Berg" in started.told("overdue-review")[0][2]


def test_the_command_line_tells_the_same_and_so_do_specs_that_are_not_open(made: Repository, editor: Any) -> None:
    made.save({"a.md": REVIEW, "docs/b.md": APPROVED}, "2026-03-03")
    started = editor("2026-12-24", {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {}}})
    found = started.server.request("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
    told = {Path(one["uri"]).name: shown(one["items"]) for one in found}
    assert told == printed(made.root, "2026-12-24")
    assert [one[0] for found in told.values() for one in found] == ["overdue-review", "overdue-target"]
