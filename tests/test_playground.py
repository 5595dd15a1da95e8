"""`spec-ls playground` without a browser: who is served, what of the folder, how files are saved, and one session."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import stat
import subprocess
import sys
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from spec_ls.cli.commands import cli
from spec_ls.files import CannotRead
from spec_ls.lsp import configuration
from spec_ls.lsp.server import SpecLanguageServer
from spec_ls.playground import serve
from spec_ls.playground.folder import Folder, Reading, as_before
from spec_ls.playground.serve import HOST, Playground
from spec_ls.playground.session import begin

EXAMPLE = (Path(__file__).parents[1] / "examples" / "delivery-alerts.md").read_text(encoding="utf-8")
TIMEOUT = 10.0


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "specs"
    (root / "deep").mkdir(parents=True)
    (root / "a.md").write_text("# A\n", "utf-8")
    (root / "deep" / "b.markdown").write_text("# B\n", "utf-8")
    (root / "notes.txt").write_text("no Markdown", "utf-8")
    (tmp_path / "secret.md").write_text("# Secret\n", "utf-8")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "away").symlink_to(tmp_path)
    (root / "txt.md").symlink_to(root / "notes.txt")
    return Folder.at(str(root))


@pytest.fixture
async def playground(folder: Folder) -> AsyncIterator[Playground]:
    playground = Playground(folder, "a.md")
    async with await playground.start():
        yield playground


async def ask(playground: Playground, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what a raw GET gets."""
    given = {"Host": f"{HOST}:{playground.port}", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
    reader, writer = await asyncio.open_connection(HOST, playground.port)
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head, _, body = (await asyncio.wait_for(reader.read(), TIMEOUT)).partition(b"\r\n\r\n")
    writer.close()
    status, *rest = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in rest), body


# --- who is served


async def test_the_page_is_served_to_whoever_has_its_address(playground: Playground) -> None:
    status, headers, body = await ask(playground, f"/{playground.token}/")
    assert status == 200 and b"<!doctype html>" in body
    policy = headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert nonce and f'content="{nonce}"'.encode() in body and b"{{" not in body
    assert headers["Referrer-Policy"] == "no-referrer"
    status, headers, body = await ask(playground, f"/{playground.token}/folder.json")
    told = {"root": Path(playground.folder.root).as_uri(), "folder": "specs", "first": "a.md"}
    assert (status, headers["Content-Type"], json.loads(body)) == (200, "application/json", told)
    for name, kind in (("main.js", "text/javascript"), ("main.css", "text/css")):
        status, headers, body = await ask(playground, f"/{playground.token}/{name}")
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kind) and body


_NOT_SERVED = """/ /{t} /{T}/ /x{t}/ /%C3%A9/ //{t}/ /{t}/../{t}/ /{t}/notes.txt /{t}/%2e%2e/serve.py /{t}/../serve.py
/{t}/static/main.js /{t}//etc/passwd /{t}/a.md /{t}/main.js/ /{t}/main.js%00"""


@pytest.mark.parametrize("path", _NOT_SERVED.split())
async def test_nothing_else_is_served(playground: Playground, path: str) -> None:
    path = path.format(t=playground.token, T=playground.token.swapcase())
    assert (await ask(playground, path))[0] == 404


async def test_another_name_of_this_machine_is_turned_away(playground: Playground) -> None:
    """A page whose name was made to mean 127.0.0.1 sends its own Host."""
    path = f"/{playground.token}/"
    assert (await ask(playground, path, Host=f"evil.example:{playground.port}"))[0] == 421
    assert (await ask(playground, path, Host=HOST))[0] == 421
    assert (await ask(playground, path, Host=""))[0] == 421
    assert (await ask(playground, path, Host=f"localhost:{playground.port}"))[0] == 200
    assert (await ask(playground, path, Origin="https://evil.example"))[0] == 403


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "https://{host}"])
async def test_a_socket_needs_the_page_as_its_origin(playground: Playground, origin: str | None) -> None:
    address = playground.address.replace("http", "ws") + "lsp"
    given = origin.format(host=f"{HOST}:{playground.port}") if origin else None
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, origin=given)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


