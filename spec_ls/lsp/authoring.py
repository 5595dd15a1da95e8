"""What the server gives to those who write a template: faults, completion, hover and fixes of its annotations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lsprotocol import types

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
