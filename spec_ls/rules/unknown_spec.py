"""A spec is named that is not there.

Neither the repository nor one of its branches has a spec of that identifier, or a link leads to a Markdown file among
the specs that is missing: the number is a slip, or the spec has gone.

Example: `- **Services**: Quiet Hours (SPEC-240)` where there is SPEC-204.

How to fix: name the spec that is meant; where one has nearly this identifier, the quick fix does.
"""

from collections.abc import Iterable, Iterator

from spec_ls.others import Others
from spec_ls.rules.base import Finding, Fix, Rule, Weights
from spec_ls.rules.references import links, references
from spec_ls.spec import Piece, Spec
from spec_ls.text import Edit
from spec_ls.values import identifiers_in

_PUBLIC = ("rfc-", "bcp-", "iso-", "iec-", "ieee-", "pep-", "jep-")
"""Series that everybody quotes: in running text such a number may be another body's."""


def check_piece(spec: Spec, at: int, piece: Piece) -> Iterable[Finding]:
    others = spec.known.others
    return _unknown(spec, at, others) if others is not None else ()


def _unknown(spec: Spec, at: int, others: Others) -> Iterator[Finding]:
    told: set[str] = set()
    for one in references(spec, at, others):
        if others.specs(one.name) != () or _is_sample(spec, one.name):
            continue
        if not (one.depends or one.target) and one.name.casefold().startswith(_PUBLIC):
            continue
        if not (one.target and others.has_file(one.target)):
            told.add(one.target)
            yield Finding(RULE.name, one.place, f"There is no spec {one.name}.", one.name)
    for target, place in links(spec, at, others):
        if target not in told and others.has_file(target) is False:
            yield Finding(RULE.name, place, f"There is no file {target}.", "")


def _is_sample(spec: Spec, name: str) -> bool:
    """Whether the template itself has an identifier."""
    found = identifiers_in(spec.template.source, (name.rstrip("0123456789"),))
    return any(one.words.casefold() == name.casefold() for one in found)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    name, others = finding.subject, spec.known.others
    for near in others.near("specs", name) if others is not None and name else ():
        yield Fix(f"Change to {near}", (Edit(spec.span(finding.place), near),), certain=False)


WEIGHTS = Weights("warning", "warning", "warning", "warning", "hint")
RULE = Rule("unknown-spec", __doc__, WEIGHTS, check_piece=check_piece, fix=fix, outside=True)
