"""Help for those who write a configuration: what may stand at a point of the file, and what a key says.

All of it comes from the schema of the configuration. Works on text that is still being typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from spec_ls.config import schema
from spec_ls.markup import code, escape
from spec_ls.template import builtin_names
from spec_ls.text import Edit, Point, Span, split_lines, strip_line_end
from spec_ls.toml import Where, places_in, where

ProposalKind = Literal["table", "key", "value", "file"]
Folder = Callable[[str], Sequence[str]]
"""The names in a folder, from the configuration's own on: those of folders end in `/`."""

_PYPROJECT = ("tool", "spec-ls")
_FILES = (("templates", "*", "path"), ("templates", "*", "files"), ("overrides", "files"))
"""Where paths stand; `*` is any name."""


class Proposal(NamedTuple):
    """What may stand at a point: `detail` is plain text, `documentation` Markdown; `snippet`: the edit holds `$0`."""

    label: str
    kind: ProposalKind
    detail: str
    documentation: str
    edit: Edit
    snippet: bool = False


class Note(NamedTuple):
    """What a key or value says, as Markdown, and the place that it is about."""

    markdown: str
    span: Span


def proposals(source: str, point: Point, in_pyproject: bool, folder: Folder, snippets: bool) -> list[Proposal]:
    """What may stand at `point` of a configuration; empty in tables of other tools. Never raises."""
    found = where(source, point)
    path = _own(found.path, in_pyproject) if found else None
    if found is None:
        return []
    if found.kind == "header":
        return list(_headers(found, in_pyproject))
    if path is None:
        return []
    if found.kind == "key":
        return list(_keys(source, found, path, in_pyproject, snippets))
    return list(_values(source, found, path, point, folder))


def note(source: str, point: Point, in_pyproject: bool) -> Note | None:
    """What the key, header or value at `point` says; None where nothing of ours stands. Never raises."""
    at = [
        (path, span)
        for path, both in places_in(source).items()
        for span in both
        if span.start_line == point.line and span.holds(point)
    ]
    for full, span in sorted(at, key=lambda one: one[1].end - one[1].start):
        path = _own(full, in_pyproject)
        node = _node(path) if path else None
        if path and node is not None:
            said = _told(node)
            name = path[-1] if not path[-1].isdigit() else path[-2]
            return Note(f"{code(name)} · {said}" if said else code(name), span)
    return None


# --- the schema -------------------------------------------------------------------------------


def _own(path: tuple[str, ...], in_pyproject: bool) -> tuple[str, ...] | None:
    """A path without what stands around our table; None in a table of another tool."""
    if not in_pyproject:
        return path
    return path[2:] if path[:2] == _PYPROJECT else None


def _node(path: Sequence[str]) -> dict[str, Any] | None:
    """The schema of what stands at a path; None where nothing may."""
    node = _resolved(schema())
    for part in path:
        if "items" in node:
            node = _resolved(node["items"])
            if part.isdigit():
                continue
        if part in node.get("properties", ()):
            node = _resolved(node["properties"][part])
        elif isinstance(node.get("additionalProperties"), dict):
            node = _resolved(node["additionalProperties"])
        else:
            return None
    return node


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to; of two kinds of which one is null, the other."""
    if "$ref" in node:
        return {**schema()["$defs"][node["$ref"].rpartition("/")[2]], **node}
    if "anyOf" in node:
        kinds = [one for one in node["anyOf"] if one.get("type") != "null"]
        return {**node, **kinds[0]} if len(kinds) == 1 else node
    return node


def _fields(node: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The keys of a table by name."""
    if "properties" in node:
        return {name: _resolved(one) for name, one in node["properties"].items()}
    kind = node.get("additionalProperties")
    return {name: kind for name in node.get("propertyNames", {}).get("enum", ())} if isinstance(kind, dict) else {}


def _table(path: Sequence[str]) -> dict[str, Any] | None:
    """The schema of a table; of an array of tables that of one."""
    node = _node(path)
    return _resolved(node["items"]) if node and "items" in node else node


def _told(node: dict[str, Any]) -> str:
    choices = node.get("enum")
    said = str(node.get("description", "")).rstrip(".")
    listed = f"one of {', '.join(map(code, choices))}" if choices else ""
    return ": ".join(filter(None, (escape(said) if "`" not in said else said, listed)))


