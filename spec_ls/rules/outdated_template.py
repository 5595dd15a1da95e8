"""The template has changed since the document was written.

A document is judged by the template of its day, so an old one stays as silent as it was. What today's template asks
for besides is told here, while the document is still being worked on; one that is approved, done or parked stays as
it is. Which template is that of its day, the document says itself (`<!-- spec-ls: template-version=2 -->`), or git
does, where the configuration has `versions = "git"` for the template.

Example: the template has a section `## Rollback` since last month, and the document is a year old.

How to fix: insert the new sections from today's template (quick fix: all at once; a `template-version` in the document
is brought up to date with them). From then on the document is judged by today's template.
"""

from collections.abc import Iterator

from spec_ls import drift
from spec_ls.rules.base import Finding, Fix, Rule, Weights
from spec_ls.spec import Spec
from spec_ls.values import listed

_MOST_NAMED = 5


def check(spec: Spec) -> Iterator[Finding]:
    newer = spec.newer
    if newer is None:
        return
    titles = list(dict.fromkeys(missing.slot.title for missing in drift.new_sections(spec)))
    version = spec.template_version
    if not titles and not (version and newer.version):
        return  # what else has changed is nothing that the document could lack
    since = f"since version {version}" if version else "since"
    news = f": {_listed(titles)} new" if titles else f"; today's is version {newer.version}"
    title = spec.binding.title
    if title is None:
        title = min((fill.piece for fill in spec.fills), default=0)
    yield Finding(RULE.name, spec.heading_place(title), f"The template has changed {since}{news}.")


def _listed(titles: list[str]) -> str:
    """The titles as a sentence has them, with its verb."""
    if len(titles) == 1:
        return f"{titles[0]} is"
    if len(titles) > _MOST_NAMED:
        titles = [*titles[: _MOST_NAMED - 1], f"{len(titles) - _MOST_NAMED + 1} more sections"]
    return f"{listed(titles)} are"


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    edits = drift.upgrade(spec)
    if edits:
        yield Fix("Bring up to today's template", edits, certain=False)


RULE = Rule("outdated-template", __doc__, Weights("hint", "hint", None, None, None), check=check, fix=fix)
