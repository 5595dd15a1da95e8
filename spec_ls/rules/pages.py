"""The rules' reference: one page a rule, made from its docstring and weights."""

from __future__ import annotations

from spec_ls.rules import CATALOGUE
from spec_ls.rules.base import Rule

COLUMNS = ("Draft", "Review", "Approved, Building", "Done", "Defer, Kill")


def page(rule: Rule) -> str:
    """The Markdown page of a rule; ends in one LF."""
    summary, _, rest = rule.doc.strip().partition("\n\n")
    weights = " | ".join(weight or "–" for weight in rule.weights)
    fixable = "The editor and `spec-ls check --diff` offer a fix." if rule.has_fix else "There is no automatic fix."
    lines = [
        f"# {rule.name}",
        "",
        summary,
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
        f"| {weights} |",
        "",
        rest.replace("\nHow to fix:", "\n**How to fix**:").replace("Example:", "**Example**:", 1),
        "",
        fixable,
    ]
    return "\n".join(lines).rstrip() + "\n"


def summary(rule: Rule) -> str:
    """The first sentence of a rule's page, without its full stop."""
    return rule.doc.strip().split("\n\n", 1)[0].replace("\n", " ").rstrip(".")


def remedy(rule: Rule) -> str:
    """What the rule's page says of how to mend it, as one sentence or more; empty where it says nothing."""
    said = rule.doc.partition("\nHow to fix:")[2].split("\n\n")[0]
    words = " ".join(said.split())
    return words[:1].upper() + words[1:]


def contents() -> str:
    """The page that lists all rules."""
    rows = [f"| [{rule.name}]({rule.name}.md) | {summary(rule)} |" for rule in CATALOGUE]
    head = ["# Rules", "", "Made from the rules' own docstrings.", "", "| rule | reports |", "| --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def pages() -> dict[str, str]:
    """Every page by its file name."""
    return {"README.md": contents(), **{f"{rule.name}.md": page(rule) for rule in CATALOGUE}}