def _short(node: dict[str, Any]) -> str:
    return " | ".join(map(str, node["enum"])) if "enum" in node else str(node.get("type", ""))


# --- proposals --------------------------------------------------------------------------------


def _headers(at: Where, in_pyproject: bool) -> Iterator[Proposal]:
    """Tables by their whole names, from the beginning of the header."""
    closing = "" if at.behind.startswith("]") else "]]" if at.listed else "]"
    first = at.span
    for name, listed, node in _tables(in_pyproject):
        if listed == at.listed:
            yield Proposal(name, "table", "", _told(node), Edit(first, name + closing))


def _tables(in_pyproject: bool) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    around = ".".join(_PYPROJECT) + "." if in_pyproject else ""
    for name, node in _fields(_resolved(schema())).items():
        if node.get("type") == "object":
            named = isinstance(node.get("additionalProperties"), dict) and "propertyNames" not in node
            yield f"{around}{name}{'.NAME' if named else ''}", False, node
        elif node.get("type") == "array":
            yield around + name, True, node


def _keys(source: str, at: Where, path: tuple[str, ...], in_pyproject: bool, snippets: bool) -> Iterator[Proposal]:
    """The keys that the table has not yet, each with the signs of its value; above all tables, those, too."""
    node = _table(path)
    around = (*_PYPROJECT, *path) if in_pyproject else path
    there = {
        full[len(around)] for full in places_in(source) if full[: len(around)] == around and len(full) > len(around)
    }
    for name, kind in _fields(node).items() if node else ():
        if name not in there and (path or kind.get("type") not in ("object", "array")):
            text, stop = (name, False) if at.behind.lstrip().startswith("=") else _assignment(name, kind, snippets)
            yield Proposal(name, "key", _short(kind), _told(kind), Edit(at.span, text), stop)
    if at.span.start == 0 and not at.behind.strip():
        for name, listed, kind in _tables(in_pyproject):
            text = f"[[{name}]]" if listed else f"[{name}]"
            yield Proposal(text, "table", "", _told(kind), Edit(at.span, text))


def _assignment(name: str, kind: dict[str, Any], snippets: bool) -> tuple[str, bool]:
    """A key with the signs that its value stands in, the cursor between them; whether that is a snippet."""
    stop = "$0" if snippets else ""
    match kind.get("type", "string"):
        case "string":
            return f'{name} = "{stop}"', snippets
        case "array":
            return f'{name} = ["{stop}"]', snippets
        case "object":
            return f"{name} = {{ {stop} }}", snippets
    return f"{name} = ", False


def _values(source: str, at: Where, path: tuple[str, ...], point: Point, folder: Folder) -> Iterator[Proposal]:
    kind = _node(path)
    if kind is None or at.listed != (kind.get("type") == "array"):
        return
    if path[0] == "templates" and path[-1] == "builtin":
        yield from (_value(at, name, "comes with spec-ls") for name in builtin_names())
    elif any(_is_like(path, one) for one in _FILES):
        yield from _files(source, at, point, folder)
    elif kind.get("type") == "boolean":
        yield from (Proposal(name, "value", "", "", Edit(at.span, name)) for name in ("true", "false") if not at.quote)
    else:
        yield from (_value(at, str(name), "") for name in kind.get("enum", ()))


def _is_like(path: Sequence[str], one: Sequence[str]) -> bool:
    path = [part for part in path if not part.isdigit()]
    return len(path) == len(one) and all(wanted in ("*", part) for part, wanted in zip(path, one, strict=True))


def _value(at: Where, name: str, detail: str) -> Proposal:
    return Proposal(name, "value", detail, "", Edit(at.span, name if at.quote else f'"{name}"'))


def _files(source: str, at: Where, point: Point, folder: Folder) -> Iterator[Proposal]:
    """The files and folders in the folder that is typed."""
    if not at.quote:
        return
    line = strip_line_end(split_lines(source)[point.line])
    typed = line[at.span.start : point.offset].removeprefix("!")
    parent = typed[: typed.rfind("/") + 1]
    start = point.offset - len(typed) + len(parent)
    for name in folder(parent):
        kind = "folder" if name.endswith("/") else "file"
        yield Proposal(name, "file", kind, "", Edit(Span(point.line, start, point.line, at.span.end), name))
