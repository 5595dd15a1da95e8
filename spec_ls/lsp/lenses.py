"""What the server answers about code lenses, and the commands behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers, asked_of, command
from spec_ls.text import Edit
from spec_ls.values import count

if TYPE_CHECKING:
    from spec_ls.catalogue import Catalogue
    from spec_ls.features.lenses import Lens
    from spec_ls.lsp.server import SpecLanguageServer

_ADVANCE = "spec-ls.advance"
_REFERENCES = "spec-ls.references"
_SHOW_REFERENCES = "spec-ls.showReferences"
"""A client's own command; it is given a URI, a position and locations, and shows those."""
_PATIENCE_SECONDS = 600.0
"""How long a question to the user may stay on the screen."""
_SHOWN_PROBLEMS = 10


@answers(types.TEXT_DOCUMENT_CODE_LENS, "code-lens")
def on_code_lens(asked: Asked) -> list[Json] | None:
    """Above the title how much is filled in and who refers to it; above the status its day and the way to the next."""
    from spec_ls.features.lenses import lenses

    if asked.shown.document.waiting:
        return None
    return list(_lenses(asked, lenses(asked.spec, _catalogue(asked))))


def _lenses(asked: Asked, found: list[Lens]) -> Iterator[Json]:
    """The lenses, without words where the client asks for those of the lines that it shows."""
    for lens in found:
        data = {"uri": asked.shown.uri, "kind": lens.kind, "goal": lens.goal}
        answer: Json = {"range": convert.range_json(asked.text, lens.span, asked.server.client.encoding), "data": data}
        if not asked.server.client.lens_resolve:
            answer["command"] = _command(asked, lens.kind, lens.goal)
        yield answer


@answers(types.CODE_LENS_RESOLVE, "code-lens")
def on_code_lens_resolve(asked: Asked) -> Any:
    """The words of a code lens, when it comes into view."""
    lens: types.CodeLens = asked.params
    data = lens.data or {}
    command = types.Command(**_command(asked, str(data.get("kind")), str(data.get("goal"))))
    lens.command = command
    if command.command != _REFERENCES or _SHOW_REFERENCES not in asked.server.client.commands:
        return lens

    def shown(locations: Sequence[Json]) -> types.CodeLens:
        arguments = [asked.shown.uri, lens.range.start, list(locations)]
        lens.command = types.Command(command.title, _SHOW_REFERENCES, arguments=arguments)
        return lens

    return _with_locations(asked, shown)


def _catalogue(asked: Asked) -> Catalogue:
    return asked.server.known_now(asked.shown).catalogue


def _command(asked: Asked, kind: str, goal: str) -> Json:
    """What a lens says and does: a command of the server's, or none where it only tells."""
    from spec_ls.features.lenses import words

    said = words(asked.spec, kind, goal, asked.shown.document.problems, _catalogue(asked))
    if kind == "references" and said:
        return {"title": said, "command": _REFERENCES, "arguments": [asked.shown.uri]}
    if kind == "advance" and said:
        return {"title": said, "command": _ADVANCE, "arguments": [asked.shown.uri, goal]}
    return {"title": said, "command": ""}


# --- commands


@command(_ADVANCE)
def on_advance(ls: Any, *arguments: Any) -> Any:
    """Sets the status that follows (of several the one named behind the URI), or lists what has to be mended before."""
    from spec_ls.lifecycle import advance

    asked = asked_of(_ADVANCE, ls, arguments)
    goal = str(arguments[1]) if len(arguments) > 1 else ""
    found = advance(asked.spec, asked.shown.document.problems, goal)
    if found is None:
        state = asked.spec.state
        tell(ls, f"{state.name} is not followed by {goal or 'another status'}." if state else "There is no status yet.")
    elif found.obstacles:
        messages = [f"- {problem.message}" for problem in found.obstacles[:_SHOWN_PROBLEMS]]
        if len(found.obstacles) > _SHOWN_PROBLEMS:
            messages.append(f"- … and {len(found.obstacles) - _SHOWN_PROBLEMS} more")
        asks = f"{found.step.state.name} asks for {count(len(found.obstacles), 'more thing')}:"
        offer(ls, "\n".join([asks, *messages]), {"Show the first": lambda: _first_obstacle(ls, arguments)})
    elif found.edit is not None:
        return apply(asked, f"{found.step.verb} to {found.step.state.name}", [found.edit])
    return None


