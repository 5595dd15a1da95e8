"""A person is not named by a handle.

A handle is `@` and a name, `@org/team` for a team; letters of any script are fine. Names and addresses
cannot be mentioned, searched or checked.

Example: `| **Owner** | Mira Lee |`.

How to fix: write the handle; where a single lower-case word stands alone, the quick fix puts the `@` in front.
"""

from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec
from spec_ls.text import Edit, Span
from spec_ls.values import is_plainly_handle, named_in, near_handles


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "handle", "handles"):
        parts = named_in(field.entry)
        alone = len(parts) == 1
        named = [part for part in parts if part.handle]
        for part in parts:
            if part.handle is None:
                message = f"{slot.name} takes {'handles' if slot.kind == 'handles' else 'a handle'} such as @mira."
                beside = named and slot.kind == "handle"
                yield Finding(
                    RULE.name, field.at(part.span), message, ("" if beside else part.text, alone), origin=slot.origin
                )
        if slot.kind == "handle" and len(named) > 1:
            span = Span(*named[1].span.first, *named[-1].span.last)
            yield Finding(RULE.name, field.at(span), f"{slot.name} takes one handle.", ("", alone), origin=slot.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    text, alone = finding.subject
    for handle in near_handles(text):
        certain = "@" in text or (alone and is_plainly_handle(text))
        yield Fix(f"Change to {handle}", (Edit(spec.span(finding.place), handle),), certain=certain)


RULE = Rule("invalid-handle", __doc__, INVALID, check=check, fix=fix, of_metadata=True)
