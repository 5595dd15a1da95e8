"""Between the core's values and the protocol's JSON, in the client's units. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from json.encoder import encode_basestring_ascii as encode_string
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from lsprotocol import types

from spec_ls.lsp.client import Client
from spec_ls.lsp.wire import Rendered
from spec_ls.markup import as_plain
from spec_ls.rules import rule
from spec_ls.rules.base import Problem, Severity
from spec_ls.spec import Spec
from spec_ls.text import Edit, Encoding, Point, Span, Text

if TYPE_CHECKING:
    from spec_ls.features.completion import About, Completion
    from spec_ls.features.folding import Fold
    from spec_ls.features.highlight import Highlight
    from spec_ls.features.hints import Hint
    from spec_ls.features.hover import Hover
    from spec_ls.features.symbols import Symbol

Json = dict[str, Any]

SOURCE = "spec-ls"
_SEVERITY = {
    "error": types.DiagnosticSeverity.Error.value,
    "warning": types.DiagnosticSeverity.Warning.value,
    "information": types.DiagnosticSeverity.Information.value,
    "hint": types.DiagnosticSeverity.Hint.value,
}
_COMPLETION = {
    "value": types.CompletionItemKind.EnumMember.value,
    "reference": types.CompletionItemKind.Reference.value,
    "field": types.CompletionItemKind.Field.value,
    "section": types.CompletionItemKind.Struct.value,
    "item": types.CompletionItemKind.Property.value,
    "date": types.CompletionItemKind.Value.value,
    "snippet": types.CompletionItemKind.Snippet.value,
    "user": types.CompletionItemKind.Constant.value,
}
_BESIDE_THE_LABEL = 40
"""Letters that an editor has room for on the line of a proposal."""
_SYMBOL = {
    "title": types.SymbolKind.File.value,
    "section": types.SymbolKind.String.value,
    "story": types.SymbolKind.Event.value,
    "field": types.SymbolKind.Field.value,
}
_UNNECESSARY = types.DiagnosticTag.Unnecessary.value


def range_json(text: Text, span: Span, encoding: Encoding) -> Json:
    """The LSP range of a span."""
    return {
        "start": {"line": span.start_line, "character": text.character(span.first, encoding)},
        "end": {"line": span.end_line, "character": text.character(span.last, encoding)},
    }


@cache
def rule_page(name: str) -> str:
    """The URI of a rule's page, which comes with the package; empty where the package is no folder on disk."""
    page = Path(__file__).parents[1] / "docs" / "rules" / f"{name}.md"
    return page.as_uri() if page.is_file() else ""


def _said(name: str, severity: Severity, message: str, client: Client) -> Json:
    """What a diagnostic says, wherever its place is."""
    said: Json = {"severity": _SEVERITY[severity], "code": name, "source": SOURCE, "message": message}
    page = rule_page(name) if client.code_description else ""
    if page:
        said["codeDescription"] = {"href": page}
    if _UNNECESSARY in client.diagnostic_tags and rule(name).leftover:
        said["tags"] = [_UNNECESSARY]
    return said


def said_text(problem: Problem, client: Client) -> str:
    """The members of a diagnostic behind its range, as JSON; without places that explain it."""
    said = _said(problem.rule, problem.severity, problem.message, client)
    return json.dumps(said, separators=(",", ":"))[1:]


def placed_text(text: Text, span: Span, encoding: Encoding, said: str) -> str:
    """A diagnostic as JSON: what it says, as `said_text` has it, at a span."""
    start, end = text.character(span.first, encoding), text.character(span.last, encoding)
    first = f'{{"line":{span.start_line},"character":{start}}}'
    return f'{{"range":{{"start":{first},"end":{{"line":{span.end_line},"character":{end}}}}},{said}'


def diagnostic_json(uri: str, spec: Spec, problem: Problem, client: Client) -> Json:
    """A problem as a diagnostic, with what the client understands of it."""
    text, encoding = spec.text, client.encoding
    diagnostic: Json = {
        "range": range_json(text, problem.span, encoding),
        **_said(problem.rule, problem.severity, problem.message, client),
    }
    if client.related_information and problem.finding.related:
        diagnostic["relatedInformation"] = [
            {
                "location": {"uri": uri, "range": range_json(text, spec.span(related.place), encoding)},
                "message": related.message,
            }
            for related in problem.finding.related
        ]
    return diagnostic


def fault_json(text: Text, span: Span, severity: Severity, code: str, message: str, client: Client) -> Json:
    """What is wrong with a file that governs others, a template or a configuration, as a diagnostic."""
    return {
        "range": range_json(text, span, client.encoding),
        "severity": _SEVERITY[severity],
        "code": code,
        "source": SOURCE,
        "message": message,
    }


def edit_json(text: Text, edit: Edit, encoding: Encoding) -> Json:
    """A text edit."""
    return {"range": range_json(text, edit.span, encoding), "newText": edit.new_text}


_REMOVES = "spec-ls.removes"


class Edited(NamedTuple):
    """The edits of one document; `version` is None for one that is not open."""

    uri: str
    version: int | None
    text: Text
    edits: Sequence[Edit]


