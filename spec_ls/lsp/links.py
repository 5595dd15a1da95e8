"""What the server answers about document links: where a ticket, a spec, a file or a person is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from lsprotocol import types

from spec_ls.files import is_inside
from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers

if TYPE_CHECKING:
    from spec_ls.features.links import Addresses, Link

_MOST_LOOKED_FOR = 200
"""Files that are looked for at once; of more, those whose links are followed."""


@answers(types.TEXT_DOCUMENT_DOCUMENT_LINK, "links")
def on_document_link(asked: Asked) -> list[Json]:
    """Tickets and people as the team's addresses have them, other specs by their identifiers, files that are there."""
    from spec_ls.features.links import links

    shown = asked.shown
    around = asked.server.known_now(shown)
    found = links(asked.spec, shown.path or shown.uri, asked.card.mentions, around.catalogue, _addresses(asked))
    return list(_links_json(asked, found))


@answers(types.DOCUMENT_LINK_RESOLVE, "links")
def on_document_link_resolve(asked: Asked) -> types.DocumentLink:
    """Where a link leads, if that was not looked for before."""
    link: types.DocumentLink = asked.params
    named = link.data.get("file") if isinstance(link.data, dict) else None
    if link.target is None and isinstance(named, str):
        link.target = _file_uri(asked, named)
    return link


def _addresses(asked: Asked) -> Addresses:
    from spec_ls.features.links import Addresses

    config = asked.shown.document.policy.config
    if config is None:
        return Addresses()
    return Addresses(config.tickets.pattern, config.tickets.url, config.people.url)


def _links_json(asked: Asked, found: list[Link]) -> Iterator[Json]:
    client = asked.server.client
    files = 0
    for link in found:
        answer: Json = {"range": convert.range_json(asked.text, link.span, client.encoding)}
        if client.link_tooltips:
            answer["tooltip"] = link.tooltip
        if link.kind == "file":
            files += 1
            if files > _MOST_LOOKED_FOR:
                answer["data"] = {"uri": asked.shown.uri, "file": link.target}
            elif (uri := _file_uri(asked, link.target)) is not None:
                answer["target"] = uri
            else:
                continue
        else:
            answer["target"] = asked.server.uri_of(link.target) if link.kind == "spec" else link.target
        yield answer


def _file_uri(asked: Asked, named: str) -> str | None:
    """The URI of the file that a relative link names; None where there is none, or it lies outside of the workspace."""
    path, root = asked.shown.path, asked.server.folder_of(asked.shown)
    name, mark, heading = named.partition("#")
    name = unquote(name.partition("?")[0])
    if path is None or root is None or "\0" in name:
        return None
    target = os.path.join(root, name.lstrip("/")) if name.startswith("/") else os.path.join(os.path.dirname(path), name)
    if not is_inside(root, target) or not os.path.isfile(target):
        return None
    return asked.server.uri_of(os.path.realpath(target)) + (mark + quote(unquote(heading)) if heading else "")
