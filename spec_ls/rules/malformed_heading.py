"""A line that should be a section's heading is none for Markdown.

Without a space behind the marks, `##Goals` is a paragraph (CommonMark 0.31, section 4.2), and a bold line
is just bold: outlines, links and tools do not see the section.

Example: `##5. Rollout Plan`, or `**5. Rollout Plan**` on a line of its own.

How to fix: write it as a heading (quick fix).
"""

from collections.abc import Iterator

from spec_ls.bind import Missing
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit, Span


def _bold(spec: Spec) -> Iterator[tuple[Place, Missing]]:
    wanted = {missing.slot.key: missing for missing in spec.missing if spec.needs(missing.slot)}
    if not wanted:
        return
    for at, piece in enumerate(spec.pieces):
        for key, span in piece.facts.bold:
            missing = wanted.pop(key, None)
            if missing is not None:
                yield Place(at, span), missing


def check(spec: Spec) -> Iterator[Finding]:
    for fill in spec.fills:
        if fill.fault == "malformed":
            name = fill.slot.stem or fill.slot.title
            message = f"{name} is no heading yet: put a space behind the marks."
            yield Finding(RULE.name, spec.heading_place(fill.piece), message, fill.slot.level + spec.binding.shift)
    for place, missing in _bold(spec):
        level = missing.slot.level + spec.binding.shift
        message = f"{missing.slot.title} is no heading yet: start the line with {'#' * level} instead of bold letters."
        yield Finding(RULE.name, place, message, level)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    span = spec.span(finding.place)
    heading = spec.pieces[finding.place.piece].section.heading
    marks = "#" * finding.subject + " "
    source = spec.text.content(span.start_line)
    if heading is not None and heading.style == "malformed" and finding.place.span is None:
        start = len(source) - len(source.lstrip())
        yield Fix("Write it as a heading", (Edit(Span(span.start_line, start, span.start_line, span.start), marks),))
        return
    text = spec.text.slice(span).strip().rstrip(":：").strip().strip("*_").rstrip(":：")
    yield Fix("Write it as a heading", (Edit(span, marks + text),))


RULE = Rule("malformed-heading", __doc__, STRUCTURE, check=check, fix=fix)