def workspace_edit_json(
    uri: str, version: int, text: Text, edits: Sequence[Edit], client: Client, *, asks: bool = False
) -> Json:
    """The edits of one document, tied to its version where the client can tell versions apart.

    With `asks`, those that take words away and put them nowhere else are to be confirmed by the user.
    """
    answer = workspace_edits_json([Edited(uri, version, text, edits)], client)
    if asks and client.document_changes and client.change_annotations:
        changes = answer["documentChanges"][0]["edits"]
        removing = [change for change, edit in zip(changes, edits, strict=True) if _removes(text, edit, edits)]
        for change in removing:
            change["annotationId"] = _REMOVES
        if removing:
            answer["changeAnnotations"] = {_REMOVES: {"label": "Remove text", "needsConfirmation": True}}
    return answer


def workspace_edits_json(documents: Sequence[Edited], client: Client, files: Sequence[tuple[str, str]] = ()) -> Json:
    """The edits of several documents, and after them the files to be renamed, by old and new URI, where the client can
    do that."""
    changes = {one.uri: [edit_json(one.text, edit, client.encoding) for edit in one.edits] for one in documents}
    if not client.document_changes:
        return {"changes": changes}
    told: list[Json] = [
        {"textDocument": {"uri": one.uri, "version": one.version}, "edits": changes[one.uri]} for one in documents
    ]
    if client.rename_files:
        told += [{"kind": "rename", "oldUri": old, "newUri": new} for old, new in files]
    return {"documentChanges": told}


def _removes(text: Text, edit: Edit, edits: Sequence[Edit]) -> bool:
    """Whether an edit takes words away that none of the edits puts in elsewhere."""
    words = text.slice(edit.span).strip()
    return bool(words) and not edit.new_text.strip() and not any(words in other.new_text for other in edits)


def markup(markdown: str, rich: bool) -> Any:
    """Markdown of ours for clients that show it, else the same as plain text."""
    return {"kind": "markdown", "value": markdown} if rich else {"kind": "plaintext", "value": as_plain(markdown)}


def documentation(markdown: str, rich: bool) -> Any:
    """The documentation of a proposal: a client that says nothing of formats knows no other than a string."""
    return markup(markdown, rich) if rich else as_plain(markdown)


def completions_json(
    uri: str, text: Text, point: Point, found: Sequence[Completion], told: Callable[[About], str], client: Client
) -> Json:
    """A list of proposals at `point`. What all have in common stands in its defaults, where the client takes those.

    `told` gives the documentation of one, which a client that can asks for later.
    """
    if client.words_alone:
        found = [_for_word(text, one, point) for one in found]
    places = [_place_json(text, point, one, client) for one in found]
    defaults: Json = {}
    if found and "editRange" in client.completion_defaults and all(place == places[0] for place in places):
        defaults["editRange"] = places[0]
    snippets = {one.snippet for one in found} == {True} and "insertTextFormat" in client.completion_defaults
    if snippets:
        defaults["insertTextFormat"] = types.InsertTextFormat.Snippet.value
    items = []
    for one, place in zip(found, places, strict=True):
        item = _completion_json(one, client)
        if not defaults.get("editRange"):
            # Both `textEdit` and `filterText`: some clients need the one, some the other.
            both = place if "insert" in place else {"range": place}
            item["textEdit"] = {"newText": one.edit.new_text, **both}
        elif one.edit.new_text != one.label:
            item["textEditText"] = one.edit.new_text
        if one.snippet and not snippets:
            item["insertTextFormat"] = types.InsertTextFormat.Snippet.value
        if one.about and "documentation" in client.completion_resolve:
            item["data"] = {"uri": uri, "about": one.about}
        elif one.about and (said := told(one.about)):
            item["documentation"] = documentation(said, client.markdown_completion)
        items.append(item)
    answer: Json = {"isIncomplete": True, "items": items}
    return {**answer, "itemDefaults": defaults} if defaults else answer


def _place_json(text: Text, point: Point, one: Completion, client: Client) -> Json:
    """The range that a proposal takes the place of; for a word two, without and with what is left of it."""
    whole = range_json(text, one.edit.span, client.encoding)
    if not (client.insert_replace and one.is_word):
        return whole
    begun = Span(*one.edit.span.first, *point)
    return {"insert": range_json(text, begun, client.encoding), "replace": whole}


def _for_word(text: Text, one: Completion, point: Point) -> Completion:
    """The proposal without what stands ahead of the word at `point` already: the `@` of a handle, the prefix of an
    identifier. As it is where it has that otherwise."""
    span, new_text = one.edit.span, one.edit.new_text
    typed = text.slice(Span(*span.first, *point)) if span.first <= point else ""
    word = len(typed)
    while word and (typed[word - 1].isalnum() or typed[word - 1] == "_"):
        word -= 1
    ahead = typed[:word]
    if not ahead or "\n" in ahead or not new_text.startswith(ahead):
        return one
    edit = Edit(Span(point.line, point.offset - (len(typed) - word), *span.last), new_text.removeprefix(ahead))
    return replace(one, edit=edit, filter_text=one.filter_text.removeprefix(ahead))


