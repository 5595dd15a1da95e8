"""What the server answers about document links: where a ticket, a spec, a file or a person is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lsprotocol import types

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

    survey = asked.server.survey_of(asked.shown)
    looking = bool(survey.root) and not survey.looked.is_set()
    return list(_links_json(asked, links(asked.spec, asked.card, survey.catalogue, _addresses(asked), looking)))


@answers(types.DOCUMENT_LINK_RESOLVE, "links")
def on_document_link_resolve(asked: Asked) -> Any:
    """Where a link leads, if that was not known before."""
    link: types.DocumentLink = asked.params
    named = link.data if isinstance(link.data, dict) else {}
    if link.target is None and isinstance(named.get("file"), str):
        link.target = _file_uri(asked, named["file"])
    if link.target is None and isinstance(named.get("id"), str):
        return _find(asked, link, named["id"])
    return link


async def _find(asked: Asked, link: types.DocumentLink, name: str) -> types.DocumentLink:
    """The link with the file of the spec that has the identifier, if one is found in time."""
    from spec_ls.features.links import told

    survey = asked.server.survey_of(asked.shown)
    await survey.look()
    cards = [card for card in survey.catalogue.by_id(name) if card.path != asked.shown.key]
    if cards:
        link.target = asked.server.configuration.uri(cards[0].path)
        link.tooltip = told(cards) if asked.server.client.link_tooltips else None
    return link


def _addresses(asked: Asked) -> Addresses:
    from spec_ls.features.links import Addresses

    config = asked.shown.document.policy.config
    if config is None:
        return Addresses()
    return Addresses(config.tickets.pattern, config.tickets.url, config.people.url)


def _links_json(asked: Asked, found: list[Link]) -> Iterator[Json]:
    client, files = asked.server.client, 0
    for link in found:
        answer: Json = {"range": convert.range_json(asked.text, link.span, client.encoding)}
        if client.link_tooltips and link.tooltip:
            answer["tooltip"] = link.tooltip
        target: str | None = link.target
        if link.kind == "file":
            files += 1
            if files > _MOST_LOOKED_FOR:
                target, answer["data"] = None, {"uri": asked.shown.uri, "file": link.target}
            else:
                target = _file_uri(asked, link.target)
        elif link.kind == "spec":
            target = asked.server.configuration.uri(link.target) if link.target else None
            if target is None:
                answer["data"] = {"uri": asked.shown.uri, "id": asked.text.slice(link.span)}
        if target is not None:
            answer["target"] = target
        if target is not None or "data" in answer:
            yield answer


def _file_uri(asked: Asked, named: str) -> str | None:
    """The URI of the file that a relative link names; None where there is none, or it lies outside of the workspace."""
    path, heading = asked.linked(named)
    return asked.server.uri_of(path) + (f"#{quote(heading)}" if heading else "") if path else None
