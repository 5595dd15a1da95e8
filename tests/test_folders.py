"""Files and folders that are made, moved and deleted while the server runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stdio import SERVER, Stdio

from spec_ls.catalogue import Card, card
from spec_ls.moves import Moves, bereft, relinked
from spec_ls.text import Edit, apply_edits
from spec_ls.workspace import Document

HEAD = "# {title} 🌙\n\n| Metadata | Value |\n| --- | --- |\n| **Spec ID** | `{id}` |\n| **Owner** | @zoë |\n\n"
OPERATIONS = ("willCreate", "didCreate", "willRename", "didRename", "willDelete", "didDelete")


def spec(identifier: str, title: str, text: str) -> str:
    return HEAD.format(id=identifier, title=title) + text + "\n"


MOVES = {
    "a file is renamed in its folder": (
        {"/w/a/x.md": "/w/a/y.md"},
        "/w/a/s.md",
        "[](x.md#h) [](./x.md)",
        "[](y.md#h) [](./y.md)",
    ),
    "a file moves to another folder": (
        {"/w/a/x.md": "/w/b/x.md"},
        "/w/a/s.md",
        "[](x.md) [](z.md)",
        "[](../b/x.md) [](z.md)",
    ),
    "the document itself moves": (
        {"/w/a/s.md": "/w/b/c/t.md"},
        "/w/a/s.md",
        "[](x.md) ![](../i.png?v=1) [](s.md) [](#h) [](/r.md) [](https://x.example/a)",
        "[](../../a/x.md) ![](../../i.png?v=1) [](t.md) [](#h) [](/r.md) [](https://x.example/a)",
    ),
    "a folder moves with both": ({"/w/a": "/w/b"}, "/w/a/s.md", "[](x.md) [](../o.md)", "[](x.md) [](../o.md)"),
    "a folder moves deeper": ({"/w/a": "/w/b/a"}, "/w/a/s.md", "[](x.md) [](../o.md)", "[](x.md) [](../../o.md)"),
    "a link to a folder": ({"/w/a": "/w/b"}, "/w/s.md", "[](a/) [](a) [](ab/x.md)", "[](b/) [](b) [](ab/x.md)"),
    "a link from the root": ({"/w/a/x.md": "/w/b/y.md"}, "/w/a/s.md", "[](/a/x.md)", "[](/b/y.md)"),
    "letters that an address cannot have": (
        {"/w/Größe 1.md": "/w/(neu) 2#.md"},
        "/w/s.md",
        "[](Gr%C3%B6%C3%9Fe%201.md#x) [](<Größe 1.md>)",
        "[](%28neu%29%202%23.md#x) [](<(neu) 2#.md>)",
    ),
    "a definition": ({"/w/x.md": "/w/b/x.md"}, "/w/s.md", "[🙂][a]\n\n[a]: x.md", "[🙂][a]\n\n[a]: b/x.md"),
    "nothing of its own moves": ({"/w/q.md": "/w/r.md"}, "/w/s.md", "[](x.md)", "[](x.md)"),
}


def card_of(path: str, source: str) -> Card:
    return card(Document(source).spec, path)


@pytest.mark.parametrize("what", MOVES)
def test_links_follow(what: str) -> None:
    moves, path, before, after = MOVES[what]
    source = spec("SPEC-204", "Quiet Hours", "🙂 " + before)
    found = list(relinked([card_of(path, source)], Moves(moves), "/w"))
    result = apply_edits(source, [Edit(one.span, one.new_text) for one in found])
    assert result == spec("SPEC-204", "Quiet Hours", "🙂 " + after)


def test_who_is_left_behind() -> None:
    gone = card_of("/w/a/x.md", spec("SPEC-007", "Gone", "SPEC-007"))
    other = card_of("/w/s.md", spec("SPEC-204", "Quiet Hours", "waits for spec-007"))
    linking = card_of("/w/t.md", spec("SPEC-205", "Baskets", "[x](a/x.md)"))
    neither = card_of("/w/u.md", spec("SPEC-206", "Neither", "[x](b/x.md) SPEC-008"))
    cards = [gone, other, linking, neither]
    assert bereft(cards, ["/w/a"]) == [(other, "SPEC-007"), (linking, "a/x.md")]
    assert bereft(cards, ["/w/b.md"]) == []


# --- the server


class Folder:
    """A folder with specs, open in a server."""

    def __init__(self, server: Stdio, path: Path) -> None:
        self.server, self.path = server, path

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_bytes(text.encode("utf-8"))

    def uri(self, name: str) -> str:
        return (self.path / name).as_uri()

    def open(self, name: str) -> None:
        text = (self.path / name).read_text("utf-8")
        item = {"uri": self.uri(name), "languageId": "markdown", "version": 7, "text": text}
        self.server.notify("textDocument/didOpen", {"textDocument": item})

    def will_rename(self, old: str, new: str) -> Any:
        files = [{"oldUri": self.uri(old), "newUri": self.uri(new)}]
        return self.server.request("workspace/willRenameFiles", {"files": files})["result"]


@pytest.fixture(params=["utf-8", "utf-16", "utf-32"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Folder]:
    said = {
        "general": {"positionEncodings": [request.param]},
        "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}},
        "workspace": {
            "workspaceEdit": {"documentChanges": True},
            "fileOperations": dict.fromkeys(OPERATIONS, True),
            "didChangeWatchedFiles": {"dynamicRegistration": True},
        },
    }
    with Stdio(SERVER) as server:
        made = Folder(server, tmp_path / "specs")
        made.write("quiet.md", spec("SPEC-204", "Quiet Hours", "🙂 𝔸 [x](baskets/one.md#h) and SPEC-101"))
        made.write("baskets/one.md", spec("SPEC-101", "Baskets", "é [y](../quiet.md)\r\n[i](i.png)"))
        result = server.initialize(said, rootUri=made.path.as_uri())
        offered = result["capabilities"]["workspace"]["fileOperations"]
        assert set(offered) == set(OPERATIONS) - {"willCreate"}
        made.open("quiet.md")
        yield made


def test_a_spec_that_moves_keeps_its_links(folder: Folder, request: pytest.FixtureRequest) -> None:
    encoding = request.node.callspec.params["folder"]
    edit = folder.will_rename("baskets", "shared/baskets")
    by_uri = {change["textDocument"]["uri"]: change for change in edit["documentChanges"]}
    assert set(by_uri) == {folder.uri("quiet.md"), folder.uri("baskets/one.md")}
    (own,) = by_uri[folder.uri("quiet.md")]["edits"]
    at = len(
        {"utf-8": "🙂 𝔸 [x](".encode(), "utf-16": "🙂 𝔸 [x](".encode("utf-16-le")[::2], "utf-32": "🙂 𝔸 [x]("}[encoding]
    )
    start, end = {"line": 7, "character": at}, {"line": 7, "character": at + len("baskets/one.md")}
    assert own == {"range": {"start": start, "end": end}, "newText": "shared/baskets/one.md"}
    assert by_uri[folder.uri("quiet.md")]["textDocument"]["version"] == 7
    assert [one["newText"] for one in by_uri[folder.uri("baskets/one.md")]["edits"]] == [
        "../quiet.md"
    ]  # behind the ../ that is there
    assert by_uri[folder.uri("baskets/one.md")]["textDocument"]["version"] is None
    assert folder.will_rename("none.md", "other.md") is None


def test_what_is_known_moves_along(folder: Folder) -> None:
    (folder.path / "baskets").rename(folder.path / "shared")
    files = [{"oldUri": folder.uri("baskets"), "newUri": folder.uri("shared")}]
    folder.server.notify("workspace/didRenameFiles", {"files": files})
    edit = folder.will_rename("shared/one.md", "shared/two.md")
    assert edit is None  # nobody links to its new place yet
    edit = folder.will_rename("quiet.md", "still.md")
    (change,) = edit["documentChanges"]
    assert change["textDocument"]["uri"] == folder.uri("shared/one.md")


def test_who_still_names_it_is_told_before_it_is_deleted(folder: Folder) -> None:
    answer = folder.server.request("workspace/willDeleteFiles", {"files": [{"uri": folder.uri("baskets")}]})
    assert answer["result"] is None
    told = [one["params"]["message"] for one in folder.server.received if one.get("method") == "window/showMessage"]
    assert told == ["SPEC-101: still named in 1 spec: Quiet Hours 🌙."]
    (folder.path / "baskets" / "one.md").unlink()
    folder.server.notify("workspace/didDeleteFiles", {"files": [{"uri": folder.uri("baskets")}]})
    assert folder.will_rename("quiet.md", "still.md") is None
    folder.write("baskets/new.md", spec("SPEC-102", "New", "[y](../quiet.md)"))
    folder.server.notify("workspace/didCreateFiles", {"files": [{"uri": folder.uri("baskets/new.md")}]})
    (change,) = folder.will_rename("quiet.md", "still.md")["documentChanges"]
    assert change["textDocument"]["uri"] == folder.uri("baskets/new.md")


def test_workspace_folders_come_and_go_each_with_its_own_configuration(tmp_path: Path) -> None:
    (tmp_path / ".spec-ls.toml").write_text('[features]\n"symbols" = false\n', "utf-8")
    with Stdio(SERVER) as server:
        one, two = Folder(server, tmp_path / "one"), Folder(server, tmp_path / "two")
        for folder in (one, two):
            folder.write("a.md", spec("SPEC-204", "Quiet Hours", "x"))
        one.write(".spec-ls.toml", '[features]\n"folding" = false\n')
        said = {"workspaceFolders": True, "semanticTokens": {"refreshSupport": True}}
        server.initialize({"workspace": said}, workspaceFolders=[_listed(one)])

        def answered(folder: Folder) -> tuple[bool, bool]:
            about = {"textDocument": {"uri": folder.uri("a.md")}}
            methods = ("textDocument/documentSymbol", "textDocument/foldingRange")
            symbols, folds = (server.request(method, about)["result"] is not None for method in methods)
            return symbols, folds

        one.open("a.md")
        two.open("a.md")
        assert answered(one) == (True, False)
        assert answered(two) == (False, True)  # in no folder: the configuration above it counts
        server.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [_listed(two)], "removed": []}})
        assert answered(two) == (True, True)
        server.wait_for(lambda told: told.get("method") == "workspace/semanticTokens/refresh")
        server.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [_listed(two)]}})
        assert answered(two) == (False, True)
        assert answered(one) == (True, False)


def test_a_new_empty_file_is_offered_its_template(folder: Folder) -> None:
    """With the identifier that is free among all specs: they are waited for."""
    config = '[templates.product]\nbuiltin = "product-spec"\nfiles = ["new/*.md"]\n'
    folder.write(".spec-ls.toml", config)
    folder.server.notify(
        "workspace/didChangeWatchedFiles", {"changes": [{"uri": folder.uri(".spec-ls.toml"), "type": 1}]}
    )
    folder.write("new/export.md", "")
    folder.server.notify("workspace/didCreateFiles", {"files": [{"uri": folder.uri("new/export.md")}]})
    folder.open("new/export.md")
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    about = {"textDocument": {"uri": folder.uri("new/export.md")}, "range": place, "context": {"diagnostics": []}}
    first = folder.server.request("textDocument/codeAction", about)["result"][0]
    assert (first["title"], first["isPreferred"]) == ("Begin with the template product-spec", True)
    (edit,) = first["edit"]["documentChanges"][0]["edits"]
    assert "| **Spec ID** | `SPEC-205` |" in edit["newText"] and edit["newText"].startswith("# [Short Title")


def _listed(folder: Folder) -> dict[str, str]:
    return {"uri": folder.path.as_uri(), "name": folder.path.name}
