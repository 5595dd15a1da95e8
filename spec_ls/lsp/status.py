"""What an editor shows of a document beside its text: whether it is a spec, why, and how far it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcInvalidParams

from spec_ls.lsp.handlers import Json, command

if TYPE_CHECKING:
    from spec_ls.lsp.server import OpenDocument, SpecLanguageServer
    from spec_ls.workspace import Document

_STATUS = "spec-ls.status"


@command(_STATUS)
def on_status(ls: Any, *arguments: Any) -> Any:
    """Whether the open document of a URI is a spec and why, its template, status, progress and what comes next."""
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise JsonRpcInvalidParams(f"{_STATUS} takes the URI of an open document")
    ls.govern_anew()
    shown = ls.documents.get(arguments[0])
    if shown is None:
        return None
    return _told(shown) if shown.reading is None else _told_later(ls, shown)


async def _told_later(ls: SpecLanguageServer, shown: OpenDocument) -> Json | None:
    """Waits until a long text has been read; None where it is closed by then."""
    while shown.reading is not None:
        await asyncio.wait([shown.reading])
    return _told(shown) if ls.documents.get(shown.uri) is shown else None


def _told(shown: OpenDocument) -> Json:
    document = shown.governed
    decision, policy = document.decision, document.policy
    if shown.stale:
        return {"isSpec": False, "isTemplate": False, "why": "an edit was lost; close it and open it again"}
    said = {"isSpec": decision.is_spec, "isTemplate": policy.is_template, "why": decision.why}
    if not decision.is_spec:
        return said
    template = document.spec.template
    said |= {"template": template.name, "templateFile": policy.path(template)}
    return said if document.is_large or document.waiting else said | _progress(document)


def _progress(document: Document) -> Json:
    from spec_ls.lifecycle import obstacles, progress, steps

    spec, found = document.spec, document.problems()
    how_far = progress(spec, found)
    following = [
        {
            "status": step.state.name,
            "verb": step.verb,
            "obstacles": len(obstacles(spec, step.state, document.problems)),
        }
        for step in steps(spec)
    ]
    return {
        "status": spec.state.name if spec.state else "",
        "progress": str(how_far),
        "filled": how_far.filled,
        "total": how_far.total,
        "samples": how_far.samples,
        "findings": Counter(problem.severity for problem in found),
        "next": following,
    }
