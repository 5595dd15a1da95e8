"""The guide tells the truth: its rows are cases, its links lead somewhere, its commands are there."""

from __future__ import annotations

import os
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import spec_ls as run
from repository import Repository, alone

import spec_ls
from spec_ls.cli.commands import cli
from spec_ls.config import read_config
from spec_ls.rules import CATALOGUE
from spec_ls.template.check import faults
from spec_ls.template.read import read_template

GUIDE = Path(__file__).parents[1] / "docs" / "guide"
PAGES = sorted(GUIDE.glob("*.md"))
ROOT = GUIDE.parents[1]


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


# --- what stands in code blocks is run or read


def blocks() -> Iterator[Any]:
    """The language and the text of each code block of the README and the guide."""
    for page in (ROOT / "README.md", *PAGES):
        text = page.read_text(encoding="utf-8")
        for number, found in enumerate(re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.M | re.S)):
            yield pytest.param(found[2], textwrap.dedent(found[3]), id=f"{page.stem} {number} {found[2]}")


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with what the examples name: templates, specs, a branch on a remote."""
    alone(monkeypatch)
    made = Repository(tmp_path / "old")
    made.init()
    template = (ROOT / "spec_ls" / "template" / "builtin" / "product-spec.md").read_text("utf-8")
    spec = (ROOT / "examples" / "invoice-export.md").read_text("utf-8")
    names = ("docs/templates/spec.md", "our-spec.md")
    made.save({**dict.fromkeys(names, template), "a.md": spec, "docs/specs/b.md": spec.replace("SPEC-", "SPEC-9")})
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    made.write("docs/specs/b.md", spec.replace("SPEC-", "SPEC-8"))
    return made


@pytest.mark.parametrize(("language", "text"), [*blocks()])
def test_a_code_block_does_what_it_says(
    language: str, text: str, old: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if language == "console":
        for line in text.splitlines():
            done_by_shell(line.removeprefix("$ ").partition(" #")[0].strip(), old)
    elif language == "toml":
        assert text and not read_config(text, in_pyproject=False).faults
    elif language == "yaml":
        for command in commands_of(yaml.safe_load(text)):
            done_by_shell(command.replace("${{ github.base_ref }}", "main"), old)
    elif language == "markdown":
        metadata = "- Status: Draft / Review / Approved / Building / Done\n- Owner: @user\n"
        assert not faults(f"# [Title]\n\n{metadata}\n## Plan\n\n{text}", [rule.name for rule in CATALOGUE])
    elif language == "python":
        monkeypatch.chdir(old.root)
        exec(text, {"text": "# Queues\n\n| Field | Value |\n| --- | --- |\n| Spec ID | SPEC-1 |\n"})
        assert "missing-field" in capsys.readouterr().out
    else:
        pytest.fail(f"nobody tries what stands in a block of {language or 'no language'}")


def commands_of(read: Any) -> Iterator[str]:
    """The commands of a host's file; a hook is one that the repository offers."""
    if isinstance(read, list):
        for one in read:
            yield from commands_of(one)
    elif isinstance(read, dict):
        for key, value in read.items():
            if key in ("run", "script"):
                yield value
            elif key == "hooks":
                offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
                assert {one["id"] for one in value} <= {one["id"] for one in offered}
            else:
                yield from commands_of(value)


def done_by_shell(line: str, repository: Repository) -> None:
    """Runs a command line of ours; of others, sees that the target or the package is there."""
    words = shlex.split(line)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.M), line
        return
    if words[:2] == ["pip", "install"]:
        assert words[2:] == ["/path/to/spec-ls"]
        return
    given = b""
    if "|" in words:
        given = repository.git(*words[1 : words.index("|")]).encode()
        words = words[words.index("|") + 1 :]
    assert os.path.basename(words[0]) == "spec-ls", line
    arguments = words[1 : words.index(">")] if ">" in words else words[1:]
    if arguments[0] == "playground" or "--watch" in arguments:  # these end when the user wants
        cli.commands[arguments[0]].make_context(arguments[0], arguments[1:]).close()
        return
    done = run(*arguments, folder=repository.root, stdin=given)
    assert done.returncode in (0, 1), done.stderr.decode()
