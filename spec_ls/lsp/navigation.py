"""What leads from one place to another: definition, declaration, references, call hierarchy, workspace symbols."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from spec_ls.files import CannotRead, decode, regular_bytes
from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers, names_something
from spec_ls.text import TOP, Span, Text
from spec_ls.workspace import MOST_BYTES

if TYPE_CHECKING:
    from spec_ls.catalogue import Card, Catalogue
    from spec_ls.features.calls import Call
    from spec_ls.features.navigation import Target
    from spec_ls.lsp.server import SpecLanguageServer

Texts = Mapping[str, Text]

_KINDS = {
    "spec": types.SymbolKind.File.value,
    "section": types.SymbolKind.String.value,
    "handle": types.SymbolKind.Constant.value,
}


class Place(NamedTuple):
    """A place in a file, where it is a part of something with that; `words` are what must stand there, else the file
    has changed; empty: anything may."""

    path: str
    span: Span
    words: str = ""
    whole: Span | None = None


# --- texts of files


def with_texts(server: SpecLanguageServer, paths: Iterable[str], answer: Callable[[Texts], Any]) -> Any:
    """`answer` given the texts of files as they are now: at once where all are open, else once the others are read.

    Those that cannot be read are left out.
    """
    texts, closed = {}, []
    for path in dict.fromkeys(paths):
        text = server.text_of(path)
        if text is None:
            closed.append(path)
        else:
            texts[path] = text.copy()
    if not closed:
        return answer(texts)

    async def later() -> Any:
        return answer(texts | await asyncio.to_thread(read_all, closed))

    return later()


def read_all(paths: Iterable[str]) -> dict[str, Text]:
    """The texts of files; those that cannot be read are left out."""
    found = {}
    for path in paths:
        try:
            found[path] = Text(decode(regular_bytes(path, MOST_BYTES)))
        except (CannotRead, OSError, ValueError):
            continue
    return found


def located(server: SpecLanguageServer, places: Sequence[Place], texts: Texts) -> list[Json]:
    """The locations of places that are still there."""
    found = ((place, texts.get(place.path)) for place in places)
    return [
        {"uri": server.uri_of(path), "range": convert.range_json(text, span, server.client.encoding)}
        for (path, span, words, _), text in found
        if text is not None and is_there(text, span, words)
    ]


def is_there(text: Text, span: Span, words: str = "") -> bool:
    """Whether a text reaches as far as `span` and, where `words` are given, has them there."""
    return text.reaches(span) and (not words or text.slice(span) == words)


# --- definition and declaration


@answers(types.TEXT_DOCUMENT_DEFINITION, "definition", waits=names_something)
def on_definition(asked: Asked) -> Any:
    """From an identifier to its spec, from a link to its file and heading, from a handle to CODEOWNERS, from a field,
    section or item to the template's line."""
    from spec_ls.features.navigation import definitions

    catalogue = asked.server.survey_of(asked.shown).catalogue
    targets = definitions(asked.spec, asked.point(), asked.card.mentions, catalogue)
    return _led(asked, targets, asked.server.client.definition_links)


@answers(types.TEXT_DOCUMENT_DECLARATION, "definition")
def on_declaration(asked: Asked) -> Any:
    """The template's lines that ask for the field, section or item at the cursor."""
    from spec_ls.features.navigation import declarations

    return _led(asked, declarations(asked.spec, asked.point()), asked.server.client.declaration_links)


def _led(asked: Asked, targets: Sequence[Target], as_links: bool) -> Any:
    """Where targets lead: links for clients that take them, else locations; null for nowhere."""
    server = asked.server
    origins = [convert.range_json(asked.text, target.source, server.client.encoding) for target in targets]

    def answer(places: Sequence[tuple[Json, Place | None]], texts: Texts) -> Any:
        led = []
        for origin, place in places:
            for location in located(server, [place] if place else [], texts):
                if as_links and place is not None:
                    whole, text = place.whole or place.span, texts[place.path]
                    location = {
                        "originSelectionRange": origin,
                        "targetUri": location["uri"],
                        "targetRange": convert.range_json(text, whole, server.client.encoding),
                        "targetSelectionRange": location["range"],
                    }
                led.append(location)
        return led or None

    if targets and targets[0].kind == "owner":
        return _led_to_owner(asked, targets[0].name, partial(_with_origin, origins[0], answer))
    texts: dict[str, Text] = {}
    places: list[tuple[Json, Place | None]] = []
    anchors: dict[int, str] = {}
    for origin, target in zip(origins, targets, strict=True):
        place: Place | None = None
        if target.kind == "template":
            path = _template_path(asked)
            if path:
                texts[path] = Text(asked.spec.template.source)
                place = Place(path, target.span, whole=target.whole)
        elif target.kind == "file":
            path, anchors[len(places)] = asked.linked(target.name)
            place = Place(path, TOP) if path else None
        else:
            place = Place(target.name, target.span)
        places.append((origin, place))

    def with_anchors(read: Texts) -> Any:
        from spec_ls.features.navigation import heading_at

        all_texts = {**read, **texts}
        for at, anchor in anchors.items():
            origin, place = places[at]
            if place is not None and anchor and place.path in all_texts:
                span = heading_at(all_texts[place.path], anchor)
                places[at] = origin, place._replace(span=span or place.span)
        return answer(places, all_texts)

    wanted = [place.path for _, place in places if place is not None and place.path not in texts]
    return with_texts(server, wanted, with_anchors)


def _with_origin(origin: Json, answer: Callable[[Any, Texts], Any], places: Sequence[Place], texts: Texts) -> Any:
    return answer([(origin, place) for place in places], texts)


