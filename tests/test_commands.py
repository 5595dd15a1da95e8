"""The commands of the server and the board: what they have the client do, and what they say where it does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from stdio import Message, Stdio

from spec_ls.board import Board, as_html, as_markdown
from spec_ls.catalogue import card
from spec_ls.lsp.client import Client
from spec_ls.lsp.commands import usable
from spec_ls.template import builtin
from spec_ls.text import Edit, Span, apply_edits
from spec_ls.workspace import Document

TEMPLATE = "# [Title]\n\n| Field | Value |\n|---|---|\n| **State** | Open / Closed |\n\n## Why 🚦\n\n## How 🚦\n"
NOTE = "# 📦 Export <b>\n\n| Field | Value |\n|---|---|\n| **State** | Open |\n"
CONFIG = '[templates.note]\npath = "note.md"\nfiles = ["notes/*.md"]\n'
CAN = {"workspace": {"applyEdit": True}, "window": {"showDocument": {"support": True}}}


class Commander(Stdio):
    """A client whose user runs commands; it answers what the server asks as `answers` has it, by method."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        for name, text in (("note.md", TEMPLATE), (".spec-ls.toml", CONFIG), ("notes/a b.md", NOTE)):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        self.uri = (folder / "notes" / "a b.md").as_uri()

    def start(self, capabilities: object = CAN) -> list[str]:
        offered = self.initialize(capabilities, rootUri=self.folder.as_uri())["capabilities"]
        item = {"uri": self.uri, "languageId": "markdown", "version": 1, "text": NOTE}
        self.notify("textDocument/didOpen", {"textDocument": item})
        names: list[str] = offered["executeCommandProvider"]["commands"]
        return names

    def run(self, command: str, *arguments: object, wanted: str = "", result: object = None) -> Any:
        """Runs a command, and answers the request `wanted` that it makes with `result`; the params of that."""
        start = len(self.received)
        asked = self.ask("workspace/executeCommand", {"command": f"spec-ls.{command}", "arguments": list(arguments)})
        params = None
        if wanted:
            request = self.wait_for(lambda one: one.get("method") == wanted, start=start)
            params = request["params"]
            if "id" in request:
                self.send({"jsonrpc": "2.0", "id": request["id"], "result": result})
        self.last = self.answer(asked)
        return params

    def told(self) -> Message:
        message: Message = self.wait_for(lambda one: one.get("method") == "window/showMessage")["params"]
        return message


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Commander]:
    with Commander(tmp_path) as commander:
        yield commander


def test_commands_do_their_work(client: Commander) -> None:
    names = client.start()
    assert {"spec-ls.insertMissingSections", "spec-ls.openTemplate", "spec-ls.showBoard"} <= set(names)
    asked = client.run("insertMissingSections", client.uri, wanted="workspace/applyEdit", result={"applied": True})
    (edits,) = asked["edit"]["changes"].values()
    made = [
        Edit(
            Span(*(one["range"][end][unit] for end in ("start", "end") for unit in ("line", "character"))),
            one["newText"],
        )
        for one in edits
    ]
    assert apply_edits(NOTE, made) == f"{NOTE}\n## Why 🚦\n\n## How 🚦\n"
    assert client.last["result"] is None

    shown = client.run("openTemplate", client.uri, wanted="window/showDocument", result={"success": True})
    assert shown["uri"] == (client.folder / "note.md").as_uri()

    shown = client.run("showBoard", wanted="window/showDocument", result={"success": True})
    board = Path(unquote(urlparse(shown["uri"]).path))
    text = board.read_text("utf-8")
    assert "## Open (1)" in text and "📦 Export" in text and f"(<{client.uri}>)" in text
    assert client.folder not in board.parents and "external" not in shown
    shown = client.run("showBoard", "html", wanted="window/showDocument", result={"success": True})
    assert shown["external"] is True and shown["uri"].endswith(".html")

    client.run("restartIndex")
    assert client.last["result"] is None


