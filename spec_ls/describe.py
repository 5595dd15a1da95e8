"""Parts of a template, and other specs, told to an author in Markdown: for hovers and beside proposals."""

from __future__ import annotations

from collections.abc import Iterator

from spec_ls.catalogue import Card
from spec_ls.lifecycle import Progress
from spec_ls.markup import code, escape, fenced, quote
from spec_ls.past import clock, lasts, since
from spec_ls.spec import Spec
from spec_ls.template.model import BlockSlot, FieldSlot, ItemSlot, SectionSlot, State, Template


def paragraphs(*parts: str) -> str:
    """Parts with a blank line between; those that are empty are left out."""
    return "\n\n".join(part for part in parts if part)


def field(slot: FieldSlot) -> str:
    """What kind of value the field takes, with the template's sample."""
    sample = code(slot.sample)
    such = f", such as {sample}" if sample else ""
    match slot.kind:
        case "choice":
            kind = "one of " + ", ".join(map(code, slot.values))
        case "date":
            kind = "a calendar date, `YYYY-MM-DD`"
        case "handle":
            kind = f"one handle{such}"
        case "handles":
            kind = f"handles with commas between{such}"
        case "id":
            kind = f"{code(slot.prefix)} and at least {slot.digits} digits{such}"
        case "link":
            kind = f"a link or the key of a ticket{such}"
        case _:
            kind = f"text{such}"
    need = "" if slot.need == "required" else " (optional)"
    return f"**{escape(slot.name)}**{need}: {kind}"


def state(state: State) -> str:
    """What a status means, and which may follow."""
    meaning = f" · {escape(state.meaning)}" if state.meaning else ""
    moves = ", ".join(f"**{escape(name)}**" for name in state.moves)
    return paragraphs(f"**{escape(state.name)}**{meaning}", f"May follow: {moves}." if moves else "")


def past(spec: Spec) -> str:
    """Since when the spec has its status and by whom, what it had before, and when its review must be over."""
    found, words = since(spec), lasts(spec)
    if found is None or not words:
        return ""
    said = [f"{escape(words)}."]
    if found.move is None:
        said.append(f"{escape(spec.known.moves[0].status)} is committed, this is not yet.")
    elif found.move.before:
        said.append(f"Before that it was {escape(found.move.before)}.")
    running = clock(spec)
    if running is not None and spec.known.now is not None:
        tense = "is" if spec.known.now < running.deadline else "was"
        said.append(f"Sign-off {tense} due by {running.deadline:%Y-%m-%d %H:%M}.")
    return " ".join(said)


def section(slot: SectionSlot, needed: bool) -> str:
    """The template's guidance for a section, else what it has there."""
    if slot.repeats:
        head = paragraphs(f"**{escape(slot.stem)}** · as many as the spec needs", quote(slot.heading))
    else:
        head = f"**{escape(slot.title)}** · {'required' if needed else 'optional'}"
    body = [line for line in slot.own[1:] if line.strip()]
    shown = fenced(body) if body and not slot.guidance else ""
    return paragraphs(head, *(quote(note.text) for note in slot.guidance), shown)


def item(slot: ItemSlot) -> str:
    """What a labelled or fixed item asks for."""
    need = "" if slot.need == "required" else " (optional)"
    if slot.kind != "label":
        return f"**{escape(slot.name)}**{need} · stays in every spec; tick it when it is so"
    said = quote(slot.text) if slot.text else ""
    return paragraphs(f"**{escape(slot.name)}**{need}", said, "The template's words may stay." if slot.keep else "")


def block(slot: BlockSlot, template: Template) -> str:
    """What a labelled list must have, and the template's own."""
    demanded = ", ".join(escape(item.name) for item in slot.items if item.demanded)
    last = max((item.origin.end_line for item in slot.items), default=slot.origin.end_line)
    own = [line for line in template.source.splitlines()[slot.origin.line : last] if line.strip()]
    asked = f"One of them must say: {demanded}." if demanded else ""
    return paragraphs(f"**{escape(slot.name)}**", asked, fenced(own))


def card(card: Card) -> str:
    """Another spec: its title, where it stands, and how it begins."""
    return paragraphs(
        f"**{escape(card.id)}** · {escape(card.title) or 'without a title'}",
        " · ".join(_standing(card)),
        quote(card.first_paragraph) if card.first_paragraph else "",
    )


def _standing(card: Card) -> Iterator[str]:
    if card.status:
        yield f"**{escape(card.status)}**"
    if card.owner:
        yield code(card.owner)
    if card.total:
        yield str(Progress(card.filled, card.total, card.samples))