async def _led_to_owner(asked: Asked, handle: str, answer: Callable[[Sequence[Place], Texts], Any]) -> Any:
    """To the lines of CODEOWNERS that name a handle."""
    from spec_ls.index import owner_places

    root = asked.server.survey_of(asked.shown).root
    if not root:
        return None
    found = await asyncio.to_thread(owner_places, Path(root), handle)
    places = [Place(path, span) for path, span in found]
    told = with_texts(asked.server, [place.path for place in places], partial(answer, places))
    return await told if asyncio.iscoroutine(told) else told


def _template_path(asked: Asked) -> str:
    """The file of the template that judges a spec; empty where it is none, such as one that the repository once had."""
    from spec_ls.template import builtin, builtin_names, template_paths

    template = asked.spec.template
    own = dict(zip(builtin_names(), template_paths(), strict=False))
    if template.name in own and template is builtin(template.name):
        return own[template.name]
    return asked.shown.document.policy.path(template)


# --- references


@answers(types.TEXT_DOCUMENT_REFERENCES, "references", waits=lambda _: True)
def on_references(asked: Asked) -> Any:
    """Every place in the specs of the repository that names the identifier, handle or feature flag."""
    from spec_ls.features.navigation import references

    server = asked.server
    catalogue = server.survey_of(asked.shown).catalogue
    declaration = asked.params.context.include_declaration
    found = references(asked.spec, asked.point(), asked.card.mentions, catalogue, declaration)
    places = [Place(one.card.path, one.mention.span, one.mention.text) for one in found]
    return with_texts(server, [place.path for place in places], partial(located, server, places))


# --- call hierarchy


@answers(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY, "call-hierarchy", waits=lambda _: True)
def on_prepare_call_hierarchy(asked: Asked) -> Any:
    """The spec, or the one whose identifier is at the cursor, in the tree of what depends on what."""
    from spec_ls.catalogue import named_at
    from spec_ls.features.calls import prepare

    catalogue, card = asked.server.survey_of(asked.shown).catalogue, asked.card
    cards = prepare(card, named_at(asked.spec, asked.point(), card.mentions), catalogue)

    def answer(texts: Texts) -> Any:
        return [item for item in (_item(asked, one, texts) for one in cards) if item] or None

    return with_texts(asked.server, [one.path for one in cards], answer)


@answers(types.CALL_HIERARCHY_INCOMING_CALLS, "call-hierarchy", waits=lambda _: True)
def on_incoming_calls(asked: Asked) -> Any:
    """The specs that depend on this one."""
    from spec_ls.features.calls import incoming

    return _calls(asked, incoming, "from")


@answers(types.CALL_HIERARCHY_OUTGOING_CALLS, "call-hierarchy", waits=lambda _: True)
def on_outgoing_calls(asked: Asked) -> Any:
    """The specs that this one depends on."""
    from spec_ls.features.calls import outgoing

    return _calls(asked, outgoing, "to")


def _calls(asked: Asked, calls_of: Callable[[Card, Catalogue], list[Call]], side: str) -> Any:
    server, encoding = asked.server, asked.server.client.encoding
    catalogue = server.survey_of(asked.shown).catalogue
    card = catalogue.by_path(str(asked.params.item.data.get("path")))
    if card is None:
        return None
    calls = calls_of(card, catalogue)

    def answer(texts: Texts) -> list[Json]:
        told = []
        for call in calls:
            item, text = _item(asked, call.card, texts), texts.get(call.card.path if side == "from" else card.path)
            if item and text is not None:
                ranges = [convert.range_json(text, span, encoding) for span in call.spans if is_there(text, span)]
                told.append({side: item, "fromRanges": ranges})
        return told

    return with_texts(server, [card.path, *(call.card.path for call in calls)], answer)


def _item(asked: Asked, card: Card, texts: Texts) -> Json | None:
    """A spec in the tree; None where its file is not there any more."""
    server, text = asked.server, texts.get(card.path)
    if text is None:
        return None
    span = card.place if is_there(text, card.place) else TOP
    place = convert.range_json(text, span, server.client.encoding)
    return {
        "name": " ".join(filter(None, (card.id, card.title))) or os.path.basename(card.path),
        "kind": _KINDS["spec"],
        "detail": card.status,
        "uri": server.uri_of(card.path),
        "range": place,
        "selectionRange": place,
        "data": {"uri": asked.shown.uri, "path": card.path},
    }


# --- workspace symbols


def on_workspace_symbols(server: SpecLanguageServer, params: types.WorkspaceSymbolParams) -> Any:
    """Specs by identifier and title, their sections, and the people whom their metadata names."""
    server.govern_anew()
    if "symbols" in server.configuration.policy(None).off:
        return None
    return _symbols(server, params.query)


async def _symbols(server: SpecLanguageServer, query: str) -> Any:
    """Looks through the cards in a thread: there may be thousands, and keystrokes do not wait for them."""
    from spec_ls.features.workspace_symbols import workspace_symbols

    surveys = server.all_surveys()
    for survey in surveys:
        if survey.is_awaited:
            await survey.look()
    cards = [card for survey in surveys for card in survey.catalogue.cards]
    found = await asyncio.to_thread(workspace_symbols, cards, query)

    def answer(texts: Texts) -> list[Json]:
        told = []
        for symbol in found:
            for location in located(server, [Place(symbol.path, symbol.span)], texts):
                made = {"name": symbol.name, "kind": _KINDS[symbol.kind], "location": location}
                told.append({**made, "containerName": symbol.container} if symbol.container else made)
        return told

    told = with_texts(server, [symbol.path for symbol in found], answer)
    return await told if asyncio.iscoroutine(told) else told