async def test_a_socket_needs_the_token(playground: Playground) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{HOST}:{playground.port}/x/lsp", origin=f"http://{HOST}:{playground.port}")  # type: ignore[arg-type]
    assert refused.value.response.status_code == 404


def test_only_this_machine_is_listened_to() -> None:
    assert HOST == "127.0.0.1"


def test_every_start_has_a_token_of_its_own(folder: Folder) -> None:
    assert len({Playground(folder).token for _ in range(3)}) == 3
    assert len(Playground(folder).token) >= 32


# --- the folder


def test_only_markdown_that_lies_in_the_folder_is_listed(folder: Folder) -> None:
    assert folder.names() == ["a.md", "deep/b.markdown"]
    assert folder.name_of(os.path.join(folder.root, "deep", "b.markdown")) == "deep/b.markdown"
    assert folder.name_of(os.path.join(folder.root, "out.md")) is None
    assert folder.name_of(os.path.join(folder.root, "notes.txt")) is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../secret.md",
            "deep/../../secret.md",
            "deep/../a.md",
            "./a.md",
            "out.md",
            "away/secret.md",
            "/etc/passwd.md",
        ),
        *("notes.txt", "txt.md", "", ".", "a.md\0", "..\\secret.md", "%2e%2e/secret.md", "deep//b.markdown", "deep"),
        *(None, 7, ["a.md"], {"name": "a.md"}, "new/../../secret.md", "missing.md"),
    ],
)
def test_nothing_outside_of_the_folder_is_read_or_written(folder: Folder, tmp_path: Path, name: object) -> None:
    with pytest.raises(CannotRead):
        folder.read(name)
    if name != "missing.md":
        with pytest.raises(CannotRead):
            folder.save(name, "# Mine\n", "")
    assert (tmp_path / "secret.md").read_text("utf-8") == "# Secret\n"
    assert not (tmp_path / "specs" / "new").exists()


def test_what_is_no_text_is_told(folder: Folder) -> None:
    root = Path(folder.root)
    (root / "latin.md").write_bytes("# Caf\xe9\n".encode("latin-1"))
    os.mkfifo(root / "pipe.md")
    with pytest.raises(CannotRead, match="not UTF-8"):
        folder.read("latin.md")
    with pytest.raises(CannotRead, match="regular"):
        folder.read("pipe.md")
    seen = folder.read("a.md").seen
    with pytest.raises(CannotRead, match="half of a character"):
        folder.save("a.md", "\ud83d", seen)
    assert (root / "a.md").read_text("utf-8") == "# A\n"


def test_saving_keeps_line_ends_byte_order_mark_and_mode(folder: Folder) -> None:
    file = Path(folder.root) / "a.md"
    file.write_bytes("\ufeff# 🚀 A\r\nb\r\n".encode())
    file.chmod(0o640)
    reading = folder.read("a.md")
    assert reading.text == "# 🚀 A\nb\n"
    seen = folder.save("a.md", "# 🚀 A\nnew\nb\n", reading.seen)
    assert file.read_bytes() == "\ufeff# 🚀 A\r\nnew\r\nb\r\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert folder.read("a.md").seen == seen
    assert sorted(os.listdir(folder.root)) == ["a.md", "away", "deep", "notes.txt", "out.md", "txt.md"]


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("a\nb\n", "a\nx\nb\n", "a\nx\nb\n"),
        ("a\rb", "a\nb\n", "a\rb\r"),
        ("a\r\nb\nc\r\n", "a\nnew\nb\nc\n", "a\r\nnew\r\nb\nc\r\n"),
        ("a\nb\r\nc\n", "b\nc", "b\r\nc"),
        ("a\r\nb\n", "a\nb", "a\r\nb"),
        ("", "a\n", "a\n"),
        ("\ufeff", "", "\ufeff"),
        ("a\u2028b\r\n", "a\u2028b\nc\n", "a\u2028b\r\nc\r\n"),
        ("a", "a\n\n", "a\n\n"),
        ("a\r\n", "a\r\nb\rc\n", "a\r\nb\r\nc\r\n"),
    ],
)
def test_a_text_takes_the_line_ends_that_its_file_has(before: str, text: str, after: str) -> None:
    assert as_before(text, before) == after


