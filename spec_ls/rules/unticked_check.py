"""An item of a fixed checklist is not ticked although the status says that the work goes ahead.

Example: Status `Done` above `- [ ] PII review completed?`.

How to fix: do what the item asks and tick it.
"""

from collections.abc import Iterable

from spec_ls.bind import Fill
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.rules.ticks import open_checks
from spec_ls.spec import Spec


def check_fill(spec: Spec, fill: Fill) -> Iterable[Finding]:
    if fill.slot.sign_off or not fill.slot.items:
        return ()
    return [Finding(RULE.name, place, f"{name} This box is not ticked yet.") for place, name in open_checks(spec, fill)]


RULE = Rule("unticked-check", __doc__, Weights(None, None, "warning", "error", None), check_fill=check_fill)
