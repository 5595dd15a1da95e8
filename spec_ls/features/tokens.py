"""Semantic tokens: the words that mean something to spec-ls, so that an editor can colour them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

from spec_ls.catalogue import Mention
from spec_ls.rules import rule
from spec_ls.rules.base import Finding
from spec_ls.spec import Field, Spec, is_sample_value, plain_value
from spec_ls.template.model import Stage
from spec_ls.text import Span
from spec_ls.values import choice_in, iso_date

TokenKind = Literal["key", "value", "date", "id", "handle", "sample", "guidance"]
Modifier = Literal["", "definition", "unnecessary"] | Stage


class Token(NamedTuple):
    """A word on one line. `modifier` is a status' stage, `definition` for what the metadata says itself,
    `unnecessary` for what the template left behind."""

    span: Span
    kind: TokenKind
    modifier: Modifier = ""


def tokens(spec: Spec, mentions: Iterable[Mention], findings: Iterable[Finding]) -> list[Token]:
    """The tokens of a spec in the order of the text, disjoint; a longer text has one on each of its lines.

    `mentions` are those of the spec's card, `findings` all of its judge; it takes time in proportion to these. Never
    raises.
    """
    found: list[Token] = []
    for token in sorted(chain(_of_fields(spec), _leftovers(spec, findings), _named(mentions)), key=_by_place):
        if not found or found[-1].span.last <= token.span.first:
            found.append(token)
    return found


def _by_place(token: Token) -> tuple[int, int, int]:
    """By start; of two that start at one point the longer first."""
    return token.span.start_line, token.span.start, -token.span.end


def _of_fields(spec: Spec) -> Iterator[Token]:
    carried = {id(field) for field in spec.carrier}
    beside = [field for fields in spec.fields.values() for field in fields if id(field) not in carried]
    for field in (*spec.carrier, *beside):
        if field.entry.carrier != "section":  # there the key is a heading
            yield from _lines(spec, spec.span(field.at(field.entry.key_span)), "key")
        if field.slot is not None and field.entry.value and not is_sample_value(field):
            yield from _of_value(spec, field)


def _of_value(spec: Spec, field: Field) -> Iterator[Token]:
    assert field.slot is not None
    status = spec.template.status
    if status is not None and field.slot.key == status.key:
        state = spec.state
        if state is not None:
            yield from _lines(spec, spec.span(field.at(field.entry.value_span)), "value", state.stage)
    elif field.slot.kind == "choice" and choice_in(plain_value(field.entry), field.slot.values):
        yield from _lines(spec, spec.span(field.at(field.entry.value_span)), "value")
    elif field.slot.kind == "date":
        for text, span in field.entry.parts:
            if iso_date(text) is not None:
                yield from _lines(spec, spec.span(field.at(span)), "date")


def _leftovers(spec: Spec, findings: Iterable[Finding]) -> Iterator[Token]:
    """The template's samples and guidance, whatever these findings weigh."""
    for finding in findings:
        if rule(finding.rule).leftover:
            kind: TokenKind = "sample" if finding.rule == "sample-text" else "guidance"
            yield from _lines(spec, spec.span(finding.place), kind, "unnecessary")


def _named(mentions: Iterable[Mention]) -> Iterator[Token]:
    for mention in mentions:
        if mention.kind in ("id", "handle"):
            kind: TokenKind = "id" if mention.kind == "id" else "handle"
            yield Token(mention.span, kind, "definition" if mention.role == "definition" else "")


def _lines(spec: Spec, span: Span, kind: TokenKind, modifier: Modifier = "") -> Iterator[Token]:
    """A token on each line of `span` that has a letter, without blanks around it."""
    for line in range(span.start_line, min(span.end_line + 1, len(spec.text.lines))):
        content = spec.text.content(line)
        start = span.start if line == span.start_line else 0
        end = min(span.end, len(content)) if line == span.end_line else len(content)
        words = content[start:end]
        start += len(words) - len(words.lstrip())
        end -= len(words) - len(words.rstrip())
        if start < end:
            yield Token(Span(line, start, line, end), kind, modifier)
