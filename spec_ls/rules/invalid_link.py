"""A field that should lead somewhere has neither a link nor a ticket key.

A link may be inline, by reference, an autolink or a bare URL; a ticket key such as `PAY-17` or `#17`
is as good. `N/A` says that there is none.

Example: `| **Epic/Ticket** | see the tracker |`.

How to fix: link the ticket, or write its key.
"""

from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Rule
from spec_ls.rules.fields import filled
from spec_ls.spec import Spec, plain_value
from spec_ls.values import is_link


def check(spec: Spec) -> Iterator[Finding]:
    for slot, field in filled(spec, "link"):
        value = field.entry.value
        nothing = value in ("-", "–", "—") or plain_value(field.entry).casefold() in ("n/a", "na", "none")
        if nothing or is_link(value, spec.definitions):
            continue
        message = f"{slot.name} is a link or a ticket key such as PAY-17."
        yield Finding(RULE.name, field.at(field.entry.value_span), message, origin=slot.origin)


RULE = Rule("invalid-link", __doc__, INVALID, check=check)
