"""The front matter is no YAML or TOML, so that no tool can read it.

YAML gives some letters a meaning of their own: a value that starts with `@` or a backtick, or that has a
colon and a blank in it, has to stand in quotes.

Example: `owner: @mira` in the front matter.

How to fix: put the value in quotes (quick fix); where something is opened and not closed, close it.
"""

from collections.abc import Iterator

from spec_ls.rules.base import INVALID, Finding, Fix, Rule
from spec_ls.spec import Place, Spec
from spec_ls.text import Edit


def check(spec: Spec) -> Iterator[Finding]:
    for at, piece in enumerate(spec.pieces[:1]):
        fault = piece.facts.yaml
        if fault is not None:
            yield Finding(RULE.name, Place(at, fault.span), fault.message, fault.quotes)


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    base = spec.base(finding.place.piece)
    edits = tuple(Edit(span.shifted(base), text) for span, text in finding.subject)
    if edits:
        yield Fix("Put it in quotes" if len(edits) == 1 else "Put these values in quotes", edits)


RULE = Rule("malformed-metadata", __doc__, INVALID, check=check, fix=fix)
