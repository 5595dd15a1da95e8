"""Another spec has the same identifier.

Who follows a reference finds two specs. The others may be on another branch: then the identifier is taken as
soon as both are merged.

Example: `| **Spec ID** | SPEC-117 |` in two files.

How to fix: renumber the spec that came later; its quick fix takes the next number that neither a spec here nor one on
a branch has.
"""

from collections.abc import Iterator

from spec_ls.rules.base import Finding, Fix, Rule, Weights
from spec_ls.rules.references import elsewhere
from spec_ls.spec import Spec
from spec_ls.text import Edit
from spec_ls.values import count

_SHOWN = 3
_MOST_BESIDE = 20


def check(spec: Spec) -> Iterator[Finding]:
    others = spec.known.others
    twins = others.twins() if others is not None else None
    if others is None or twins is None or not twins.others:
        return
    from spec_ls.catalogue import own_identifier  # the first findings do without

    own = own_identifier(spec)
    if own is None or own.text.casefold() != others.name:
        return
    places = [other.where for other in twins.others[:_SHOWN]]
    left = len(twins.others) - len(places)
    told = ", ".join(places) + (f" and {count(left, 'other')}" if left else "")
    message = f"{own.text} is taken: {told} {'has' if len(twins.others) == 1 else 'have'} it, too."
    beside = (one for other in twins.others[:_MOST_BESIDE] for one in elsewhere(other, f"{other.id} is here, too."))
    yield Finding(RULE.name, own.place, message, (twins.free, twins.certain), elsewhere=tuple(beside))


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    free, certain = finding.subject
    if free:
        yield Fix(f"Change to {free}", (Edit(spec.span(finding.place), free),), certain=certain)


WEIGHTS = Weights("warning", "error", "error", "error", "hint")
RULE = Rule("duplicate-id", __doc__, WEIGHTS, check=check, fix=fix, of_metadata=True, outside=True)
