"""What the server answers about the parts of a text: folding and selection ranges."""

from __future__ import annotations

from lsprotocol import types

from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers


@answers(types.TEXT_DOCUMENT_FOLDING_RANGE, "folding")
def on_folding_range(asked: Asked) -> list[Json]:
    """Sections, tables, lists, fences, comments and front matter fold."""
    from spec_ls.features.folding import folds

    client = asked.server.client
    found = folds(asked.spec, client.line_folding_only, client.folding_limit)
    return [convert.fold_json(fold) for fold in found]


@answers(types.TEXT_DOCUMENT_SELECTION_RANGE, "selection")
def on_selection_range(asked: Asked) -> list[Json]:
    """A selection grows from word to cell, row, table and section."""
    from spec_ls.features.selection import selections

    points = [asked.point(position) for position in asked.params.positions]
    encoding = asked.server.client.encoding
    return [convert.selection_json(asked.text, spans, encoding) for spans in selections(asked.spec, points)]
