"""The wire, seen from outside: raw frames into a real process, and what comes back."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import METHOD_TO_TYPES, HoverParams, Position, TextDocumentIdentifier
from stdio import SERVER, Message, Stdio, frame

from spec_ls.lsp.client import Client
from spec_ls.lsp.decoding import Unreadable, messages
from spec_ls.lsp.framing import FrameReader, Outbox, Oversized
from spec_ls.lsp.handlers import Asked
from spec_ls.lsp.server import create_server
from spec_ls.template import builtin
from spec_ls.text import Encoding, Point, Text

FAULTS = (
    "lines that end where LSP knows no line end",
    "positions past the end of a line",
    "the position of an offset",
    "an edit that does not fit its types",
    "documents that are not open",
    "URIs that differ in their escapes only",
    "params and enum values that are not known",
    "values of another type",
    "a message inside a message",
    "requests at the wrong time",
    "the exit code",
    "an exit behind a busy handler",
    "the death of the editor",
    "frames not by the book",
    "bodies that are no message",
    "a future kept for every notification",
    "a cancellation read too late",
    "a reader that waits for handlers",
    "an answer about a later text",
    "frames sent from several threads",
    "a client that does not read",
    "a question to the client",
    "a handler that raises",
    "prints between frames",
    "what the client never offered",
    "a handler without the server",
    "tuples and unknown values in an answer",
    "another release of pygls",
)
"""What stock pygls does wrong, or leaves to the server. Each has a test marked with it."""

CLIENTS = sorted((Path(__file__).parent / "clients").glob("*.json"))

PROBE = textwrap.dedent(
    """
    import asyncio, os, subprocess, sys, threading, time
    from typing import Any
    from lsprotocol import types
    from pygls.exceptions import JsonRpcRequestCancelled
    from spec_ls.lsp.server import SpecLanguageServer

    class Probe(SpecLanguageServer):
        idles = changes = 0
        ran = []
        seen = None

        def did_change(self, params):
            self.changes += 1
            super().did_change(params)

        def on_idle(self):
            if self.changes:
                self.idles += 1
                self.protocol.notify("probe/idle", {"changes": self.changes})
                self.changes = 0

    server = Probe()

    @server.feature("textDocument/hover")
    def hover(ls, params: types.HoverParams):
        ls.seen = params
        return types.Hover(types.MarkupContent(types.MarkupKind.PlainText, repr(params.position)))

    @server.feature("textDocument/codeAction")
    def actions(ls, params: types.CodeActionParams):
        return [types.CodeAction("echo", diagnostics=params.context.diagnostics + [])]

    @server.feature("textDocument/completion")
    async def completion(ls, params):
        await asyncio.sleep(3600)

    @server.feature("probe/text")
    def text(ls, params):
        document = ls.documents.get(params["uri"])
        return document and {"text": document.text.source, "version": document.version, "stale": document.stale}

    @server.feature("probe/laterText")
    def later_text(ls, params):
        async def answer(source):
            await asyncio.sleep(0.01)
            return source
        return answer(ls.documents[params["uri"]].text.source)

    @server.feature("probe/slow")
    def slow(ls, params):
        time.sleep(params["seconds"])
        ls.ran.append(params["name"])

    @server.feature("probe/untilCancelled")
    def until_cancelled(ls, params):
        ls.protocol.notify("probe/began")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if ls.is_cancelled():
                raise JsonRpcRequestCancelled()

    gate = threading.Event()

    @server.feature("probe/hold")
    @server.thread()
    def hold(ls, params):
        ls.protocol.notify("probe/holding", params)
        gate.wait(30)
        return params["number"]

    @server.feature("probe/release")
    def release(ls, params):
        gate.set()

    @server.feature("probe/state")
    def state(ls, params):
        protocol = ls.protocol
        return {"ran": ls.ran, "futures": len(protocol._request_futures), "cancelled": len(protocol.cancelled),
                "asked": len(protocol._asked), "types": len(protocol._result_types),
                "store": len(ls.workspace.text_documents), "folders": list(ls.workspace.folders)}

    @server.feature("probe/raise")
    def fail(ls, params):
        raise {"error": ValueError, "exit": SystemExit, "cancelled": asyncio.CancelledError}[params["kind"]]("secret")

    @server.feature("probe/raiseLater")
    async def fail_later(ls, params):
        await asyncio.sleep(0)
        raise {"error": ValueError, "exit": SystemExit}[params["kind"]]("secret")

    @server.feature("probe/background")
    def background(ls, params):
        asyncio.get_event_loop().call_soon(lambda: 1 / 0)

    @server.feature("probe/unserializable")
    def unserializable(ls, params):
        return {"x": {1, 2}}

    @server.feature("probe/print")
    def noise(ls, params):
        print("printed")
        sys.stdout.flush()
        os.write(1, b"written")
        subprocess.run([sys.executable, "-c", "import sys; print('child', repr(sys.stdin.read()))"], check=True)

    @server.feature("probe/big")
    def big(ls, params):
        return "x" * params["size"]

    @server.feature("probe/publish")
    def publish(ls, params):
        for version in range(params["count"]):
            for uri in ("a", "b"):
                ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, [], version))

    @server.feature("probe/threads")
    def threads(ls, params):
        def send(name):
            for number in range(params["count"]):
                ls.protocol.notify("probe/frame", {"name": name, "number": number, "pad": "x" * params["size"]})
        for name in range(4):
            threading.Thread(target=send, args=(name,)).start()

    @server.feature("probe/ask")
    async def ask(ls, params):
        return {"got": await ls.ask("workspace/configuration", {"items": []}, params["timeout"])}

    @server.feature("probe/askByPygls")
    async def ask_by_pygls(ls, params):
        folders = await ls.workspace_workspace_folders_async(None)
        return [folder.name for folder in folders]

    @server.command("probe.echo")
    def echo(ls, value: Any):
        return value

    server.serve_stdio()
    """
)
PROBE_SERVER = [sys.executable, "-c", PROBE]

UTF8 = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
UTF32 = {"general": {"positionEncodings": ["utf-7", 3, "utf-32"]}}


@pytest.fixture(scope="module")
def probe() -> Iterator[Stdio]:
    """A server that no test may leave unfit for the next one."""
    with Stdio(PROBE_SERVER) as client:
        client.initialize()
        yield client
        assert client.stray == b""
        assert not [one for one in client.received if one.get("method") == "window/showMessage"]
        assert client.request("shutdown")["result"] is None
        client.notify("exit")
        assert client.wait() == 0


@pytest.fixture(scope="module", params=["utf-8", "utf-16", "utf-32"])
def editor(request: pytest.FixtureRequest) -> Iterator[tuple[Stdio, str]]:
    capabilities = {"utf-8": UTF8, "utf-16": {}, "utf-32": UTF32}[request.param]
    with Stdio(PROBE_SERVER) as client:
        result = client.initialize(capabilities)
        assert result["capabilities"]["positionEncoding"] == request.param
        yield client, request.param


def code(answer: Message) -> int:
    assert "result" not in answer
    number: int = answer["error"]["code"]
    return number


def open_document(client: Stdio, uri: str, text: str, version: int = 1) -> None:
    item = {"uri": uri, "languageId": "markdown", "version": version, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})


def change(uri: str, *changes: object, version: int = 2) -> Message:
    params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": list(changes)}
    return {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}


def edit(start: tuple[int, int], end: tuple[int, int], text: str) -> Message:
    points = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": points[0], "end": points[1]}, "text": text}


def text_of(client: Stdio, uri: str) -> Any:
    return client.request("probe/text", {"uri": uri})["result"]


def test_every_fault_of_pygls_has_a_test() -> None:
    marked = [
        ast.literal_eval(mark.args[0])
        for file in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault"
    ]
    assert set(marked) == set(FAULTS)
    assert len(set(FAULTS)) == len(FAULTS)


@pytest.mark.fault("another release of pygls")
def test_pygls_is_the_release_whose_faults_are_known() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert {f"{name}=={version(name)}" for name in ("lsprotocol", "pygls")} <= set(project["dependencies"])


@pytest.mark.fault("a handler without the server")
def test_every_handler_is_handed_the_server() -> None:
    server = create_server()
    handlers = {**server.protocol.fm.features, **server.protocol.fm.commands}
    assert {"initialized", "textDocument/hover", "spec-ls.apply"} <= set(handlers)
    for name, handler in handlers.items():
        closure = [cell.cell_contents for cell in getattr(handler, "__closure__", None) or ()]
        assert any(one is server for one in (*getattr(handler, "args", ()), *closure)), name


# ---------------------------------------------------------------------------------------------------- states


@pytest.mark.fault("requests at the wrong time")
def test_states_before_and_after_initialize() -> None:
    with Stdio() as client:
        assert code(client.request("textDocument/hover", {})) == -32002
        assert code(client.request("shutdown")) == -32002
        assert code(client.request("no/such")) == -32002
        open_document(client, "early", "x")
        client.notify("no/such")
        result = client.initialize()
        sync = result["capabilities"]["textDocumentSync"]
        assert (sync["openClose"], sync["change"]) == (True, 2)
        assert result["capabilities"]["positionEncoding"] == "utf-16"
        assert result["serverInfo"]["name"] == "spec-ls"
        assert code(client.request("initialize", {"capabilities": {}})) == -32600
        assert code(client.request("no/such")) == -32601
        assert client.request("shutdown")["result"] is None
        assert code(client.request("no/such")) == -32600
        assert code(client.request("initialize", {"capabilities": {}})) == -32600
        assert code(client.request("shutdown")) == -32600
        open_document(client, "late", "x")
        client.send({"jsonrpc": "2.0", "id": "nobody asked", "result": 1})
        client.notify("exit")
        assert client.wait() == 0
        assert client.stray == b""


@pytest.mark.fault("requests at the wrong time")
def test_second_initialize_forgets_nothing(probe: Stdio) -> None:
    open_document(probe, "kept", "text")
    assert code(probe.request("initialize", {"capabilities": UTF8, "rootUri": None, "processId": None})) == -32600
    assert text_of(probe, "kept")["text"] == "text"


@pytest.mark.fault("the exit code")
@pytest.mark.parametrize("initialized", [False, True])
def test_exit_without_shutdown(initialized: bool) -> None:
    with Stdio() as client:
        if initialized:
            client.initialize()
        client.notify("exit")
        assert client.wait() == 1


@pytest.mark.fault("the exit code")
@pytest.mark.parametrize(("shutdown", "expected"), [(False, 1), (True, 0)])
def test_end_of_stdin(shutdown: bool, expected: int) -> None:
    with Stdio() as client:
        client.initialize()
        if shutdown:
            client.request("shutdown")
        last = client.ask("no/such")
        client.send(b"Content-Length: 100\r\n\r\n{")
        client.close_stdin()
        assert client.wait() == expected
        assert client.answer(last)  # what came before the end is answered


@pytest.mark.fault("the exit code")
def test_end_of_stdout() -> None:
    with Stdio(reading=False) as client:
        assert client.process.stdout is not None
        client.process.stdout.close()
        client.ask("no/such")
        assert client.process.wait(10) == 1


@pytest.mark.fault("an exit behind a busy handler")
def test_exit_does_not_wait_for_handlers() -> None:
    with Stdio(PROBE_SERVER) as client:
        client.initialize()
        client.ask("textDocument/completion", {"textDocument": {"uri": "a"}, "position": {"line": 0, "character": 0}})
        waiting = client.ask("probe/ask", {"timeout": 60})
        client.wait_for(lambda one: one.get("method") == "workspace/configuration")
        client.ask("probe/hold", {"number": 0})
        client.wait_for(lambda one: one.get("method") == "probe/holding")
        assert client.request("shutdown")["result"] is None
        assert code(client.answer(waiting)) == -32800
        started = time.monotonic()
        client.notify("exit")
        assert client.wait() == 0
        assert time.monotonic() - started < 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_closed_stderr() -> None:
    with Stdio(["sh", "-c", 'exec "$@" 2>&-', "sh", *PROBE_SERVER]) as client:
        client.initialize()
        assert code(client.request("probe/raise", {"kind": "error"})) == -32603
        assert client.request("probe/print")["result"] is None
        client.request("shutdown")
        client.notify("exit")
        assert client.wait() == 0
        assert client.stray == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_interrupt() -> None:
    with Stdio() as client:
        client.initialize()
        client.process.send_signal(signal.SIGINT)
        assert client.wait() == 1
        assert "Traceback" not in client.stderr


@pytest.mark.fault("the death of the editor")
@pytest.mark.skipif(sys.platform == "win32", reason="zombies and new parents are of POSIX")
def test_parent_death() -> None:
    """The pipes stay open, so that only the death of the process named by the client can end the server.

    One is reaped; the other, which started its server, is not: its number stays taken.
    """
    launcher = f"import subprocess, signal; subprocess.Popen({SERVER!r}); signal.pause()"
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with Stdio() as named, Stdio([sys.executable, "-c", launcher]) as started:
        named.initialize(processId=parent.pid)
        started.initialize(processId=started.process.pid)
        parent.communicate()
        started.process.kill()
        assert named.wait() == 1
        started.wait_for_stderr(f"process {started.process.pid}, which started the server, has ended")
        started.wait_for_end()


# ---------------------------------------------------------------------------------------------------- framing


def read_all(*chunks: bytes, max_body: int = 1000) -> list[bytes | Oversized]:
    rest = [chunk for chunk in chunks if chunk]
    return list(FrameReader(lambda _: rest.pop(0) if rest else b"", max_body).frames())


GOOD = frame(b'{"good":1}')

ODD_FRAMES: dict[str, tuple[bytes, list[bytes]]] = {
    "lower case": (b"content-length: 2\r\n\r\n{}", [b"{}"]),
    "no blank": (b"Content-Length:2\r\n\r\n{}", [b"{}"]),
    "blanks": (b"CONTENT-LENGTH \t:  2  \r\n\r\n{}", [b"{}"]),
    "leading zeros": (b"Content-Length: 0002\r\n\r\n{}", [b"{}"]),
    "LF only": (b"Content-Length: 2\n\n{}", [b"{}"]),
    "other headers": (b"X: y\r\nContent-Length: 2\r\nContent-Type: z; charset=utf8\r\n\r\n{}", [b"{}"]),
    "blank lines before": (b"\r\n\r\n\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
    "no length": (b"Content-Type: x\r\n\r\n{}", []),
    "negative length": (b"Content-Length: -2\r\n\r\n{}", []),
    "word for a length": (b"Content-Length: two\r\n\r\n{}", []),
    "garbage": (b"\x00\xff what is this", []),
    "binary garbage": (bytes(range(256)) * 100, []),
    "endless header line": (b"x" * 200_000, []),
    "empty body": (b"Content-Length: 0\r\n\r\n", [b""]),
    "too short": (b'Content-Length: 3\r\n\r\n{"a":1}', [b'{"a']),
    "too long": (b"Content-Length: 900\r\n\r\n{}", [b"{}"]),
    "length twice": (b"Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
    "raw line ends in the body": (b"Content-Length: 8\r\n\r\n{\n\r\n\n\n\n}", [b"{\n\r\n\n\n\n}"]),
}


@pytest.mark.fault("frames not by the book")
@pytest.mark.parametrize("name", ODD_FRAMES)
def test_odd_frame_and_the_good_one_behind_it(name: str) -> None:
    odd, bodies = ODD_FRAMES[name]
    expected = [*bodies, b'{"good":1}']
    assert read_all(odd + GOOD) == expected
    assert read_all(*(bytes([byte]) for byte in odd[:3000]), odd[3000:], GOOD) == expected


FRAGMENTS = [
    *(b"Content-Length: %d\r\n\r\n" % length for length in (*range(30), 500, 10**20)),
    *(b"Content-Length", b": ", b"12", b"\r", b"\n", b"\r\n\r\n", b"Content-Type: x\r\n", b"content-length:3\n\n"),
    *(
        b"{",
        b"}",
        b'"',
        b"\\",
        b"{}",
        b"[",
        b"null",
        b'{"a":',
        b'"Content-Length: 5',
        b"\xff",
        b"\xe2\x82",
        b"\0",
        b" ",
    ),
    *(GOOD, GOOD[:7], GOOD[:25], b"x" * 1000),
]


@pytest.mark.fault("frames not by the book")
@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=20), max_size=12), st.integers(1, 64))
def test_whatever_came_before_the_next_message_is_read(garbage: list[bytes], size: int) -> None:
    stream = b"".join(garbage) + GOOD
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    reader = FrameReader(lambda _: chunks.pop(0) if chunks else b"", 1000)
    *_, last = messages(reader)
    assert last == {"good": 1}


def test_two_messages_in_one_frame() -> None:
    rest = [frame(b'{"a":1} {"b":2}{"c"'), GOOD]
    read = list(messages(FrameReader(lambda _: rest.pop(0) if rest else b"")))
    assert [one for one in read if not isinstance(one, Unreadable)] == [{"a": 1}, {"b": 2}, {"good": 1}]
    assert len(read) == 4


@pytest.mark.fault("frames not by the book")
def test_100k_header_lines() -> None:
    started = time.monotonic()
    assert read_all(b"X-Header: y\r\n" * 100_000 + GOOD) == [b'{"good":1}']
    assert time.monotonic() - started < 2


def test_header_block_without_end_is_given_up() -> None:
    assert read_all(b"Content-Length: 5\r\n" + b"X-Header: y\r\n" * 10_000 + b"\r\n" + GOOD) == [b'{"good":1}']


@pytest.mark.fault("frames not by the book")
def test_huge_length_is_given_up_at_the_next_header() -> None:
    for digits in (b"1" + b"0" * 30, b"9" * 5000):
        first, second = read_all(b"Content-Length: " + digits + b"\r\n\r\n{}", b"abc", GOOD)
        assert isinstance(first, Oversized)
        assert first.head == b"{}"
        assert second == b'{"good":1}'


def test_body_over_the_limit_is_skipped() -> None:
    long = b'"' + b"x" * 5000 + b'"'
    for size in (1, 7, 100, 10_000):
        stream = frame(long) + GOOD
        first, second = read_all(*(stream[at : at + size] for at in range(0, len(stream), size)))
        assert isinstance(first, Oversized)
        assert first.length == len(long)
        assert second == b'{"good":1}'


@pytest.mark.fault("frames not by the book")
def test_the_rest_of_a_frame_is_waited_for() -> None:
    """What comes page by page is one burst; between two frames, nothing is waited for."""
    first, second = frame(b'{"a":1}'), frame(b'{"b":2}')
    read: list[bytes | None] = [first + second[:5], None, second[5:-2], None, None, second[-2:], None, b""]
    waited: list[int] = []
    reader = FrameReader(lambda _: read.pop(0), wait=lambda: waited.append(len(read)))
    assert list(reader.frames()) == [b'{"a":1}', None, b'{"b":2}', None]
    assert waited == [6, 4]


def test_odd_frames_end_to_end(probe: Stdio) -> None:
    for name, (odd, _) in ODD_FRAMES.items():
        # The reader gets the odd frame first and the next one later, as from a client that waits for an answer.
        probe.send(odd)
        assert probe.request("probe/state")["result"], name
    start = len(probe.received)
    probe.send(b"X-Header: y\r\n" * 100_000, b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n{}")
    assert code(probe.answer(None, start=start)) == -32600
    assert probe.request("probe/state")["result"]
    # Too long by less than the next header, so that the body ends inside of it.
    start = len(probe.received)
    one = json.dumps({"jsonrpc": "2.0", "id": "long", "method": "probe/state"}).encode()
    probe.send(b"Content-Length: %d\r\n\r\n" % (len(one) + 9), one, {"jsonrpc": "2.0", "id": "next", "method": "x"})
    assert "result" in probe.answer("long", start=start)
    assert code(probe.answer("next", start=start)) == -32601


def test_frames_in_pieces(probe: Stdio) -> None:
    data = frame({"jsonrpc": "2.0", "id": "pieces", "method": "probe/state", "params": {"é": "😀"}})
    for byte in data:
        probe.send(bytes([byte]))
    assert "result" in probe.answer("pieces")


# ---------------------------------------------------------------------------------------------------- messages

MALFORMED: dict[str, tuple[object, object, int]] = {
    "cut": (b'{"jsonrpc": "2.0", "id": 1, "met', None, -32700),
    "no JSON": (b"hello", None, -32700),
    "empty": (b"", None, -32700),
    "no UTF-8": (b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}', None, -32700),
    "too deep": (b"[" * 100_000 + b"]" * 100_000, None, -32700),
    "null": (b"null", None, -32600),
    "number": (b"42", None, -32600),
    "string": (b'"x"', None, -32600),
    "array": (b"[]", None, -32600),
    "batch": ([{"jsonrpc": "2.0", "id": 1, "method": "probe/state"}], None, -32600),
    "empty object": ({}, None, -32600),
    "no jsonrpc": ({"id": "m1", "method": "probe/state"}, "m1", -32600),
    "other jsonrpc": ({"jsonrpc": "1.0", "id": "m2", "method": "probe/state"}, "m2", -32600),
    "no method": ({"jsonrpc": "2.0", "id": "m3"}, "m3", -32600),
    "odd method": ({"jsonrpc": "2.0", "id": "m4", "method": 7}, "m4", -32600),
    "null id": ({"jsonrpc": "2.0", "id": None, "method": "probe/state"}, None, -32600),
    "true for an id": ({"jsonrpc": "2.0", "id": True, "method": "probe/state"}, None, -32600),
    "array for an id": ({"jsonrpc": "2.0", "id": [1], "method": "probe/state"}, None, -32600),
    "object for an id": ({"jsonrpc": "2.0", "id": {}, "method": "probe/state"}, None, -32600),
    "fraction for an id": ({"jsonrpc": "2.0", "id": 1.5, "method": "probe/state"}, None, -32600),
    "unknown method": ({"jsonrpc": "2.0", "id": "m5", "method": "no/such"}, "m5", -32601),
    "unknown $ method": ({"jsonrpc": "2.0", "id": "m6", "method": "$/noSuch"}, "m6", -32601),
    "exit with an id": ({"jsonrpc": "2.0", "id": "m8", "method": "exit"}, "m8", -32601),
    "initialized with an id": ({"jsonrpc": "2.0", "id": "m9", "method": "initialized", "params": {}}, "m9", -32601),
    "notification with an id": ({"jsonrpc": "2.0", "id": "m7", "method": "$/cancelRequest"}, "m7", -32601),
}


@pytest.mark.fault("bodies that are no message")
@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(probe: Stdio, name: str) -> None:
    message, msg_id, expected = MALFORMED[name]
    start = len(probe.received)
    probe.send(frame(message))
    answer = probe.answer(msg_id, start=start)
    assert code(answer) == expected
    assert len(answer["error"]["message"]) < 300
    assert probe.request("probe/state")["result"]


@pytest.mark.parametrize("msg_id", [0, -1, 2**40, "", "é", 3.0])
def test_usable_ids(probe: Stdio, msg_id: object) -> None:
    start = len(probe.received)
    probe.ask("probe/state", None, msg_id)
    assert "result" in probe.answer(msg_id, start=start)


@pytest.mark.fault("bodies that are no message")
def test_ignored_notifications(probe: Stdio) -> None:
    start = len(probe.received)
    for method in ("no/such", "$/noSuch", "textDocument/hover", "initialize", "shutdown", "notebookDocument/didOpen"):
        probe.notify(method, {})
    probe.notify("$/setTrace", {"value": "unheard of"})
    probe.notify("$/setTrace", {"value": 7})
    probe.notify("workspace/didChangeWorkspaceFolders", {"event": 1})
    for params in (None, {}, [], {"id": []}, {"id": None}, {"id": "nobody"}):
        probe.notify("$/cancelRequest", params)
    for answer in ({"id": "nobody"}, {"id": None}, {"id": []}, {"id": 1}):
        probe.send({"jsonrpc": "2.0", **answer, "result": 1}, {"jsonrpc": "2.0", **answer, "error": 1})
    state = probe.request("probe/state")["result"]
    assert (state["futures"], state["cancelled"]) == (0, 0)
    assert len(probe.received) == start + 1


@pytest.mark.fault("a message inside a message")
def test_nested_jsonrpc_is_plain_data(probe: Stdio) -> None:
    nested = {"jsonrpc": "2.0", "id": 1, "method": "exit", "result": [{"jsonrpc": "2.0"}]}
    answer = probe.request("workspace/executeCommand", {"command": "probe.echo", "arguments": [nested]})
    assert answer["result"] == nested
    assert code(probe.request("workspace/executeCommand", {"command": "no.such", "arguments": []})) == -32602
    assert code(probe.request("workspace/executeCommand", {"command": "probe.echo", "arguments": [1, 2, 3]})) == -32602


def at(line: object, character: object, uri: object = "a") -> Message:
    return {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}


@pytest.mark.fault("params and enum values that are not known")
@pytest.mark.fault("values of another type")
@pytest.mark.parametrize(
    ("params", "where"),
    [
        (at("0", 0), "position: line and character: expected an integer, got a string"),
        (at(0, 1.9), "position: line and character: expected an integer, got a number"),
        (at(0, True), "expected an integer, got a boolean"),
        (at(0, None), "expected an integer, got null"),
        (at(0, 0, 7), "textDocument.uri: expected a string, got a number"),
        ({"textDocument": {"uri": "a"}, "position": [0, 0]}, "position"),
        ({"textDocument": {"uri": "a"}}, "'position' is missing"),
        ({"textDocument": {"uri": "a"}, "position": {"line": 0}}, "'character' is missing"),
        ([], ""),
        (None, ""),
        (7, ""),
    ],
)
def test_invalid_params(probe: Stdio, params: object, where: str) -> None:
    answer = probe.request("textDocument/hover", params)
    assert code(answer) == -32602
    assert where in answer["error"]["message"]
    assert "textDocument/hover" in answer["error"]["message"]


@pytest.mark.fault("an edit that does not fit its types")
@pytest.mark.parametrize(
    ("line", "character", "seen"),
    [(0, 0, "0:0"), (1.0, 2.0, "1:2"), (2**31, 10**40, f"{2**31 - 1}:{2**31 - 1}"), (-5, -(10**40), "0:0")],
)
def test_lenient_positions(probe: Stdio, line: object, character: object, seen: str) -> None:
    params = {**at(line, character), "workDoneToken": 1, "extra": {"unknown": []}}
    assert probe.request("textDocument/hover", params)["result"]["contents"]["value"] == seen


@pytest.mark.fault("an edit that does not fit its types")
def test_integer_of_5000_digits(probe: Stdio) -> None:
    body = b'{"jsonrpc":"2.0","id":"digits","method":"textDocument/hover","params":%s}'
    params = json.dumps(at(0, 1)).encode().replace(b"1}", b"9" * 5000 + b"}")
    probe.send(frame(body % params))
    assert probe.answer("digits")["result"]["contents"]["value"] == f"0:{2**31 - 1}"


@pytest.mark.fault("tuples and unknown values in an answer")
def test_unknown_enum_values_are_kept_and_echoed(probe: Stdio) -> None:
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}
    diagnostic = {"range": place, "message": "m", "severity": 9, "tags": [99], "code": "c", "data": {"jsonrpc": 1}}
    context = {"diagnostics": [diagnostic], "only": ["x.y"], "triggerKind": 77}
    params = {"textDocument": {"uri": "a"}, "range": place, "context": context}
    answer = probe.request("textDocument/codeAction", params)
    assert answer["result"] == [{"title": "echo", "diagnostics": [diagnostic]}]


STRANGE: list[object] = [
    None,
    [],
    7,
    {},
    {"capabilities": None},
    {"capabilities": 7},
    {"capabilities": {"textDocument": 1, "workspace": [], "general": {"positionEncodings": "utf-8"}}},
    {"capabilities": {"workspace": {"workspaceEdit": {"failureHandling": "prayer", "documentChanges": "yes"}}}},
    {"capabilities": {"textDocument": {"publishDiagnostics": {"tagSupport": {"valueSet": [99, "x"]}}}}},
    {"processId": "me", "rootUri": 7, "workspaceFolders": [3], "trace": 5, "clientInfo": "x", "capabilities": {}},
    {"processId": 10**30, "rootUri": "http://[", "workspaceFolders": None, "capabilities": {}, "locale": 3},
    {"processId": -1, "rootPath": 5, "rootUri": "untitled:x", "initializationOptions": [1], "capabilities": {}},
]


@pytest.mark.fault("params and enum values that are not known")
def test_strange_initialize() -> None:
    """In one process: a server that has refused or failed to start must not answer the next with a blow."""
    script = textwrap.dedent(
        """
        import json, sys
        from spec_ls.lsp.server import create_server
        for params in json.load(sys.stdin):
            server, sent = create_server(), []
            server.protocol.send_raw = lambda body, key=None, droppable=False: sent.append(json.loads(body))
            server.protocol.take({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
            print(json.dumps([sent, server.protocol.state]))
        """
    )
    run = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(STRANGE), capture_output=True, text=True, timeout=60
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(lines) == len(STRANGE), run.stderr
    for sent, state in lines:
        assert [one["result"]["capabilities"]["positionEncoding"] for one in sent] == ["utf-16"]
        assert state == "up"


WORDS = re.findall(
    r"\w+",
    """textDocument uri languageId text contentChanges position line character range start end version context
    diagnostics message severity code source tags only triggerKind data id jsonrpc event command arguments""",
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.integers(0, 3) | st.floats() | st.text(max_size=5) | st.just("a")
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=15,
)
POSITIONS = st.fixed_dictionaries({"line": SCALARS, "character": SCALARS})
PARAMS = JSON | st.fixed_dictionaries(
    {
        "textDocument": st.fixed_dictionaries({"uri": st.just("a") | SCALARS, "text": SCALARS}) | JSON,
        "position": POSITIONS | JSON,
        "range": st.fixed_dictionaries({"start": POSITIONS, "end": POSITIONS}) | JSON,
        "contentChanges": st.lists(
            st.fixed_dictionaries(
                {"text": st.text() | SCALARS},
                optional={"range": st.fixed_dictionaries({"start": POSITIONS, "end": POSITIONS})},
            )
            | JSON
        ),
        "context": st.fixed_dictionaries({"diagnostics": st.lists(JSON)}) | JSON,
    }
)


@pytest.mark.fault("params and enum values that are not known")
def test_any_params_get_one_answer_that_is_no_internal_error() -> None:
    server = create_server()
    sent: list[Message] = []
    server.protocol.send_raw = lambda body, key=None, droppable=False: sent.append(json.loads(body))  # type: ignore[method-assign]
    server.protocol.take({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}})
    for method in METHOD_TO_TYPES:  # the rest of LSP, for its types
        if method not in server.protocol.fm.features and method not in server.protocol.fm.builtin_features:
            server.feature(method)(lambda params: None)
    methods = sorted({*server.protocol.fm.features, *server.protocol.fm.builtin_features, "no/such", "$/cancelRequest"})
    methods = [one for one in methods if one not in ("exit", "shutdown", "initialize")]
    loop = asyncio.new_event_loop()

    async def take(message: Message) -> None:
        server.protocol.take(message)
        while "id" in message and not [one for one in sent if one.get("id") == message["id"]]:
            await asyncio.sleep(0.001)

    @settings(deadline=None, max_examples=150)
    @given(st.sampled_from(methods), PARAMS, st.booleans())
    def check(method: str, params: object, is_request: bool) -> None:
        sent.clear()
        message = {"jsonrpc": "2.0", "method": method, "params": params, **({"id": 1} if is_request else {})}
        loop.run_until_complete(asyncio.wait_for(take(message), 10))
        answers = [one for one in sent if "method" not in one]
        assert len(answers) == is_request
        assert not [one for one in answers if one.get("error", {}).get("code") == -32603], answers

    check()
    loop.close()


# ---------------------------------------------------------------------------------------------------- handlers


@pytest.mark.fault("a cancellation read too late")
def test_cancelled_in_the_queue(probe: Stdio) -> None:
    start = len(probe.received)
    names = [f"slow {number}" for number in range(5)]
    requests = [
        {"jsonrpc": "2.0", "id": name, "method": "probe/slow", "params": {"seconds": 0.05, "name": name}}
        for name in names
    ]
    probe.send(*requests, *({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": x}} for x in names[1:]))
    assert "result" in probe.answer(names[0], start=start)
    for name in names[1:]:
        assert code(probe.answer(name, start=start)) == -32800
    state = probe.request("probe/state")["result"]
    assert state["ran"] == names[:1]
    assert (state["futures"], state["cancelled"]) == (0, 0)


@pytest.mark.fault("a cancellation read too late")
def test_cancelled_while_it_runs(probe: Stdio) -> None:
    start = len(probe.received)
    msg_id = probe.ask("textDocument/completion", at(0, 0))
    assert probe.request("probe/state")["result"]["futures"] == 1
    probe.notify("$/cancelRequest", {"id": msg_id})
    assert code(probe.answer(msg_id, start=start)) == -32800
    assert probe.request("probe/state")["result"]["futures"] == 0
    busy = probe.ask("probe/untilCancelled")
    probe.wait_for(lambda one: one.get("method") == "probe/began", start=start)
    probe.notify("$/cancelRequest", {"id": busy})
    assert code(probe.answer(busy, start=start)) == -32800
    assert probe.request("probe/state")["result"]["cancelled"] == 0


@pytest.mark.fault("a reader that waits for handlers")
@pytest.mark.fault("a cancellation read too late")
def test_handlers_in_threads(probe: Stdio) -> None:
    """More of them than any pool has threads: the server hears what comes behind them."""
    start = len(probe.received)
    held = [probe.ask("probe/hold", {"number": number}) for number in range(100)]
    probe.wait_for(lambda one: one.get("method") == "probe/holding" and one["params"]["number"] == 0, start=start)
    assert probe.request("probe/state")["result"]["futures"] == len(held)
    for msg_id in (held[0], held[-1]):
        probe.notify("$/cancelRequest", {"id": msg_id})
    assert code(probe.answer(held[-1], start=start)) == -32800  # it had not begun
    probe.request("probe/release")
    assert code(probe.answer(held[0], start=start)) == -32800
    assert [probe.answer(one, start=start)["result"] for one in held[1:-1]] == list(range(1, len(held) - 1))
    state = probe.request("probe/state")["result"]
    assert (state["futures"], state["cancelled"]) == (0, 0)


@pytest.mark.fault("a handler that raises")
@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("probe/raise", "error"),
        ("probe/raise", "exit"),
        ("probe/raise", "cancelled"),
        ("probe/raiseLater", "error"),
        ("probe/raiseLater", "exit"),
    ],
)
def test_handler_that_raises(probe: Stdio, method: str, kind: str) -> None:
    for _ in range(2):
        answer = probe.request(method, {"kind": kind})
        assert code(answer) == -32603
        assert answer["error"] == {"code": -32603, "message": f"spec-ls: internal error in {method} (see the log)"}
        probe.notify(method, {"kind": kind})
    for _ in range(50):  # the tasks of the notifications take a few turns of the loop
        futures = probe.request("probe/state")["result"]["futures"]
        if not futures:
            break
    assert futures == 0
    probe.wait_for_stderr("secret")
    told = [one for one in probe.received if one.get("method") == "window/logMessage"]
    assert len([one for one in told if f" {method} " in one["params"]["message"]]) == 1


@pytest.mark.fault("a handler that raises")
def test_result_that_is_no_json(probe: Stdio) -> None:
    assert code(probe.request("probe/unserializable")) == -32603


@pytest.mark.fault("a handler that raises")
def test_error_in_a_callback(probe: Stdio) -> None:
    probe.request("probe/background")
    probe.wait_for(lambda one: "background task" in one.get("params", {}).get("message", ""))
    probe.wait_for_stderr("ZeroDivisionError")


@pytest.mark.fault("prints between frames")
def test_print_does_not_reach_the_client(probe: Stdio) -> None:
    assert probe.request("probe/print")["result"] is None
    probe.wait_for_stderr("printed")
    probe.wait_for_stderr("written")
    probe.wait_for_stderr("child ''")
    assert probe.stray == b""


@pytest.mark.fault("a question to the client")
def test_asking_the_client(probe: Stdio) -> None:
    start = len(probe.received)

    def question() -> Message:
        return probe.wait_for(lambda one: one.get("method") == "workspace/configuration", start=start)

    answered = probe.ask("probe/ask", {"timeout": 10})
    probe.send({"jsonrpc": "2.0", "id": question()["id"], "result": [{"jsonrpc": "2.0"}]})
    assert probe.answer(answered, start=start)["result"] == {"got": [{"jsonrpc": "2.0"}]}
    start = len(probe.received)
    refused = probe.ask("probe/ask", {"timeout": 10})
    probe.send({"jsonrpc": "2.0", "id": question()["id"], "error": {"code": 1, "message": "no"}})
    assert probe.answer(refused, start=start)["result"] == {"got": None}
    start = len(probe.received)
    late = probe.request("probe/ask", {"timeout": 0.01})
    assert late["result"] == {"got": None}
    probe.send({"jsonrpc": "2.0", "id": question()["id"], "result": []})
    assert probe.request("probe/state")["result"]["asked"] == 0


@pytest.mark.fault("a question to the client")
@pytest.mark.parametrize("ticks", range(4))
def test_an_answer_for_one_who_no_longer_waits(ticks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who asked is cancelled, and the answer comes so many turns of the loop later."""
    server = create_server()
    sent: list[dict[str, Any]] = []
    failed: list[BaseException] = []
    monkeypatch.setattr(server.protocol, "_send_data", sent.append)
    monkeypatch.setattr(server.protocol, "failed", lambda _, error: failed.append(error))

    async def ask() -> None:
        asker = asyncio.ensure_future(server.ask("workspace/configuration"))
        await asyncio.sleep(0)
        asker.cancel()
        for _ in range(ticks):
            await asyncio.sleep(0)
        server.protocol.take({"jsonrpc": "2.0", "id": sent[0]["id"], "result": 1})
        with contextlib.suppress(asyncio.CancelledError):  # it may have had its answer
            await asker

    asyncio.run(ask())
    assert not failed
    assert not server.protocol._asked


@pytest.mark.fault("a question to the client")
def test_asking_by_the_methods_of_pygls(probe: Stdio) -> None:
    start = len(probe.received)
    for result, expected in (([{"uri": "file:///a", "name": "a"}], ["a"]), ([{"uri": 7}], -32603)):
        asked = probe.ask("probe/askByPygls")
        question = probe.wait_for(lambda one: one.get("method") == "workspace/workspaceFolders", start=start)
        start = len(probe.received)
        probe.send({"jsonrpc": "2.0", "id": question["id"], "result": result})
        answer = probe.answer(asked)
        assert answer.get("result") == expected or code(answer) == expected
    state = probe.request("probe/state")["result"]
    assert (state["futures"], state["types"]) == (0, 0)


@pytest.mark.fault("a future kept for every notification")
def test_queued_changes_are_answered_once(probe: Stdio) -> None:
    open_document(probe, "many", "")
    probe.request("probe/state")
    start = len(probe.received)
    changes = [change("many", edit((0, 0), (0, 0), f"{number},"), version=number) for number in range(50)]
    probe.send(
        {"jsonrpc": "2.0", "id": "hold", "method": "probe/slow", "params": {"seconds": 0.04, "name": "x"}}, *changes
    )
    idle = probe.wait_for(lambda one: one.get("method") == "probe/idle", start=start)
    assert idle["params"]["changes"] == 50
    document = text_of(probe, "many")
    assert document["text"] == "".join(f"{number}," for number in reversed(range(50)))
    assert document["version"] == 49
    state = probe.request("probe/state")["result"]
    assert (state["futures"], state["store"]) == (0, 0)


@pytest.mark.fault("an answer about a later text")
def test_requests_see_the_changes_before_them(probe: Stdio) -> None:
    open_document(probe, "order", "")
    for number in range(100):
        ask = {"jsonrpc": "2.0", "id": f"order {number}", "method": "probe/text", "params": {"uri": "order"}}
        probe.send(change("order", {"text": str(number)}, version=number), ask)
    for number in range(100):
        assert probe.answer(f"order {number}")["result"]["text"] == str(number)
    answers = [one["id"] for one in probe.received if str(one.get("id")).startswith("order ")]
    assert answers == [f"order {number}" for number in range(100)]


@pytest.mark.fault("an answer about a later text")
def test_async_answers_are_about_the_text_at_the_time_of_the_request(probe: Stdio) -> None:
    open_document(probe, "later", "before")
    ask = {"jsonrpc": "2.0", "id": "later", "method": "probe/laterText", "params": {"uri": "later"}}
    probe.send(ask, change("later", {"text": "after"}))
    assert probe.answer("later")["result"] == "before"
    ask["id"] = "later, cancelled"
    probe.send(ask, {"jsonrpc": "2.0", "method": "probe/nothing"})
    probe.notify("$/cancelRequest", {"id": ask["id"]})
    assert code(probe.answer(ask["id"])) == -32800
    assert probe.request("probe/state")["result"]["futures"] == 0


@pytest.mark.fault("frames sent from several threads")
def test_unbuffered_frames_from_threads_stay_whole() -> None:
    with Stdio(PROBE_SERVER, env={"PYTHONUNBUFFERED": "1"}) as client:
        client.initialize()
        client.request("probe/threads", {"count": 50, "size": 100_000})
        frames = [(name, number) for name in range(4) for number in range(50)]
        client.wait_for(lambda _: sum(one.get("method") == "probe/frame" for one in client.received) == len(frames))
        got = [
            (one["params"]["name"], one["params"]["number"])
            for one in client.received
            if one.get("method") == "probe/frame"
        ]
        assert sorted(got) == frames
        assert all(numbers == sorted(numbers) for numbers in ([n for m, n in got if m == name] for name in range(4)))
        assert client.stray == b""


@pytest.mark.fault("a client that does not read")
def test_client_that_stops_reading() -> None:
    with Stdio(PROBE_SERVER, reading=False) as client:
        client.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        for number in range(2, 6):
            client.ask("probe/big", {"size": 300_000}, number)
        client.ask("probe/publish", {"count": 1000}, 6)
        # All of this is taken although none of it is read: some of it would not fit into any pipe.
        for number in range(10, 2000):
            client.ask("no/such", {"pad": "x" * 500}, number)
        client.ask("probe/print", None, 9999)
        client.wait_for_stderr("written")
        client.start_reading()
        client.answer(9999, timeout=20)
        answers = [one["id"] for one in client.received if "id" in one]
        assert answers == [*range(1, 7), *range(10, 2000), 9999]
        published = [one["params"] for one in client.received if one.get("method") == "textDocument/publishDiagnostics"]
        assert [(one["uri"], one["version"]) for one in published][-2:] == [("a", 999), ("b", 999)]
        assert len(published) < 10


@pytest.mark.fault("a client that does not read")
def test_exit_while_nobody_reads() -> None:
    with Stdio(PROBE_SERVER, reading=False) as client:
        client.send({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}})
        client.ask("probe/big", {"size": 1_000_000})
        client.notify("exit")
        assert client.process.wait(10) == 1


def test_outbox_over_the_limit_drops_what_may_be_dropped() -> None:
    source, sink = os.pipe()
    outbox = Outbox(sink, lambda: None, limit=1000)
    outbox.send(b"A" * 2_000_000)
    outbox.send(b"B" * 2000)
    outbox.send(b"C" * 10, droppable=True)
    outbox.send(b"D" * 10, key="d")
    outbox.send(b"E" * 10, key="d")
    assert not outbox.flush(0.05)
    data = b""
    while not data.endswith(b"E"):
        data += os.read(source, 1 << 20)
    assert data == b"A" * 2_000_000 + b"B" * 2000 + b"E" * 10
    assert outbox.flush(5)
    os.close(source)
    os.close(sink)


# ---------------------------------------------------------------------------------------------------- documents


def units(text: str, encoding: str) -> int:
    """Independent of the code under test."""
    return {"utf-8": len(text.encode()), "utf-16": len(text.encode("utf-16-le")) // 2, "utf-32": len(text)}[encoding]


FAR = 10**12

EDITS: list[tuple[str, str, tuple[tuple[int, int], tuple[int, int]], str, str]] = [
    ("plain", "abc\ndef", ((0, 1), (1, 1)), "X", "aXef"),
    ("behind astral", "😀é€b\nz", ((0, 3), (0, 4)), "X", "😀é€X\nz"),
    ("between astral", "😀😀😀", ((0, 1), (0, 2)), "😎!", "😀😎!😀"),
    ("past the line's end", "abc\ndef", ((0, FAR), (0, FAR)), "X", "abcX\ndef"),
    ("one past the line's end", "abc\ndef", ((0, 4), (0, 4)), "X", "abcX\ndef"),
    ("past the last line's end", "abc", ((0, 9), (0, 9)), "X", "abcX"),
    ("past the end", "abc\ndef", ((FAR, 0), (FAR, 5)), "X", "abc\ndefX"),
    ("from the middle to past the end", "abc\ndef\nghi", ((1, 1), (FAR, FAR)), "X", "abc\ndX"),
    ("empty document", "", ((0, 0), (0, 0)), "X", "X"),
    ("reversed", "abc\ndef", ((1, 1), (0, 1)), "X", "aXef"),
    ("negative", "abc", ((-3, -1), (0, -5)), "X", "Xabc"),
    ("CRLF kept", "abc\r\ndef\r\n", ((0, FAR), (0, FAR)), "X", "abcX\r\ndef\r\n"),
    ("CRLF joined", "abc\r\ndef", ((0, 3), (1, 0)), "", "abcdef"),
    ("lone CR is a line end", "a\rb\rc", ((1, 0), (1, 1)), "X", "a\rX\rc"),
    ("U+2028 is none", "a\u2028b\nc", ((1, 0), (1, 1)), "X", "a\u2028b\nX"),
    ("form feed and NEL are none", "a\x0c\x85b\nc", ((1, 0), (1, 1)), "X", "a\x0c\x85b\nX"),
    ("mixed line ends", "a\r\nb\nc\rd", ((3, 0), (3, 1)), "X", "a\r\nb\nc\rX"),
]


@pytest.mark.fault("lines that end where LSP knows no line end")
@pytest.mark.fault("positions past the end of a line")
@pytest.mark.parametrize(("name", "before", "place", "new_text", "after"), EDITS, ids=[one[0] for one in EDITS])
def test_edits(
    editor: tuple[Stdio, str],
    name: str,
    before: str,
    place: tuple[tuple[int, int], tuple[int, int]],
    new_text: str,
    after: str,
) -> None:
    client, encoding = editor
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def character(line: int, offset: int) -> int:
        inside = 0 <= line < len(lines) and 0 <= offset <= len(lines[line])
        return units(lines[line][:offset], encoding) if inside else offset

    start, end = ((line, character(line, offset)) for line, offset in place)
    open_document(client, name, before)
    client.send(change(name, edit(start, end, new_text)))
    assert text_of(client, name) == {"text": after, "version": 2, "stale": False}


@pytest.mark.fault("positions past the end of a line")
def test_edit_inside_a_code_point(editor: tuple[Stdio, str]) -> None:
    client, encoding = editor
    if encoding != "utf-32":
        open_document(client, "inside", "a😀b")
        client.send(change("inside", edit((0, 2), (0, 2), "X")))
        assert text_of(client, "inside")["text"] == "aX😀b"


@pytest.mark.fault("the position of an offset")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("source", ["", "\r\n", *dict.fromkeys(one[1] for one in EDITS)])
def test_positions_and_offsets_are_each_others_inverse(source: str, encoding: Encoding) -> None:
    text = Text(source)
    lines = re.split("\r\n|\r|\n", source)
    points = [Point(line, offset) for line, content in enumerate(lines) for offset in range(len(content) + 1)]
    for point in points:
        character = text.character(point, encoding)
        assert character == units(lines[point.line][: point.offset], encoding)
        assert text.point(point.line, character, encoding) == point
    assert text.end == points[-1]


@pytest.mark.fault("positions past the end of a line")
def test_a_position_is_left_as_the_client_sent_it() -> None:
    server = create_server()
    server.did_open({"textDocument": {"uri": "a", "languageId": "markdown", "version": 1, "text": "😀b\r\nc"}})
    params = HoverParams(TextDocumentIdentifier("a"), Position(0, 99))
    asked = Asked(server, server.documents["a"], params)
    assert [asked.point(), asked.point()] == [Point(0, 2)] * 2
    assert params.position == Position(0, 99)


def test_several_edits_in_one_change(probe: Stdio) -> None:
    open_document(probe, "several", "one\ntwo\n")
    probe.send(change("several", edit((0, 0), (1, 0), ""), {"text": "new\n"}, edit((0, 3), (0, 3), "er"), version=9))
    assert text_of(probe, "several") == {"text": "newer\n", "version": 9, "stale": False}


LOST: dict[str, Callable[[str], object]] = {
    "odd line": lambda uri: change(uri, edit(("0", 0), (0, 0), "X")),  # type: ignore[arg-type]
    "no text": lambda uri: change(uri, {"range": edit((0, 0), (0, 0), "")["range"]}),
    "odd text": lambda uri: change(uri, {"text": 7}),
    "odd range": lambda uri: change(uri, {"text": "X", "range": [1, 2]}),
    "null change": lambda uri: change(uri, None),
    "an id": lambda uri: {**change(uri, {"text": "X"}), "id": "an edit is no request"},
    "no changes": lambda uri: {**change(uri), "params": {"textDocument": {"uri": uri, "version": 2}}},
    "no jsonrpc": lambda uri: {"method": "textDocument/didChange", "params": change(uri)["params"]},
    "escaped slashes": lambda uri: frame(frame(change(uri)).partition(b"\r\n\r\n")[2][:-3].replace(b"/", b"\\/")),
    "cut": lambda uri: frame(frame(change(uri, edit((0, 0), (0, 0), "X"))).partition(b"\r\n\r\n")[2][:-3]),
}


@pytest.mark.fault("an edit that does not fit its types")
@pytest.mark.parametrize("name", LOST)
def test_lost_edit_marks_the_document(probe: Stdio, name: str) -> None:
    uri = f"file:///lost/{name}"
    open_document(probe, uri, "abc")
    probe.send(LOST[name](uri))
    assert text_of(probe, uri)["stale"]
    told = [one for one in probe.received if one.get("method") == "window/logMessage"]
    assert len([one for one in told if uri in one["params"]["message"]]) == 1
    probe.send(change(uri, edit((0, 0), (0, 0), "X"), version=3))
    assert text_of(probe, uri) == {"text": "abc", "version": 3, "stale": True}
    probe.send(change(uri, {"text": "whole"}, version=4))
    assert text_of(probe, uri) == {"text": "whole", "version": 4, "stale": False}


@pytest.mark.fault("URIs that differ in their escapes only")
def test_documents_are_keyed_by_the_exact_uri(probe: Stdio) -> None:
    uris = ["file:///a%23b", "file:///a#b", "file:///d%2Fs", "file:///d/s", "file:///c%3A/x", "file:///C:/x", ""]
    for uri in uris:
        open_document(probe, uri, uri)
    probe.notify("textDocument/didClose", {"textDocument": {"uri": uris[0]}})
    assert [text_of(probe, uri) and text_of(probe, uri)["text"] for uri in uris] == [None, *uris[1:]]


@pytest.mark.fault("documents that are not open")
def test_unopened_documents(probe: Stdio) -> None:
    probe.send(change("file:///etc/hostname", {"text": "X"}))
    probe.notify("textDocument/didClose", {"textDocument": {"uri": "file:///never"}})
    for params in (None, [], {}, {"textDocument": 1}, {"textDocument": {"uri": ["x"]}}, {"textDocument": {"uri": 7}}):
        for method in ("didOpen", "didChange", "didClose"):
            probe.notify(f"textDocument/{method}", params)
    assert text_of(probe, "file:///etc/hostname") is None
    assert text_of(probe, "file:///never") is None


@pytest.mark.fault("URIs that differ in their escapes only")
@pytest.mark.fault("documents that are not open")
def test_the_server_speaks_of_what_is_open_under_its_exact_uri(tmp_path: Path) -> None:
    spec = builtin().source.encode()
    file = tmp_path / "spec.md"
    file.write_bytes(spec + b"\xff")
    uris = ["file:///p/a%23b.md", "file:///p/a#b.md", "file:///c%3A/p.md", "file:///C:/p.md", "untitled:p"]
    with Stdio() as client:
        client.initialize()
        for uri in uris:
            start = len(client.received)
            open_document(client, uri, spec.decode())
            published = client.wait_for(lambda one: one.get("method", "").endswith("publishDiagnostics"), start=start)
            assert published["params"]["uri"] == uri
        for uri in (uris[0], file.as_uri(), f"untitled:{os.path.relpath(file)}", "file:///no/such.md"):
            answer = client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})
            assert bool(answer["result"]) == (uri == uris[0])


