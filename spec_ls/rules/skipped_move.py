"""The status went on without a status that lies between.

Which status may follow which, the template says (`move Draft -> Review`); one that says nothing of it wants no stage
left out. To go back is fine, and so is to set a spec aside. It is told of the latest change alone, committed or not.

Example: Status `Done`, and in the commit before it was `Draft`.

How to fix: nothing, where all that the skipped statuses ask for was done; else go back and make up for it.
"""

from collections.abc import Iterator

from spec_ls.past import by, skip
from spec_ls.rules.base import Finding, Rule, Weights
from spec_ls.spec import Spec
from spec_ls.values import listed


def check(spec: Spec) -> Iterator[Finding]:
    found, field = skip(spec), spec.field(spec.template.status)
    if found is None or field is None:
        return
    when = f" on {found.move.at:%Y-%m-%d}{by(found.move)}" if found.move else ""
    names = [state.name for state in found.skipped]
    skipped = f"skipped {listed(names)}" if names else "the one does not follow the other"
    message = f"{field.entry.name} went from {found.before.name} to {found.state.name}{when}: {skipped}."
    yield Finding(RULE.name, field.at(field.entry.value_span), message)


RULE = Rule(
    "skipped-move",
    __doc__,
    Weights("information", "information", "information", "information", None),
    check=check,
    of_metadata=True,
    outside=True,
)