def test_a_file_that_changed_meanwhile_is_given_back_and_left_alone(folder: Folder) -> None:
    file = Path(folder.root) / "a.md"
    seen = folder.read("a.md").seen
    file.write_text("# Theirs\n", "utf-8")
    conflict = folder.save("a.md", "# Mine\n", seen)
    assert isinstance(conflict, Reading) and conflict.text == "# Theirs\n"
    assert file.read_text("utf-8") == "# Theirs\n"
    assert isinstance(folder.save("a.md", "# Mine\n", conflict.seen), str)
    assert file.read_text("utf-8") == "# Mine\n"
    file.unlink()
    assert folder.save("a.md", "# Mine\n", conflict.seen) == Reading("", "")
    assert isinstance(folder.save("a.md", "# Mine\n", ""), str)
    assert file.read_text("utf-8") == "# Mine\n"


# --- a session


class Page:
    """What a page does over its socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.received: list[Any] = []
        self._ids = 0

    async def notify(self, method: str, params: object) -> None:
        await self.socket.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": params}))

    async def request(self, method: str, params: object) -> Any:
        self._ids += 1
        number = self._ids
        await self.socket.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
        answer = await self.wait(lambda one: one.get("id") == number and "method" not in one)
        return answer.get("result", answer.get("error"))

    async def wait(self, wanted: Any) -> Any:
        while True:
            for message in self.received:
                if wanted(message):
                    self.received.remove(message)
                    return message
            frame = await asyncio.wait_for(self.socket.recv(), TIMEOUT)
            assert isinstance(frame, str), "a page takes text frames"
            self.received.append(json.loads(frame))

    async def start(self) -> Any:
        await self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        await self.notify("initialized", {})
        return await self.request("playground/files", {})

    async def open(self, uri: str, text: str) -> list[Any]:
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
        await self.notify("textDocument/didOpen", {"textDocument": item})
        return await self.findings(uri, 1)

    async def findings(self, uri: str, version: int) -> Any:
        told = await self.wait(
            lambda one: (
                one.get("method") == "textDocument/publishDiagnostics"
                and one["params"]["uri"] == uri
                and one["params"].get("version") == version
            )
        )
        return told["params"]["diagnostics"]


async def enter(playground: Playground) -> Page:
    address = playground.address.replace("http", "ws") + "lsp"
    return Page(await connect(address, origin=f"http://{HOST}:{playground.port}", max_size=None))  # type: ignore[arg-type]


async def test_two_pages_have_a_server_each(playground: Playground, folder: Folder) -> None:
    (Path(folder.root) / "a.md").write_bytes(EXAMPLE.replace("\n", "\r\n").encode())
    one, two = await enter(playground), await enter(playground)
    listed = await one.start()
    assert listed == {"names": ["a.md", "deep/b.markdown"]}
    await two.start()
    uri = (Path(folder.root) / "a.md").as_uri()
    reading = await one.request("playground/read", {"name": "a.md"})
    assert reading["text"] == EXAMPLE
    assert len(await one.open(uri, reading["text"])) >= 10
    assert len(await two.open(uri, "# Notes\n\nNo spec.\n" + EXAMPLE.partition("\n")[2])) >= 10
    hover = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 3}}
    assert await one.request("textDocument/hover", hover) is not None

    # One goes, as a page does that is loaded again: the other has its server still, and a third one begins anew.
    await one.socket.close()
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": "# 🚀 Nothing\n"}]}
    await two.notify("textDocument/didChange", change)
    assert await two.findings(uri, 2) == []
    three = await enter(playground)
    await three.start()
    assert len(await three.open(uri, EXAMPLE)) >= 10

    # Both save: the second is told what there is now.
    mine = {"name": "a.md", "text": "# Mine 🚀\n", "seen": reading["seen"]}
    saved = await three.request("playground/save", mine)
    assert (Path(folder.root) / "a.md").read_bytes() == "# Mine 🚀\r\n".encode()
    conflict = await two.request("playground/save", mine | {"text": "# Theirs\n"})
    assert conflict == {"text": "# Mine 🚀\n", "seen": saved["saved"]}
    refused = await two.request("playground/save", {"name": "../secret.md", "text": "", "seen": ""})
    assert refused == {"trouble": "is no Markdown file of this folder"}

    # One that leaves by the book has its socket closed; nobody else's server ends with it.
    await three.request("shutdown", None)
    await three.notify("exit", None)
    await asyncio.wait_for(three.socket.wait_closed(), TIMEOUT)
    assert (await two.request("playground/read", {"name": "a.md"}))["text"] == "# Mine 🚀\n"
    await two.socket.close()


async def test_a_page_that_has_gone_leaves_nothing_behind(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration, "_POLL_SECONDS", 0.01)
    made: list[weakref.ref[object]] = []

    def begun(*given: Any) -> SpecLanguageServer:
        server = begin(*given)
        made.append(weakref.ref(server))
        return server

    monkeypatch.setattr(serve, "begin", begun)
    for _ in range(2):
        page = await enter(playground)
        await page.start()
        assert await page.open((Path(playground.folder.root) / "a.md").as_uri(), EXAMPLE)
        await page.request("workspace/executeCommand", {"command": "spec-ls.boardPage", "arguments": []})
        await page.socket.close()
    gc.unfreeze()
    async with asyncio.timeout(TIMEOUT):
        while any(server() for server in made):
            await asyncio.sleep(0.02)
            gc.collect()


async def test_a_page_stays_in_its_folder(playground: Playground, folder: Folder) -> None:
    """Whatever it says: another workspace, other template folders, a file elsewhere, a link that leads there."""
    elsewhere = Path(folder.root).parent
    (elsewhere / "secret.md").write_text(EXAMPLE, "utf-8")
    (Path(folder.root) / "a.md").write_text(EXAMPLE, "utf-8")
    named = [{"uri": elsewhere.as_uri(), "name": "all"}]
    asked = {"processId": None, "rootUri": elsewhere.as_uri(), "workspaceFolders": named, "capabilities": {}}
    page = await enter(playground)
    await page.request("initialize", asked | {"initializationOptions": {"templateFolders": [str(elsewhere)]}})
    await page.notify("initialized", {})
    await page.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": named, "removed": []}})
    for uri in ((elsewhere / "secret.md").as_uri(), (Path(folder.root) / "out.md").as_uri()):
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": EXAMPLE}
        await page.notify("textDocument/didOpen", {"textDocument": item})
        symbols = await page.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
        assert not symbols
    assert await page.open((Path(folder.root) / "a.md").as_uri(), EXAMPLE)
    found = await page.request("workspace/symbol", {"query": ""})
    assert {one["location"]["uri"] for one in found} == {(Path(folder.root) / "a.md").as_uri()}
    await page.socket.close()


async def test_odd_messages_end_nothing(playground: Playground) -> None:
    page = await enter(playground)
    for odd in ("", "null", "[]", "{", '{"jsonrpc":"2.0"}', '{"id":1}', "\x00", '"' * 1000):
        await page.socket.send(odd)
    await page.socket.send(b"\xff\xfe")
    assert (await page.start())["names"]
    assert await page.request("playground/read", None) == {"trouble": "is no Markdown file of this folder"}
    assert await page.request("playground/save", [1]) == {"trouble": "is no Markdown file of this folder"}
    await page.socket.close()


def test_the_command_names_its_address_and_stops_at_ctrl_c(folder: Folder) -> None:
    command = [sys.executable, "-m", "spec_ls", "playground", folder.root, "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert folder.root in process.stdout.readline()
        address = process.stdout.readline().strip()
        assert address.startswith(f"http://{HOST}:") and address.endswith("/")
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize("name", ["notes.txt", "missing.md"])
def test_the_command_opens_markdown_alone(folder: Folder, name: str) -> None:
    done = CliRunner().invoke(cli, ["playground", os.path.join(folder.root, name), "--no-browser"])
    assert done.exit_code == 2 and name in done.stderr and not done.stdout
