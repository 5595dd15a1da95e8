"""What the server answers about code actions: the list, and the edit of one that was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from spec_ls.lsp import authoring, convert, diagnostics
from spec_ls.lsp.handlers import Asked, Json, answers, command
from spec_ls.text import Span

if TYPE_CHECKING:
    from spec_ls.features import Action, Surroundings

_APPLY = "spec-ls.apply"
_CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value
_KINDS = [
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorExtract,
    types.CodeActionKind.RefactorRewrite,
    "source.fixAll.spec-ls",
]


def _mends(asked: Asked) -> list[Json]:
    """The fixes of a template's faults at a range."""
    shown = asked.shown
    return authoring.actions(shown.uri, shown.version, shown.text, asked.span(), asked.server.client)


@answers(
    types.TEXT_DOCUMENT_CODE_ACTION,
    "code-actions",
    lambda: types.CodeActionOptions(code_action_kinds=_KINDS, resolve_provider=True),
    of_template=_mends,
)
def on_code_action(asked: Asked) -> Any:
    """Quick fixes, refactorings, fix-all, and comments that allow what is reported."""
    context, span = asked.params.context, asked.span()
    if asked.shown.document.waiting:
        return None
    if _makes_all(asked):
        return _fixes_of(asked, [asked.span(one.range) for one in context.diagnostics])
    only = None if context.only is None else [str(getattr(kind, "value", kind)) for kind in context.only]
    return _with(asked, span, lambda around: list(_actions_json(asked, _offered(asked, span, only, around), span)))


@answers(types.CODE_ACTION_RESOLVE, "code-actions", of_template=lambda asked: asked.params)
def on_code_action_resolve(asked: Asked) -> Any:
    """The edit of a code action that was chosen; of a document that has changed since, none."""
    data = asked.params.data
    if not isinstance(data, dict) or "version" not in data:
        return asked.params  # it came with its edit
    try:
        span = Span(*(int(number) for number in data["span"]))
        title, kind = str(data["title"]), str(data["kind"])
    except (KeyError, TypeError, ValueError):
        raise JsonRpcInvalidParams("data is what the code action came with") from None

    def answer(around: Surroundings) -> Json:
        for action in _offered(asked, span, [kind], around):
            if (action.title, action.kind) == (title, kind):
                return _action_json(asked, action) | {"data": data}
        raise JsonRpcException(f"{title}: the document has changed since", _CONTENT_MODIFIED)

    if data["version"] != asked.shown.version or span.end_line >= len(asked.text.lines):
        raise JsonRpcException(f"{title}: the document has changed since", _CONTENT_MODIFIED)
    return _with(asked, span, answer)


def _with(asked: Asked, span: Span, answer: Any) -> Any:
    """`answer` with the surroundings, which are waited for only where somebody may sign or a document is begun."""
    from spec_ls.features.actions import is_empty
    from spec_ls.features.refactor import may_sign

    if is_empty(asked.spec):
        return _with_all_specs(asked, answer)
    if span.end_line < len(asked.text.lines) and may_sign(asked.spec, span):
        return asked.around(answer)
    return answer(asked.server.known_now(asked.shown))


async def _with_all_specs(asked: Asked, answer: Any) -> Any:
    """`answer` once the identifiers of all specs are known, or patience is at its end."""
    hold = asked.server.held(asked.shown)
    await asked.server.survey_of(asked.shown).look()
    hold()
    return answer(asked.server.known_now(asked.shown))


def _makes_all(asked: Asked) -> bool:
    """Whether the client asks about the whole document for certain diagnostics, and cannot tell which action goes
    first: Kate's quick fix makes all that it is given then."""
    span, last = asked.span(), len(asked.text.lines) - 1
    whole = span.first == (0, 0) and span.end_line >= last
    return whole and bool(asked.params.context.diagnostics) and not asked.server.client.code_action_preference


def _fixes_of(asked: Asked, spans: Sequence[Span]) -> list[Json]:
    """The preferred fix of what is reported at each of the spans, once."""
    around, quick = asked.server.known_now(asked.shown), [types.CodeActionKind.QuickFix.value]
    found = {(one.title, tuple(one.edits)): one for span in spans for one in _offered(asked, span, quick, around)}
    preferred = [one for one in found.values() if one.preferred]
    return list(_actions_json(asked, preferred, asked.span()))


def _offered(asked: Asked, span: Span, only: Sequence[str] | None, around: Surroundings) -> list[Action]:
    # The client's diagnostics are not looked at: some clients strip them of all that would tell them apart.
    from spec_ls.features.actions import actions, is_empty
    from spec_ls.features.refactor import refactorings
    from spec_ls.features.suppress import suppressions

    spec, problems = asked.spec, asked.shown.document.problems()
    if is_empty(spec):
        return actions(spec, [], span, around, only)  # all that could be mended comes with the template
    offered = actions(spec, problems, span, around, only)
    offered += suppressions(spec, problems, span, only)
    offered += refactorings(spec, span, around, only)
    return sorted(offered, key=lambda action: action.kind.startswith("source."))


def _actions_json(asked: Asked, offered: Sequence[Action], span: Span) -> Iterator[Json]:
    """Code actions, without their edits for a client that asks for that of the chosen one; commands for a client
    without code action literals that lets a server apply edits."""
    shown, client = asked.shown, asked.server.client
    for action in offered:
        if client.code_action_literals and client.code_action_resolve:
            data = {"uri": shown.uri, "version": shown.version, "span": list(span)}
            yield _head_json(asked, action) | {"data": data | {"title": action.title, "kind": action.kind}}
        elif client.code_action_literals:
            yield _action_json(asked, action)
        elif client.apply_edit:
            edit = convert.workspace_edit_json(shown.uri, shown.version, asked.text, action.edits, client)
            yield {"title": action.title, "command": _APPLY, "arguments": [action.title, edit]}


def _head_json(asked: Asked, action: Action) -> Json:
    answer: Json = {"title": action.title, "kind": action.kind}
    if action.problems and action.kind == "quickfix":
        answer["diagnostics"] = [diagnostics.diagnostic(asked.server, asked.shown, one) for one in action.problems]
    if action.preferred:
        answer["isPreferred"] = True
    return answer


def _action_json(asked: Asked, action: Action) -> Json:
    """A code action with its edit; where that takes text away, a client that can has the user confirm it."""
    shown, client = asked.shown, asked.server.client
    asks = client.confirms_actions and not action.kind.startswith("source.")
    edit = convert.workspace_edit_json(shown.uri, shown.version, asked.text, action.edits, client, asks=asks)
    return _head_json(asked, action) | {"edit": edit}


@command(_APPLY)
async def on_apply(ls: Any, *arguments: Any) -> None:
    """Applies an edit for clients that take commands where others take code actions."""
    if len(arguments) != 2 or not isinstance(arguments[0], str) or not isinstance(arguments[1], dict):
        raise JsonRpcInvalidParams(f"{_APPLY} takes a label and an edit")
    label, edit = arguments
    from spec_ls.lsp.lenses import apply_edit

    await apply_edit(ls, label, edit)
