"""Whatever is asked of any text, the answer's places lie in it, and are the same in each way to count them.

Every method that the server registers for a spec is asked, with hostile positions; methods to come are asked as well.
"""

from __future__ import annotations

import asyncio
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_sync import CHARACTER, ENCODINGS, LINE, Shown, Wire, sources

URI = "untitled:Untitled-1"
EXAMPLES = int(os.environ.get("SPEC_LS_EXAMPLES", "12"))
REFUSALS = (-32602, -32803)
"""InvalidParams and RequestFailed (LSP 3.17): a new name that cannot be one, say."""

CLIENT = json.loads((Path(__file__).parent / "clients" / "vscode-1.139.1.json").read_text("utf-8"))["capabilities"]


@cache
def wire(encoding: str) -> Wire:
    return Wire(encoding, CLIENT)


def methods() -> list[str]:
    """The requests about a document that are answered for a spec."""
    registered = wire("utf-32").server.protocol.fm.features
    return sorted(
        method
        for method, handler in registered.items()
        if method.startswith("textDocument/") and any(hasattr(one, "of_template") for one in handler.args)
    )


def ask(encoding: str, method: str, text: str, params: dict[str, Any]) -> Any:
    """The answer, its places as numbers of code points."""
    asked = wire(encoding)
    asked.open(URI, 1, text)
    shown = Shown(1, text)
    asked.sent.clear()
    asked._ids += 1
    at = {name: _counted(value, shown, encoding) for name, value in params.items()}
    message = {"jsonrpc": "2.0", "id": asked._ids, "method": method, "params": {"textDocument": {"uri": URI}, **at}}
    asyncio.run(_answered(asked, message))
    (answer,) = (one for one in asked.sent if one.get("id") == asked._ids)
    asked.close(URI)
    asked.sent.clear()
    if "error" in answer:
        assert answer["error"]["code"] in REFUSALS, answer
        return answer["error"]["message"]
    result = answer["result"]
    if isinstance(result, dict) and "data" in result and method.startswith("textDocument/semanticTokens"):
        return list(_tokens(result["data"], shown, encoding))
    return _placed(result, shown, encoding, URI)


async def _answered(asked: Wire, message: dict[str, Any]) -> None:
    """Hands a request in, and waits for what is answered later."""
    asked.server.protocol.take(message)
    while not any(one.get("id") == message["id"] for one in asked.sent):
        await asyncio.wait([asked.server.protocol._request_futures[message["id"]]])
        await asyncio.sleep(0)


def _counted(value: Any, shown: Shown, encoding: str) -> Any:
    """Positions in code points as positions of a client."""
    if isinstance(value, list):
        return [_counted(one, shown, encoding) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"line", "character"}:
        return {name: _counted(one, shown, encoding) for name, one in value.items()}
    lines, line = shown.lines(), value["line"]
    if not 0 <= line < len(lines) or value["character"] < 0:
        return value
    start, end = lines[line]
    text = shown.text[start : min(start + value["character"], end)]
    return {"line": line, "character": _units(text, encoding) + max(0, value["character"] - (end - start))}


def _placed(value: Any, shown: Shown, encoding: str, uri: str) -> Any:
    """An answer in which every position is an index of the text; those in other files are left out."""
    if isinstance(value, list):
        return [_placed(one, shown, encoding, uri) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"line", "character"}:
        return _index(value, shown, encoding) if uri == URI else None
    if value.keys() == {"start", "end"}:
        start, end = (_placed(value[name], shown, encoding, uri) for name in ("start", "end"))
        assert uri != URI or start <= end, value
        return start, end
    there = value.get("targetUri") or value.get("uri") or uri
    return {
        name: _placed(one, shown, encoding, uri if name == "originSelectionRange" else there)
        for name, one in value.items()
    }


def _index(position: dict[str, int], shown: Shown, encoding: str) -> int:
    lines = shown.lines()
    assert 0 <= position["line"] < len(lines), position
    start, end = lines[position["line"]]
    at = shown.index(position, encoding)
    assert start <= at <= end and _units(shown.text[start:at], encoding) == position["character"], position
    return at


def _units(text: str, encoding: str) -> int:
    size = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    return len(text.encode({1: "utf-8", 2: "utf-16-le", 4: "utf-32-le"}[size], "surrogatepass")) // size


def _tokens(data: list[int], shown: Shown, encoding: str) -> Any:
    """Semantic tokens (LSP 3.17: five numbers each, relative to the one before) with the indices of their ends."""
    line = character = 0
    for at in range(0, len(data), 5):
        down, right, length, *kind = data[at : at + 5]
        line, character = (line + down, right) if down else (line, character + right)
        ends = [{"line": line, "character": character + further} for further in (0, length)]
        yield [*(_index(end, shown, encoding) for end in ends), *kind]


ANYWHERE = st.builds(lambda line, character: {"line": line, "character": character}, LINE, CHARACTER)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, list[dict[str, int]]]:
    """A text and four positions in code points, three of them in it."""
    text = draw(sources()).replace("\ud83d", "�")  # half a code point has no place in UTF-8
    lines, places = Shown(1, text).lines(), [draw(ANYWHERE)]
    for at in draw(st.lists(st.integers(0, len(text)), min_size=3, max_size=3)):
        line = max(number for number, (start, _) in enumerate(lines) if start <= at)
        places.append({"line": line, "character": min(at, lines[line][1]) - lines[line][0]})
    return text, draw(st.permutations(places))


@settings(max_examples=EXAMPLES, deadline=None)
@given(given=asked(), data=st.data())
def test_every_answer_has_its_places_in_the_text(given: tuple[str, list[dict[str, int]]], data: st.DataObject) -> None:
    text, places = given
    start, end = sorted(places[1:3], key=lambda place: (place["line"], place["character"]))
    params = {
        "position": places[0],
        "range": {"start": start, "end": end},
        "positions": places,
        "context": {"diagnostics": [], "triggerKind": 1, "includeDeclaration": True},
        "options": {"tabSize": 4, "insertSpaces": True},
        "previousResultId": "",
        "newName": data.draw(st.sampled_from(["SPEC-404", "@ümit", "Größe 📦", "", "a\nb"])),
        "ch": data.draw(st.sampled_from(["\n", "|"])),
    }
    for method in methods():
        first, *others = [ask(encoding, method, text, params) for encoding in ENCODINGS]
        assert all(other == first for other in others), (method, first, others)


def test_many_methods_are_asked() -> None:
    assert {"textDocument/completion", "textDocument/codeAction", "textDocument/selectionRange"} <= set(methods())