def _first_obstacle(ls: SpecLanguageServer, arguments: Sequence[Any]) -> Json | None:
    """Where the first thing to mend stands now: the text may have changed since it was asked."""
    from spec_ls.lifecycle import advance

    asked = asked_of(_ADVANCE, ls, arguments)
    found = advance(asked.spec, asked.shown.document.problems, str(arguments[1]) if len(arguments) > 1 else "")
    if found is None or not found.obstacles:
        return None
    place = convert.range_json(asked.text, found.obstacles[0].span, ls.client.encoding)
    return {"uri": asked.shown.uri, "selection": place, "takeFocus": True}


@command(_REFERENCES)
def on_references(ls: Any, *arguments: Any) -> Any:
    """Lists where other specs name the one of the URI, and leads there."""
    from spec_ls.features.lenses import references, words

    asked = asked_of(_REFERENCES, ls, arguments)
    catalogue = _catalogue(asked)
    found = references(asked.spec, catalogue)
    said = words(asked.spec, "references", "", asked.shown.document.problems, catalogue)

    def listed(locations: Sequence[Json]) -> None:
        places: dict[str, Json] = {}
        for location in locations:
            card = next((one.card for one in found if ls.uri_of(one.card.path) == location["uri"]), None)
            name = " ".join(filter(None, (card.id, card.title))) if card else location["uri"]
            places.setdefault(name, {"uri": location["uri"], "selection": location["range"], "takeFocus": True})
        lines = [f"- {name}" for name in places]
        message = "\n".join([f"{said}:", *lines]) if lines else "No other spec refers to this one."
        offer(ls, message, {name: partial(lambda place: place, place) for name, place in places.items()})

    return _with_locations(asked, listed)


def _with_locations(asked: Asked, answer: Callable[[Sequence[Json]], Any]) -> Any:
    """`answer` given where other specs name this one: at once where they are open, else once they are read."""
    from spec_ls.features.lenses import references
    from spec_ls.lsp.navigation import Place, located, with_texts

    server, found = asked.server, references(asked.spec, _catalogue(asked))
    places = [Place(one.card.path, one.mention.span, one.mention.text) for one in found]
    return with_texts(server, [place.path for place in places], lambda texts: answer(located(server, places, texts)))


# --- what commands tell and ask


def tell(ls: SpecLanguageServer, message: str) -> None:
    """Shows a message to the user."""
    kind = types.MessageType.Info.value
    ls.protocol.notify(types.WINDOW_SHOW_MESSAGE, {"type": kind, "message": message})


def offer(ls: SpecLanguageServer, message: str, places: Mapping[str, Callable[[], Json | None]]) -> None:
    """Shows a message with places to go to, where the client can go anywhere.

    A place gives the params of `window/showDocument`, or None where it is no more.
    """
    if ls.client.show_document and places:
        ls.begin(_ask_where(ls, message, places))
    else:
        tell(ls, message)


async def _ask_where(ls: SpecLanguageServer, message: str, places: Mapping[str, Callable[[], Json | None]]) -> None:
    kind, titles = types.MessageType.Info.value, [{"title": title} for title in places]
    params = {"type": kind, "message": message, "actions": titles}
    answer = await ls.protocol.ask(types.WINDOW_SHOW_MESSAGE_REQUEST, params, _PATIENCE_SECONDS)
    place = places.get(answer.get("title", "")) if isinstance(answer, dict) else None
    target = place() if place else None
    if target is not None:
        await ls.ask(types.WINDOW_SHOW_DOCUMENT, target)


async def apply(asked: Asked, label: str, edits: Sequence[Edit]) -> None:
    """Has the client make edits of the text as it was asked about; where it does not, the user is told."""
    ls, shown = asked.server, asked.shown
    if not ls.client.apply_edit:
        tell(ls, f"{label}: this editor takes no edits from a server.")
        return
    await apply_edit(ls, label, convert.workspace_edit_json(shown.uri, shown.version, asked.text, edits, ls.client))


async def apply_edit(ls: SpecLanguageServer, label: str, edit: Json) -> bool:
    """Has the client make an edit, and says whether it did; where it does not, the user is told."""
    answer = await ls.ask(types.WORKSPACE_APPLY_EDIT, {"label": label, "edit": edit})
    if not isinstance(answer, dict) or answer.get("applied") is not True:
        reason = answer.get("failureReason") if isinstance(answer, dict) else None
        tell(ls, f"{label}: the editor did not make the edit{f' ({reason})' if reason else ''}.")
        return False
    return True
