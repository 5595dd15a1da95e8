"""What the server writes as one types or saves: formatting, of the whole, of a range, on Enter; linked editing."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers
from spec_ls.text import Edit


def _edits_json(asked: Asked, edits: Sequence[Edit]) -> list[Json]:
    return [convert.edit_json(asked.text, edit, asked.server.client.encoding) for edit in edits]


@answers(types.TEXT_DOCUMENT_FORMATTING, "formatting")
def on_formatting(asked: Asked) -> list[Json]:
    """The metadata table is aligned, numbers of headings and stories are in order, checklists look alike; no more."""
    from spec_ls.features.format import format_edits

    return _edits_json(asked, format_edits(asked.spec))


@answers(types.TEXT_DOCUMENT_RANGE_FORMATTING, "formatting")
def on_range_formatting(asked: Asked) -> list[Json]:
    """The same for the table, lists and headings that are selected wholly."""
    from spec_ls.features.format import format_edits

    return _edits_json(asked, format_edits(asked.spec, asked.span()))


@answers(
    types.TEXT_DOCUMENT_ON_TYPE_FORMATTING,
    "formatting",
    lambda: types.DocumentOnTypeFormattingOptions(first_trigger_character="\n", more_trigger_character=["|"]),
)
def on_type_formatting(asked: Asked) -> list[Json]:
    """Enter goes on with a list or table, or ends it behind an empty item; a bar keeps an aligned table aligned."""
    from spec_ls.features.format import typed

    return _edits_json(asked, typed(asked.spec, asked.point(), asked.params.ch))


@answers(types.TEXT_DOCUMENT_LINKED_EDITING_RANGE, "linked-editing")
def on_linked_editing(asked: Asked) -> Json | None:
    """The identifier in the metadata and in the title, and a field that repeats the title, are typed once."""
    from spec_ls.features.linked import linked

    found = linked(asked.spec, asked.point())
    if found is None:
        return None
    ranges = [convert.range_json(asked.text, span, asked.server.client.encoding) for span in found.spans]
    return {"ranges": ranges, "wordPattern": found.pattern}
