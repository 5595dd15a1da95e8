"""The owner is among the approvers.

Approval means that somebody else has looked.

Example: Owner `@mira`, Approvers `@mira, @jonas`.

How to fix: take the owner out (quick fix where others remain), or name somebody else.
"""

from collections.abc import Iterator

from spec_ls.rules.base import FILLING, Finding, Fix, Related, Rule
from spec_ls.rules.fields import is_sample_value
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span
from spec_ls.values import handle_of, handles, near_handles


def check(spec: Spec) -> Iterator[Finding]:
    owner, approvers = spec.field(spec.template.owner), spec.field(spec.template.approvers)
    if owner is None or approvers is None or is_sample_value(owner):
        return
    named = [handle_of(owner.entry.value), *near_handles(owner.entry.value)]
    name = next((handle for handle in named if handle), None)
    if name is None:
        return
    line, start = approvers.entry.value_span.start_line, approvers.entry.value_span.start
    for at, part in enumerate(handles(approvers.entry.value)):
        if part.handle is not None and part.handle.casefold() == name.casefold():
            span = Span(line, start + part.start, line, start + part.end)
            related = Related(owner.at(owner.entry.value_span), f"{name} is the owner.")
            yield Finding(
                RULE.name, approvers.at(span), f"{name} owns this spec and cannot approve it.", at, (related,)
            )


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    field = spec.field(spec.template.approvers)
    if field is None:
        return
    parts = list(handles(field.entry.value))
    if len(parts) < 2:
        return
    span = field.entry.value_span.shifted(spec.base(field.piece))
    at: int = finding.subject
    first = parts[at].start if at + 1 < len(parts) else _end(field.entry.value, parts[at - 1].end)
    last = parts[at + 1].start if at + 1 < len(parts) else parts[at].end
    edit = Edit(Span(span.start_line, span.start + first, span.end_line, span.start + last), "")
    yield Fix(f"Remove {parts[at].text} from the approvers", (edit,))


def _end(value: str, end: int) -> int:
    """Behind the code or emphasis marks that close the entry which ends at `end`."""
    while end < len(value) and value[end] in "`*_)":
        end += 1
    return end


RULE = Rule("self-approval", __doc__, FILLING, check=check, fix=fix)
