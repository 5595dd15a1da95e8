"""The guide tells the truth: its rows are cases, its links lead somewhere, its commands are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import spec_ls
from spec_ls.cli.commands import cli
from spec_ls.template.read import read_template

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))


def rows(part: str) -> Iterator[list[str]]:
    """The cells of a table of the page about templates, code spans as what they quote."""
    page = (GUIDE / "template.md").read_text(encoding="utf-8")
    table = page.partition(f"<!-- {part} -->\n")[2].partition(f"<!-- /{part} -->")[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]


@pytest.mark.parametrize(("heading", "need"), [*rows("sections")])
def test_a_heading_says_whether_it_is_needed(heading: str, need: str) -> None:
    read = read_template(f"# [Title]\n\n{heading}\n\nWords.\n\n## Last\n\nWords.\n", "ours")
    assert [slot.need for slot in read.sections] == [need, "required"]


@pytest.mark.parametrize(("value", "takes"), [*rows("fields")])
def test_a_value_says_what_a_field_takes(value: str, takes: str) -> None:
    table = f"| Field | Value |\n| --- | --- |\n| Part | {value} |\n| Other | Words |\n"
    slot = read_template(f"# [Title]\n\n{table}\n## Last\n\nWords.\n", "ours").fields[0]
    kind, _, values = takes.partition(": ")
    if slot.kind == "id":
        assert kind == f"id {slot.prefix}{'0' * slot.digits}"
    else:
        assert (slot.kind, ", ".join(slot.values)) == (kind, values)


@pytest.mark.parametrize(("template", "spec", "told"), [*rows("content")])
def test_a_line_says_what_a_spec_must_have(template: str, spec: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "ours.md"
    path.write_text(f"# [Title]\n\n## Part\n\n{template}\n\n## Last\n\nWords.\n", encoding="utf-8")
    found = spec_ls.check(f"# Queues\n\n## Part\n\n{spec}\n\n## Last\n\nOurs.\n", template=spec_ls.Template.read(path))
    assert ([problem.rule for problem in found] or ["nothing"]) == [told]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_commands_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / target).exists(), target
    for command, words in re.findall(r"spec-ls ([a-z]+)((?: [^`\n]*)?)", text):
        if command in ("is", "does", "reads", "holds"):
            continue
        assert command in cli.commands, command
        known = {option for param in cli.commands[command].params for option in param.opts}
        assert set(re.findall(r" (--[a-z-]+)", words)) <= known, words


def test_every_page_stands_in_the_contents() -> None:
    contents = (GUIDE / "README.md").read_text(encoding="utf-8")
    assert {page.name for page in PAGES} - {"README.md"} <= set(re.findall(r"\]\(([^)/]+)\)", contents))
