"""A field has a value that is none of the template's choices.

Tools and readers sort specs by these words; another word, or another spelling, is a state of its own.

Example: `| **Status** | Drfat |`.

How to fix: take one of the template's values; for a wrong case or a near miss the quick fix does.
"""

import re
from collections.abc import Iterator

from spec_ls.outline.inline import skeleton
from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec, plain_value
from spec_ls.text import Edit, Span
from spec_ls.values import choice_in, is_choices

_REMARK = re.compile(r"(?<=\w)(?:(?<!\s)\s+)?[(（\[].*$")


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "choice"):
        value = " ".join(plain_value(field.entry).split())
        if slot.open:
            continue
        several = slot.key != spec.template.status_key and is_choices(value, slot.values)
        if choice_in(value, slot.values, slot.open_values) is None and not several:
            *others, last = slot.values
            message = f"{slot.name} is one of {', '.join(others)} or {last}."
            yield Finding(RULE.name, field.at(field.entry.value_span), message, slot.key, origin=slot.origin)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    slot = next(slot for slot, _ in filled(spec, "choice") if slot.key == finding.subject)
    span = spec.span(finding.place)
    written = spec.text.slice(span)
    remark = _REMARK.search(written) if span.start_line == span.end_line else None
    if remark and not any("(" in name for name in slot.values):  # it stays
        written, span = written[: remark.start()], Span(*span.first, span.end_line, span.start + remark.start())
    value = skeleton(written)
    from rapidfuzz.fuzz import ratio

    scored = sorted(((ratio(value, skeleton(name)), name) for name in slot.values), key=lambda pair: -pair[0])
    best, second = scored[0][0], scored[1][0] if len(scored) > 1 else 0.0
    certain = best >= 70 and best - second >= 10
    for at, (score, name) in enumerate(scored):
        if score >= 60 or (certain and at == 0):
            edit = Edit(span, name)
            yield Fix(f"Change to {name}", (edit,), certain=certain and at == 0)


RULE = Rule("invalid-choice", __doc__, INVALID, check=check, fix=fix, of_metadata=True)
