"""What the server gives to those who write a template or a configuration: completion and hover, faults and fixes."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from spec_ls.files import MARKDOWN, is_inside
from spec_ls.lsp import convert
from spec_ls.lsp.client import Client
from spec_ls.rules import CATALOGUE
from spec_ls.text import Point, Span, Text

if TYPE_CHECKING:
    from spec_ls.template.check import Fault

Json = dict[str, Any]

_RULES = [rule.name for rule in CATALOGUE]


def faults_of(text: Text) -> list[Fault]:
    """What is wrong with the template, in the order of the text."""
    from spec_ls.template.check import faults  # most sessions never open a template

    return faults(text.source, _RULES)


def diagnostics(text: Text, client: Client) -> str:
    """The template's faults as diagnostics, JSON with commas between."""
    return ",".join(json.dumps(_diagnostic(text, fault, client)) for fault in faults_of(text))


def _diagnostic(text: Text, fault: Fault, client: Client) -> Json:
    return convert.fault_json(text, fault.span, fault.severity, fault.rule, fault.message, client)


def completion(text: Text, point: Point, client: Client) -> list[Json]:
    """What may stand at a point of an annotation; empty elsewhere."""
    from spec_ls.template.authoring import annotation_completions

    return [
        {
            "label": proposal.label,
            "kind": types.CompletionItemKind.Keyword.value,
            "detail": proposal.detail,
            "filterText": proposal.label,
            "textEdit": {
                "range": convert.range_json(text, proposal.span, client.encoding),
                "newText": proposal.new_text,
            },
        }
        for proposal in annotation_completions(text.source, point, _RULES)
    ]


def hover(text: Text, point: Point, client: Client) -> Json | None:
    """What the annotation at a point says."""
    from spec_ls.template.authoring import annotation_hover

    note = annotation_hover(text.source, point)
    if note is None:
        return None
    contents = convert.markup(note.markdown, client.markdown_hover)
    return {"contents": contents, "range": convert.range_json(text, note.span, client.encoding)}


# --- configurations

_KINDS = {
    "table": types.CompletionItemKind.Module.value,
    "key": types.CompletionItemKind.Property.value,
    "value": types.CompletionItemKind.EnumMember.value,
    "file": types.CompletionItemKind.File.value,
}
_MOST_NAMES = 500


def config_completion(text: Text, path: str, point: Point, client: Client) -> Json:
    """What may stand at a point of the configuration file at `path`."""
    from spec_ls.configuring import proposals

    def folder(parent: str) -> Sequence[str]:
        return _names_in(os.path.dirname(path), parent)

    found = proposals(text.source, point, os.path.basename(path) == "pyproject.toml", folder, client.snippets)
    items: list[Json] = []
    for number, one in enumerate(found):
        item: Json = {
            "label": one.label,
            "kind": _KINDS[one.kind],
            "filterText": one.label,
            "sortText": f"{number:04d}",
            "textEdit": convert.edit_json(text, one.edit, client.encoding),
        }
        if one.detail:
            item["detail"] = one.detail
        if one.documentation:
            item["documentation"] = convert.documentation(one.documentation, client.markdown_completion)
        if one.snippet:
            item["insertTextFormat"] = types.InsertTextFormat.Snippet.value
        items.append(item)
    return {"isIncomplete": True, "items": items}


def _names_in(base: str, parent: str) -> list[str]:
    """The folders, with a `/` behind, and the Markdown files in a folder below `base`; empty for one that leads out."""
    folder = os.path.realpath(os.path.join(base, parent))
    if not is_inside(Path(base), folder):
        return []
    try:
        with os.scandir(folder) as entries:
            names = [entry.name + "/" * entry.is_dir() for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(name for name in names if name.endswith(("/", *MARKDOWN)))[:_MOST_NAMES]


def config_hover(text: Text, path: str, point: Point, client: Client) -> Json | None:
    """What the key at a point of the configuration file at `path` says."""
    from spec_ls.configuring import note

    told = note(text.source, point, os.path.basename(path) == "pyproject.toml")
    if told is None:
        return None
    contents = convert.markup(told.markdown, client.markdown_hover)
    return {"contents": contents, "range": convert.range_json(text, told.span, client.encoding)}


# --- fixes


def actions(uri: str, version: int, text: Text, span: Span, client: Client) -> list[Json]:
    """The quick fixes of the faults at `span`."""
    if not client.code_action_literals:
        return []
    found = []
    for fault in faults_of(text):
        if fault.span.touches(span):
            for mend in fault.fixes:
                edit = convert.workspace_edit_json(uri, version, text, mend.edits, client)
                action: Json = {
                    "title": mend.title,
                    "kind": "quickfix",
                    "edit": edit,
                    "isPreferred": len(fault.fixes) == 1,
                }
                action["diagnostics"] = [_diagnostic(text, fault, client)]
                found.append(action)
    return found
