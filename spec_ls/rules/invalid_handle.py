"""A person is not named by a handle.

A handle is `@` and a name, `@org/team` for a team; letters of any script are fine. Names and addresses
cannot be mentioned, searched or checked.

Example: `| **Owner** | Mira Lee |`.

How to fix: write the handle; for a single word the quick fix puts the `@` in front.
"""

from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span
from spec_ls.values import handles, near_handles


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "handle", "handles"):
        parts = list(handles(field.entry.value))
        named = [part for part in parts if part.handle]
        line, start = field.entry.value_span.start_line, field.entry.value_span.start
        for part in parts:
            if part.handle is None:
                span = Span(line, start + part.start, line, start + part.end)
                message = f"{slot.name} takes {'handles' if slot.kind == 'handles' else 'a handle'} such as @mira."
                yield Finding(RULE.name, field.at(span), message, "" if named and slot.kind == "handle" else part.text)
        if slot.kind == "handle" and len(named) > 1:
            span = Span(line, start + named[1].start, line, start + named[-1].end)
            yield Finding(RULE.name, field.at(span), f"{slot.name} takes one handle.", "")


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    for handle in near_handles(finding.subject):
        yield Fix(f"Change to {handle}", (Edit(spec.span(finding.place), handle),))


RULE = Rule("invalid-handle", __doc__, INVALID, check=check, fix=fix)
