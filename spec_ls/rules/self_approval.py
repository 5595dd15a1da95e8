"""The owner is among the approvers.

Approval means that somebody else has looked.

Example: Owner `@mira`, Approvers `@mira, @jonas`.

How to fix: take the owner out (quick fix where others remain), or name somebody else.
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import FILLING, Finding, Fix, Related, Rule
from spec_ls.spec import Spec, is_sample_value
from spec_ls.text import Edit, Span
from spec_ls.values import handle_of, named_in, near_handles


def check(spec: Spec) -> Iterator[Finding]:
    owner, approvers = spec.field(spec.template.owner), spec.field(spec.template.approvers)
    if owner is None or approvers is None or is_sample_value(owner):
        return
    name = handle_of(owner.entry.value) or next(iter(near_handles(owner.entry.value)), None)
    if name is None:
        return
    for at, part in enumerate(named_in(approvers.entry)):
        if part.handle is not None and part.handle.casefold() == name.casefold():
            related = Related(owner.at(owner.entry.value_span), f"{name} is the owner.")
            message = f"{name} owns this spec and cannot approve it."
            yield Finding(RULE.name, approvers.at(part.span), message, at, (related,))


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    field = spec.field(spec.template.approvers)
    if field is None:
        return
    parts = named_in(field.entry)
    base = spec.base(field.piece)
    at: int = finding.subject
    if len(parts) < 2:
        return
    title = f"Remove {parts[at].text} from the approvers"
    if len(field.entry.parts) > 1:
        number = parts[at].span.start_line + base
        if spec.text.content(number).lstrip().startswith("-"):
            yield Fix(title, (compose.remove_line(spec, number),))
        return
    line = spec.text.content(parts[at].span.start_line + base)
    first = parts[at].span.start if at + 1 < len(parts) else _end(line, parts[at - 1].span.end)
    last = parts[at + 1].span.start if at + 1 < len(parts) else parts[at].span.end
    span = Span(parts[at].span.start_line, first, parts[at].span.end_line, last).shifted(base)
    yield Fix(title, (Edit(span, ""),))


def _end(value: str, end: int) -> int:
    """Behind the code or emphasis marks that close the entry which ends at `end`."""
    while end < len(value) and value[end] in "`*_)":
        end += 1
    return end


RULE = Rule("self-approval", __doc__, FILLING, check=check, fix=fix, of_metadata=True)