def test_an_editor_shows_the_status_and_the_board(client: Commander) -> None:
    """Beside the text: whether it is a spec, why, and how far it is."""
    client.start({})

    def status(uri: str) -> Any:
        client.run("status", uri)
        return client.last["result"]

    why = ".spec-ls.toml binds notes/a b.md to the template note"
    file = str(client.folder / "note.md")
    asked = {"isSpec": True, "isTemplate": False, "why": why, "template": "note", "templateFile": file}
    how_far = {"status": "Open", "progress": "0 of 2 sections", "filled": 0, "total": 2, "samples": 0}
    after = [{"status": "Closed", "verb": "Advance", "obstacles": 2}]
    assert status(client.uri) == {**asked, **how_far, "findings": {"warning": 2}, "next": after}
    assert status("file:///nowhere.md") is None

    text = builtin().source.replace("Draft / Review / Approved / Building / Done / Defer / Kill", "Draft")
    for name, words in (
        ("b.md", text),
        ("note.md", TEMPLATE),
        ("README.md", "# About\n"),
        ("long.md", f"{text}\n{'x' * 110_000}\n"),
    ):
        uri = (client.folder / name).as_uri()
        words = words.replace("# [", "<!-- spec-ls: template=product-spec -->\n# [") if "Spec ID" in words else words
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": words}
        client.notify("textDocument/didOpen", {"textDocument": item})
    for name in ("b.md", "long.md"):
        draft = status((client.folder / name).as_uri())
        assert (draft["template"], draft["status"], draft["total"]) == ("product-spec", "Draft", 8)
        assert draft["filled"] < 8 and draft["samples"] > 3 and draft["findings"]["hint"] > 3
        (following,) = draft["next"]
        assert (following["status"], following["verb"]) == ("Review", "Advance") and following["obstacles"] > 3
    form = status((client.folder / "note.md").as_uri())
    assert form["isTemplate"] and not form["isSpec"]
    other = status((client.folder / "README.md").as_uri())
    assert not other["isSpec"] and not other["isTemplate"] and "sections are there" in other["why"]

    client.run("boardPage")
    page = client.last["result"]
    assert page.startswith("<!doctype html>") and "📦 Export" in page and client.uri in page


def test_a_spec_is_begun(client: Commander) -> None:
    """In the folder of its template's globs, under a name and with values of its own, through the editor alone."""
    edits = {"documentChanges": True, "resourceOperations": ["create"]}
    can = {"workspace": {"applyEdit": True, "workspaceEdit": edits}, "window": CAN["window"]}
    assert "spec-ls.newSpec" in client.start(can)
    start = len(client.received)
    asked = client.ask("workspace/executeCommand", {"command": "spec-ls.newSpec", "arguments": ["Päckchen 📦\nspät"]})
    request = client.wait_for(lambda one: one.get("method") == "workspace/applyEdit", start=start)
    created, written = request["params"]["edit"]["documentChanges"]
    assert created["kind"] == "create" and created["options"]["overwrite"] is False
    path = Path(unquote(urlparse(created["uri"]).path))
    assert path.parent == client.folder / "notes" and path.suffix == ".md"
    assert written["textDocument"] == {"uri": created["uri"], "version": None}
    (edit,) = written["edits"]
    assert edit["newText"].startswith("# Päckchen 📦 spät\n") and "| **State** | Open |" in edit["newText"]
    assert not path.exists()
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": {"applied": True}})
    shown = client.wait_for(lambda one: one.get("method") == "window/showDocument", start=start)
    assert shown["params"]["uri"] == created["uri"]
    client.send({"jsonrpc": "2.0", "id": shown["id"], "result": {"success": True}})
    assert client.answer(asked)["result"] is None
    path.write_text("there already", "utf-8")
    client.run("newSpec", "Päckchen 📦 spät")
    assert "there already" in client.told()["message"]