def _completion_json(one: Completion, client: Client) -> Json:
    item: Json = {
        "label": one.label,
        "kind": _COMPLETION[one.kind],
        "filterText": one.filter_text,
        "sortText": one.sort_text,
    }
    if one.detail and client.label_details and len(one.detail) <= _BESIDE_THE_LABEL:
        item["labelDetails"] = {"description": one.detail}
    elif one.detail:
        item["detail"] = one.detail
    if one.listed and client.commit_characters:
        item["commitCharacters"] = [","]
    return item


def hover_json(text: Text, hover: Hover, client: Client) -> Json:
    """A hover with the span it speaks of."""
    return {
        "contents": markup(hover.markdown, client.markdown_hover),
        "range": range_json(text, hover.span, client.encoding),
    }


def fold_json(fold: Fold) -> Json:
    """A folding range of whole lines: without characters it reaches from the end of one line to that of another."""
    answer: Json = {"startLine": fold.line, "endLine": fold.last}
    if fold.kind:
        answer["kind"] = fold.kind
    return answer


def selection_json(text: Text, spans: Sequence[Span], encoding: Encoding) -> Json:
    """A selection range: the first of `spans`, each in the next one."""
    answer: Json = {}
    for span in reversed(spans):
        parent = {"parent": answer} if answer else {}
        answer = {"range": range_json(text, span, encoding), **parent}
    return answer


def hint_json(uri: str, text: Text, hint: Hint, told: Callable[[str], str], client: Client) -> Json:
    """An inlay hint, with a blank between it and the text.

    `told` gives the card of a spec, which a client that can asks for when the author points at the hint.
    """
    position = {"line": hint.point.line, "character": text.character(hint.point, client.encoding)}
    answer: Json = {"position": position, "label": hint.label, "paddingLeft": True}
    if hint.spec and client.hint_resolve:
        answer["data"] = {"uri": uri, "spec": hint.spec}
    elif hint.spec:
        answer["tooltip"] = documentation(told(hint.spec), client.markdown_hover)
    return answer


def highlight_json(text: Text, highlight: Highlight, encoding: Encoding) -> Json:
    """A highlight; what the metadata says counts as written."""
    kinds = types.DocumentHighlightKind
    kind = kinds.Write if highlight.defines else kinds.Read
    return {"range": range_json(text, highlight.span, encoding), "kind": kind.value}


SymbolTexts: TypeAlias = dict[int, tuple["Symbol", str]]
"""The JSON of symbols without their children, by the identity of the symbol."""


def symbols_json(
    uri: str, text: Text, symbols: Sequence[Symbol], client: Client, known: SymbolTexts
) -> list[Json] | Rendered:
    """Document symbols: a tree for clients that show one, else a list in the order of the text.

    What is `known` is not rendered again; it takes what is sent now.
    """
    if client.hierarchical_symbols:
        texts: SymbolTexts = {}
        rendered = Rendered(_symbol_trees(text, symbols, client.encoding, known, texts))
        known.clear()
        known.update(texts)
        return rendered
    flat: list[Json] = []
    stack = [(symbol, "") for symbol in reversed(symbols)]
    while stack:
        symbol, container = stack.pop()
        location = {"uri": uri, "range": range_json(text, symbol.span, client.encoding)}
        item: Json = {"name": symbol.name, "kind": _SYMBOL[symbol.kind], "location": location}
        if container:
            item["containerName"] = container
        flat.append(item)
        stack += [(child, symbol.name) for child in reversed(symbol.children)]
    return flat


def _symbol_trees(
    text: Text, symbols: Sequence[Symbol], encoding: Encoding, known: SymbolTexts, texts: SymbolTexts
) -> str:
    """The JSON of a list of symbols: a long spec has a thousand, and as objects they would take twice as long."""
    # Headings have six levels, so this goes eight deep at most.
    parts = []
    for symbol in symbols:
        entry = known.get(id(symbol)) or (symbol, _symbol_text(text, symbol, encoding))
        texts[id(symbol)] = entry
        if symbol.children:
            parts.append(f'{entry[1]},"children":{_symbol_trees(text, symbol.children, encoding, known, texts)}}}')
        else:
            parts.append(f"{entry[1]}}}")
    return f"[{','.join(parts)}]"


def _symbol_text(text: Text, symbol: Symbol, encoding: Encoding) -> str:
    """A symbol as an object that is still open."""
    detail = f'"detail":{encode_string(symbol.detail)},' if symbol.detail else ""
    return (
        f'{{"name":{encode_string(symbol.name)},{detail}"kind":{_SYMBOL[symbol.kind]},'
        f'"range":{_range_text(text, symbol.span, encoding)},'
        f'"selectionRange":{_range_text(text, symbol.selection, encoding)}'
    )


def _range_text(text: Text, span: Span, encoding: Encoding) -> str:
    line, start, end_line, end = span
    if start:
        start = text.character(span.first, encoding)
    if end:
        end = text.character(span.last, encoding)
    return f'{{"start":{{"line":{line},"character":{start}}},"end":{{"line":{end_line},"character":{end}}}}}'