def test_lone_surrogates_and_nul(probe: Stdio) -> None:
    open_document(probe, "surrogate", "a\ud800b\0c")
    assert text_of(probe, "surrogate")["text"] == "a\ud800b\0c"


# ---------------------------------------------------------------------------------------------------- clients


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_client_snapshot(path: Path) -> None:
    snapshot = json.loads(path.read_text("utf-8"))
    client = Client.of({"capabilities": snapshot["capabilities"], "clientInfo": {"name": path.stem}})
    assert client.name == path.stem
    chosen = {"PositionEncodingKind.Utf16": "utf-16"}.get(snapshot["positionEncodingChosen"])
    assert client.encoding == (chosen or snapshot["positionEncodingChosen"])


@pytest.mark.fault("what the client never offered")
def test_what_clients_say() -> None:
    by_name = {path.stem: Client.of(json.loads(path.read_text("utf-8"))) for path in CLIENTS}

    def those(question: Callable[[Client], object]) -> set[str]:
        return {name.rpartition("-")[0] + name[-2:].replace(".", "") for name, one in by_name.items() if question(one)}

    assert len(by_name) == 10
    assert {name for name, one in by_name.items() if not one.markdown_hover} == {"ale-3.3.0"}
    assert {name for name, one in by_name.items() if one.insert_replace} == {
        "lsp-mode-8.0.0",
        "monaco-languageclient-10.7.0",
        "vscode-1.139.1",
    }
    assert {name for name, one in by_name.items() if one.snippets} == {
        "codemirror-lsp-client-6.3.0",
        "monaco-languageclient-10.7.0",
        "neovim-0.11.4",
        "vscode-1.139.1",
    }
    assert all(one.code_action_literals for one in by_name.values())
    assert by_name["vscode-1.139.1"] == Client(
        encoding="utf-16",
        words_alone=False,
        apply_edit=True,
        document_changes=True,
        change_annotations=True,
        create_files=True,
        rename_files=True,
        configuration=True,
        registers_settings=True,
        folders=True,
        watched_files=True,
        relative_patterns=True,
        show_document=True,
        work_done_progress=True,
        snippets=True,
        markdown_completion=True,
        completion_resolve=frozenset({"documentation", "detail", "additionalTextEdits"}),
        completion_defaults=frozenset({"commitCharacters", "data", "editRange", "insertTextFormat", "insertTextMode"}),
        commit_characters=True,
        insert_replace=True,
        label_details=True,
        markdown_hover=True,
        hierarchical_symbols=True,
        hint_resolve=True,
        lens_resolve=True,
        line_folding_only=True,
        folding_limit=5000,
        definition_links=True,
        declaration_links=True,
        link_tooltips=True,
        code_action_literals=True,
        code_action_kinds=by_name["vscode-1.139.1"].code_action_kinds,
        code_action_resolve=True,
        code_action_preference=True,
        confirms_actions=True,
        versioned_diagnostics=False,
        related_information=True,
        code_description=True,
        diagnostic_data=True,
        diagnostic_tags=frozenset({1, 2}),
        token_types=by_name["vscode-1.139.1"].token_types,
        token_modifiers=by_name["vscode-1.139.1"].token_modifiers,
        pull_diagnostics=True,
        refresh_diagnostics=True,
        refreshes=(
            "workspace/diagnostic/refresh",
            "workspace/semanticTokens/refresh",
            "workspace/codeLens/refresh",
            "workspace/inlayHint/refresh",
        ),
    )
    assert "quickfix" in by_name["vscode-1.139.1"].code_action_kinds
    neovim = by_name["neovim-0.11.4"]
    assert (neovim.encoding, neovim.document_changes, neovim.watched_files) == ("utf-8", False, False)
    kate = by_name["kate-22.12.3"]
    assert (kate.snippets, kate.markdown_completion, kate.diagnostic_tags) == (False, False, frozenset())


@pytest.mark.fault("what the client never offered")
@pytest.mark.parametrize("params", STRANGE)
def test_strange_clients_say_nothing(params: object) -> None:
    assert Client.of(params) in (Client(), Client(diagnostic_tags=frozenset({99})))
