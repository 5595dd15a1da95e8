"""A heading has another level than the template gives it.

The level decides what belongs to what: a subsection that is written one level too high ends the
section it should be part of. A document whose headings are all shifted alike is fine.

Example: `## Goals` where the template has `### Goals`.

How to fix: take the template's level (quick fix).
"""

from collections.abc import Iterable, Iterator

from spec_ls.bind import Fill
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if fill.fault != "wrong-level":
        return ()
    level = fill.slot.level + spec.binding.shift
    name = fill.slot.stem or fill.slot.title
    where = "beside the other headings here" if spec.binding.shift else "in the template"
    message = f"{name} is a heading of level {level} {where}: {'#' * level}."
    return [Finding(RULE.name, spec.heading_place(fill.piece), message, level, origin=fill.slot.origin)]


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    heading = spec.pieces[finding.place.piece].section.heading
    level: int = finding.subject
    if heading is None or not 1 <= level <= 6:
        return
    line = heading.line + spec.base(finding.place.piece)
    source = spec.text.content(line)
    if heading.style == "atx":
        start = source.find("#")
        edits = [Edit(Span(line, start, line, start + heading.level), "#" * level)]
        closing = source.rstrip()
        behind = heading.text.end
        if closing.endswith("#") and len(closing) > behind and not closing[behind:].strip(" \t#"):
            first = len(closing.rstrip("#"))
            edits.append(Edit(Span(line, first, line, len(closing)), "#" * level))
        yield Fix(f"Make it level {level}", tuple(edits))
    elif heading.end_line == heading.line + 2:
        underline = line + 1
        below = spec.text.content(underline)
        if level <= 2:
            mark = "=" if level == 1 else "-"
            start = len(below) - len(below.lstrip())
            span = Span(underline, start, underline, len(below.rstrip()))
            yield Fix(f"Make it level {level}", (Edit(span, mark * (span.end - span.start)),))
        else:
            start = len(source) - len(source.lstrip())
            marks = Edit(Span(line, start, line, start), "#" * level + " ")
            remove = Edit(Span(line, len(source), underline, len(below)), "")
            yield Fix(f"Make it level {level}", (marks, remove))


RULE = Rule("wrong-level", __doc__, STRUCTURE, check_fill=check_fill, fix=fix)
