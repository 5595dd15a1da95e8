"""A heading has nearly, but not quite, the title that the template gives the section.

Readers and tools find a section by its title. Case, number, emphasis, emoji and `&` for `and` make no
difference; other words do.

Example: `## 5. Rollout Plans` where the template has `## 5. Rollout Plan`.

How to fix: take the template's title (quick fix).
"""

from collections.abc import Iterable, Iterator

from spec_ls.bind import Fill
from spec_ls.outline.inline import split_number
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if fill.fault != "misnamed":
        return ()
    message = f"The template calls this section {fill.slot.title}."
    return [Finding(RULE.name, spec.heading_place(fill.piece), message, fill.slot.title, origin=fill.slot.origin)]


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    heading = spec.pieces[finding.place.piece].section.heading
    if heading is None or heading.end_line > heading.line + 2:
        return
    span = spec.span(finding.place)
    source = heading.text.text
    rest = split_number(source)[1]
    start = span.start + (len(source) - len(rest) if source.endswith(rest) else 0)
    edit = Edit(Span(span.start_line, start, span.end_line, span.end), finding.subject)
    yield Fix(f"Rename to {finding.subject}", (edit,))


RULE = Rule("misnamed-section", __doc__, STRUCTURE, check_fill=check_fill, fix=fix)
