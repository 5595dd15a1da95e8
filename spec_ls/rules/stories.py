"""What the rules about stories share."""

from spec_ls.bind import Fill
from spec_ls.spec import Spec


def is_placeholder(spec: Spec, fill: Fill) -> bool:
    """Whether a repeated section's title is still one of the template's, its number aside."""
    story = spec.pieces[fill.piece].facts.story
    return story is not None and story.placeholder


def is_bare(spec: Spec, fill: Fill) -> bool:
    """Whether a story is a placeholder that nobody has begun to write."""
    return is_placeholder(spec, fill) and not any(facts.content for _, facts in spec.fill_facts(fill))
