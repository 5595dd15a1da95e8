"""The document has none of the template's metadata.

Who owns a spec, who approves it and where it stands is what every reader and every tool asks first.

Example: a spec whose title is directly followed by `## 1. Context`.

How to fix: insert the template's metadata below the title (quick fix).
"""

from collections.abc import Iterator

from spec_ls import compose
from spec_ls.rules.base import STRUCTURE, Finding, Fix, Rule
from spec_ls.spec import Spec


def check(spec: Spec) -> Iterator[Finding]:
    required = [slot for slot in spec.template.fields if spec.needs(slot)]
    if not required or any(field.slot for field in spec.carrier):
        return
    carried_in = spec.template.carried_in
    if any(missing.slot.index == carried_in for missing in spec.missing):
        return  # that it is missing has been said of the section
    names = ", ".join(slot.name for slot in required)
    section = compose.metadata_heading(spec)
    yield Finding(RULE.name, spec.heading_place(section or 0), f"The metadata is missing: {names}.")


def fix(spec: Spec, finding: Finding) -> Iterator[Fix]:
    edit = compose.insert_metadata(spec)
    if edit is not None:
        yield Fix("Insert the metadata of the template", (edit,))


RULE = Rule("missing-metadata", __doc__, STRUCTURE, check=check, fix=fix)
