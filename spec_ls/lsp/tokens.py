"""What the server answers about semantic tokens: those of the whole, of a range, and what has changed in them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from spec_ls.lsp.client import Client
from spec_ls.lsp.handlers import Asked, Json, answers
from spec_ls.text import Span, Text

if TYPE_CHECKING:
    from spec_ls.features.tokens import Token

_TYPES: Mapping[str, Sequence[str]] = {
    "key": ("property",),
    "value": ("enumMember", "enum", "keyword"),
    "date": ("number",),
    "id": ("class", "type"),
    "handle": ("decorator", "variable"),
    "sample": ("string",),
    "guidance": ("comment",),
}
"""For each kind of token the names that would do, the best first."""
_MODIFIERS: Mapping[str, Sequence[str]] = {
    "draft": ("draft", "abstract"),
    "review": ("review", "async"),
    "approved": ("approved", "readonly"),
    "done": ("done", "static"),
    "parked": ("parked", "deprecated"),
    "definition": ("definition", "declaration"),
    "unnecessary": ("unnecessary", "documentation"),
}
_SIZE = 5
"""Numbers that a token takes (LSP 3.17, "Semantic Tokens")."""


def provider(client: Client) -> types.SemanticTokensOptions:
    """What is offered: the names that the client knows, all where it does not say."""
    legend = types.SemanticTokensLegend(
        list(_chosen(_TYPES, client.token_types).values()), list(_chosen(_MODIFIERS, client.token_modifiers).values())
    )
    full = types.SemanticTokensFullDelta(delta=True) if client.token_deltas else True
    return types.SemanticTokensOptions(legend=legend, full=full, range=client.token_ranges)


def _chosen(names: Mapping[str, Sequence[str]], known: Sequence[str] | None) -> dict[str, str]:
    """For each of our names the client's; those for which it has none are left out."""
    found = {}
    for own, wanted in names.items():
        name = next((name for name in wanted if known is None or name in known), None)
        if name is not None:
            found[own] = name
    return found


_NO_LEGEND = types.SemanticTokensLegend([], [])
"""Until the client has said which it knows."""


@answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, "semantic-tokens", lambda: _NO_LEGEND)
def on_semantic_tokens(asked: Asked) -> Json:
    """Keys of the metadata, statuses by their stage, dates, handles, identifiers, and what is left of the template."""
    data = _data(asked)
    return {"resultId": _remember(asked, data), "data": data.tolist()}


@answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA, "semantic-tokens", lambda: _NO_LEGEND)
def on_semantic_tokens_delta(asked: Asked) -> Json:
    """The same, as what has changed since the last answer."""
    data, before = _data(asked), _remembered(asked)
    if before is None or before[0] != asked.params.previous_result_id:
        return {"resultId": _remember(asked, data), "data": data.tolist()}
    edits = _difference(before[1], data)
    return {"resultId": _remember(asked, data) if edits else before[0], "edits": edits}


@answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, "semantic-tokens", lambda: _NO_LEGEND)
def on_semantic_tokens_range(asked: Asked) -> Json:
    """The same for the lines that are shown."""
    return {"data": _data(asked, asked.span()).tolist()}


def _remembered(asked: Asked) -> tuple[str, array[int]] | None:
    """The last answer about the document, and what it is called."""
    return asked.shown.memory.get("tokens")


def _remember(asked: Asked, data: array[int]) -> str:
    """Keeps an answer in place of the one before it; what it is called."""
    before = _remembered(asked)
    name = str(int(before[0]) + 1) if before else "1"
    asked.shown.memory["tokens"] = (name, data)
    return name


def _data(asked: Asked, span: Span | None = None) -> array[int]:
    from spec_ls.features.tokens import tokens

    found = tokens(asked.spec, asked.card.mentions, asked.shown.document.judge.findings())
    inside = (one for one in found if span is None or span.touches(one.span))
    return _encoded(asked.text, inside, asked.server.client)


def _encoded(text: Text, found: Iterable[Token], client: Client) -> array[int]:
    """Five numbers a token, places counted from the token before it, in the client's units."""
    kinds = {own: at for at, own in enumerate(_chosen(_TYPES, client.token_types))}
    marks = {own: 1 << at for at, own in enumerate(_chosen(_MODIFIERS, client.token_modifiers))}
    data = array("I")
    line = character = 0
    for span, kind, modifier in found:
        if kind not in kinds:
            continue
        start, end = (text.character(point, client.encoding) for point in (span.first, span.last))
        down = span.start_line - line
        data.extend((down, start if down else start - character, end - start, kinds[kind], marks.get(modifier, 0)))
        line, character = span.start_line, start
    return data


def _difference(old: array[int], new: array[int]) -> list[dict[str, Any]]:
    """The one edit that makes `new` of `old`, by whole tokens; none where they are the same."""
    if old == new:
        return []
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    head -= head % _SIZE
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    tail -= tail % _SIZE
    return [{"start": head, "deleteCount": len(old) - head - tail, "data": new[head : len(new) - tail].tolist()}]