def test_a_client_that_refuses_tells_its_user(client: Commander) -> None:
    client.start()
    refused = {"applied": False, "failureReason": "read-only"}
    client.run("insertMissingSections", client.uri, wanted="workspace/applyEdit", result=refused)
    assert "read-only" in client.told()["message"]
    client.received.clear()
    client.run("openTemplate", client.uri, wanted="window/showDocument", result={"success": False})
    assert (client.folder / "note.md").as_uri() in client.told()["message"]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("insertMissingSections", []),
        ("insertMissingSections", ["file:///nowhere.md"]),
        ("openTemplate", [{"uri": 1}]),
        ("openTemplate", [None, None]),
        ("newSpec", [7]),
        ("newSpec", ["a", "note", "b"]),
        ("newSpec", ["a", "nothing"]),
        ("showBoard", ["pdf"]),
        ("showBoard", ["html", "html"]),
        ("restartIndex", [1]),
        ("status", []),
        ("status", [None]),
        ("status", ["file:///a.md", 1]),
        ("boardPage", ["markdown"]),
    ],
)
def test_arguments_are_checked(commander: Commander, command: str, arguments: list[object]) -> None:
    commander.run(command, *arguments)
    assert commander.last["error"]["code"] == -32602, commander.last


@pytest.fixture(scope="module")
def commander(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commander]:
    with Commander(tmp_path_factory.mktemp("commands")) as made:
        made.start()
        yield made


def test_what_a_client_cannot_do_is_not_listed() -> None:
    names = [f"spec-ls.{name}" for name in ("apply", "advance", "insertMissingSections", "openTemplate", "showBoard")]
    names.append("spec-ls.restartIndex")
    assert usable(Client(), names) == ["spec-ls.restartIndex"]
    assert usable(Client(apply_edit=True), names) == [*names[:3], names[-1]]
    assert usable(Client(apply_edit=True, code_action_literals=True, show_document=True), names) == names[1:]


TITLE = "&lt;b&gt; \\*loud\\* | 🛵 & co"
SPEC = builtin().source.replace("SPEC-XXX", "SPEC-042").replace("[Short Title of the Spec]", TITLE)


def test_a_board_shows_words_of_documents_as_words() -> None:
    draft = Document(SPEC.replace("Draft / Review / Approved / Building / Done / Defer / Kill", "Draft")).spec
    done = Document(SPEC.replace("Draft / Review / Approved / Building / Done / Defer / Kill", "Done")).spec
    cards = [card(done, "/b/z.md"), card(draft, "/a <x>/(y).md"), card(Document("# T\n").spec, "/c.md")]
    board = Board(tuple(cards), date(2026, 3, 2), templates=(builtin(),))
    text = as_markdown(board, lambda path: path)
    assert [line for line in text.split("\n") if line.startswith("#")] == [
        "# Specs",
        "## No status (1)",
        "## Draft (1)",
        "## Done (1)",
    ]
    row = next(line for line in text.split("\n") if "(y)" in line)
    assert "[SPEC-042](</a %3Cx%3E/(y).md>)" in row and r"\<b\> \*loud\* \| 🛵 & co" in row
    page = as_html(board, lambda path: path)
    assert "&lt;b&gt; *loud* | 🛵 &amp; co" in page and 'href="/a &lt;x&gt;/(y).md"' in page
    empty = Board((), date(2026, 3, 2))
    assert "There are none yet" in as_markdown(empty, str) and "There are none yet" in as_html(empty, str)


def test_the_command_line_prints_the_board(tmp_path: Path) -> None:
    def board(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "spec_ls", "board", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)

    (tmp_path / "specs").mkdir()
    assert board("specs").returncode == 2
    (tmp_path / "specs" / "a.md").write_text(SPEC, "utf-8")
    done = board("specs", "--format", "markdown")
    assert done.returncode == 0 and "[SPEC-042](<specs/a.md>)" in done.stdout
    assert "<h2>" in board("--format", "html").stdout
