"""`spec-ls new`: the text of a new document by whatever its template is like, and the command in a real repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from command import spec_ls

from spec_ls.draft import Given, draft, file_name, numbering, slug
from spec_ls.template import builtin, builtin_names
from spec_ls.template.read import read_template
from spec_ls.workspace import Document

GIVEN = Given("Use queues", "ADR-0007", "@mira", "2026-03-02")

TABLE = """\
# [Title]

| Field | Value |
|---|---|
| ID | `ADR-0000` |
| Status | Open / Closed <!-- spec-ls: keep --> |
| Owner | **@user** |
| Date | YYYY-MM-DD <!-- when it was opened --> |
| Due Date | YYYY-MM-DD |

<!-- spec-ls:
state Open (draft): Not yet.
-->

## Why <!-- spec-ls: optional -->
*Tell why.*
"""


def filled(source: str, given: Given = GIVEN) -> str:
    return draft(read_template(source, "t"), given)


# --- the text -------------------------------------------------------------------------------------------------------


def test_a_table() -> None:
    assert filled(TABLE.replace(" <!-- spec-ls: keep -->", "")) == (
        "# Use queues\n\n| Field | Value |\n|---|---|\n| ID | `ADR-0007` |\n| Status | Open |\n| Owner | **@mira** |\n"
        "| Date | 2026-03-02 <!-- when it was opened --> |\n| Due Date | YYYY-MM-DD |\n\n## Why\n*Tell why.*\n"
    )


def test_a_status_that_the_template_has_already_stays() -> None:
    assert "| Status | Open / Closed |\n" in filled(TABLE)


def test_front_matter() -> None:
    source = (
        "---\n# spec-ls: optional\ntitle: your title\nid: ADR-0000\nstatus: draft | final # one of these\n"
        'author: "@user"\ncreated: YYYY-MM-DD # spec-ls: today\nreviewers:\n  - "@one"\n  - "@two"\n---\n\n## Why\n'
    )
    assert filled(source, Given("Say: “yes” #1", "ADR-0007", "@mira", "2026-03-02")) == (
        '---\ntitle: "Say: “yes” #1"\nid: ADR-0007\nstatus: draft # one of these\n'
        'author: "@mira"\ncreated: 2026-03-02\nreviewers:\n  - "@one"\n  - "@two"\n---\n\n## Why\n'
    )


def test_quotes_in_front_matter_stay_what_they_are() -> None:
    source = "---\ntitle: 'your title'\nname: x\n---\n\n## Why\n"
    assert "title: 'It''s \"on\"'\n" in filled(source, Given('It\'s "on"'))
    assert 'title: "It\'s \\"on\\""\n' in filled(source.replace("'", '"'), Given('It\'s "on"'))


def test_a_list() -> None:
    source = (
        "# [Title]\n\n* **ID**: ADR-0000\n* __Status__: Open / Closed\n* Owner: [@user](https://x.example)\n\n## Why\n"
    )
    assert filled(source) == "# Use queues\n\n* **ID**: ADR-0007\n* __Status__: Open\n* Owner: @mira\n\n## Why\n"


def test_labelled_lines() -> None:
    source = "# [Title]\n\n**ID**: ADR-0000\\\n**Status:** Open / Closed\\\n**Owner:** @user\n\n## Why\n"
    assert filled(source) == "# Use queues\n\n**ID**: ADR-0007\\\n**Status:** Open\\\n**Owner:** @mira\n\n## Why\n"


def test_a_preamble() -> None:
    block = "```\n  ID: ADR-0000\n  Status: Open | Closed\n  Owner: @user\n  Created: YYYY-MM-DD\n```\n"
    assert filled(f"{block}\n# [Title]\n\n## Why\n") == (
        "```\n  ID: ADR-0007\n  Status: Open\n  Owner: @mira\n  Created: 2026-03-02\n```\n\n# Use queues\n\n## Why\n"
    )


def test_front_matter_in_toml() -> None:
    fields = 'id = "ADR-0000"\nstatus = "Open / Closed" # or so\nowner = \'@user\'\ncreated = "YYYY-MM-DD"\n'
    source = f"+++\n{fields}+++\n\n## Why\n"
    assert filled(source) == (
        '+++\nid = "ADR-0007"\nstatus = "Open" # or so\nowner = \'@mira\'\ncreated = "2026-03-02"\n+++\n\n## Why\n'
    )


def test_html_terms_columns_and_several_on_a_line() -> None:
    rows = "<tr><th>ID</th><td>ADR-0000</td></tr>\n<tr><th>Owner</th>\n<td><b>@user</b></td></tr>\n"
    html = f"# [Title]\n\n<table>\n{rows}</table>\n"
    assert filled(html) == (
        html.replace("[Title]", "Use queues").replace("ADR-0000", "ADR-0007").replace("@user", "@mira")
    )
    terms = "# [Title]\n\nID\n: ADR-0000\n\nOwner\n: @user\n\n## Why\n"
    assert filled(terms) == "# Use queues\n\nID\n: ADR-0007\n\nOwner\n: @mira\n\n## Why\n"
    columns = "# [Title]\n\n| ID | Owner | Created |\n|---|---|---|\n| ADR-0000 | @user | YYYY-MM-DD |\n"
    assert filled(columns).endswith("\n| ADR-0007 | @mira | 2026-03-02 |\n")
    line = "# [Title]\n\n**ID:** ADR-0000 | **Owner:** @user · **Created:** YYYY-MM-DD\n"
    assert filled(line) == "# Use queues\n\n**ID:** ADR-0007 | **Owner:** @mira · **Created:** 2026-03-02\n"


def test_a_value_that_is_not_there_yet() -> None:
    source = (
        "# [Title]\n\n- ID: ADR-0000\n- Status: <!-- Open / Closed -->\n"
        "- **Owner**: <!-- spec-ls: type handle -->\n- Opened: <!-- spec-ls: today -->\n\n## Why\n"
    )
    assert filled(source) == (
        "# Use queues\n\n- ID: ADR-0007\n- Status: Open <!-- Open / Closed -->\n"
        "- **Owner**: @mira\n- Opened: 2026-03-02\n\n## Why\n"
    )


@pytest.mark.parametrize("cell", ["<!-- spec-ls: type handle -->", " <!-- spec-ls: type handle -->", ""])
def test_an_empty_cell(cell: str) -> None:
    head = "# [Title]\n\n| A | B |\n|---|---|\n| Status | Open / Closed |\n"
    source = head + f"| Opened |{cell}|\n"
    expected = "2026-03-02" if cell else ""
    found = filled(source.replace("type handle", "today"))
    row = re.search(r"^\| Opened \|(.*)\|$", found, re.M)
    assert row
    assert row[1].strip() == expected


def test_a_block_of_yaml() -> None:
    source = "---\nTitle: >\n  Say it\n  here\nOwner: x\n---\n\n## Why\n"
    assert filled(source, Given("Say: yes")) == "---\nTitle: >\n  Say: yes\nOwner: x\n---\n\n## Why\n"


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("# [Title]", "# Use queues"),
        ("# <title>", "# Use queues"),
        ("# Your title here", "# Use queues"),
        ("# [RFC] Title", "# [RFC] Use queues"),
        ("# ADR-0000: [Title]", "# ADR-0007: Use queues"),
        ("# [ADR-NNN] Title of it", "# ADR-0007 Use queues"),
        ("# ADR-XXX - Title", "# ADR-0007 - Use queues"),
        ("# Decision: {title}", "# Decision: Use queues"),
        ("# [Title] ##", "# Use queues ##"),
        ("[Title]\n===", "Use queues\n==="),
    ],
)
def test_the_title_goes_where_the_template_has_its_own(heading: str, title: str) -> None:
    source = TABLE.replace("# [Title]", heading, 1)
    assert filled(source).startswith(f"{title}\n\n|")


@pytest.mark.parametrize("title", ["C #", "#", "A <!-- b", "Über [uns]", "a | b", "Ends with ##", "日本語のタイトル"])
def test_a_title_stays_a_title_whatever_is_in_it(title: str) -> None:
    template = read_template(TABLE, "t")
    document = Document(draft(template, Given(title)), template)
    at = document.spec.binding.title
    assert at is not None
    heading = document.spec.pieces[at].section.heading
    assert heading is not None
    assert heading.title.replace("\\", "") == title
    assert [fill.slot.title for fill in document.spec.fills] == ["Why"]


def test_what_is_not_given_stays_as_the_template_has_it() -> None:
    template = read_template(TABLE, "t")
    document = Document(draft(template, Given()), template)
    samples = [problem for problem in document.problems() if problem.rule == "sample-text"]
    assert [document.text.slice(one.span) for one in samples] == [
        "[Title]",
        "ADR-0000",
        "@user",
        "YYYY-MM-DD",
        "YYYY-MM-DD",
    ]


def test_a_template_of_any_line_end_and_with_a_byte_order_mark() -> None:
    for end in ("\r\n", "\r"):
        assert filled("\ufeff" + TABLE.replace("\n", end)) == filled(TABLE)


def test_annotations_in_code_are_the_documents_own() -> None:
    source = TABLE + "\n```\n<!-- spec-ls: optional -->\n```\nWrite `<!-- spec-ls: keep -->`.\n"
    assert filled(source).endswith("```\n<!-- spec-ls: optional -->\n```\nWrite `<!-- spec-ls: keep -->`.\n")


def test_a_template_that_is_switched_off_makes_documents_that_are_not() -> None:
    assert "spec-ls" not in filled("<!-- spec-ls: off -->\n\n" + TABLE)


@pytest.mark.parametrize(
    ("source", "head"),
    [
        ("# [Title]\n\nText.\n", "# [Title]\n\n<!-- spec-ls: template=x -->\n\nText.\n"),
        ("# [Title]\nText.\n", "# [Title]\n\n<!-- spec-ls: template=x -->\n\nText.\n"),
        ("# [Title]\n", "# [Title]\n\n<!-- spec-ls: template=x -->\n"),
        ("[Title]\n===\n\nText.\n", "[Title]\n===\n\n<!-- spec-ls: template=x -->\n\nText.\n"),
        ("## Why\n\n## How\n", "<!-- spec-ls: template=x -->\n\n## Why\n"),
        ("---\na: b\n---\n\n## Why\n", "---\na: b\n---\n\n<!-- spec-ls: template=x -->\n\n## Why\n"),
        ("---\na: b\n---\n## Why\n", "---\na: b\n---\n\n<!-- spec-ls: template=x -->\n\n## Why\n"),
    ],
)
def test_the_word_that_names_the_template(source: str, head: str) -> None:
    template = read_template(source, "x")
    assert draft(template, Given(), "x").startswith(head)
    assert "template=x" in Document(draft(template, Given(), "x"), template).spec.words


@pytest.mark.parametrize("name", builtin_names())
def test_a_new_document_lacks_nothing_and_says_nothing_wrong(name: str) -> None:
    template = builtin(name)
    slot = template.field("id")
    assert slot is not None
    given = Given("Use queues", f"{slot.prefix}{7:0{slot.digits}d}", "@mira", "2026-03-02")
    document = Document(draft(template, given, name))
    assert document.decision.is_spec
    assert document.spec.template is template
    assert document.spec.state == template.states[0]
    problems = document.problems()
    assert {problem.rule for problem in problems} == {"sample-text", "leftover-guidance"}
    lines = {problem.span.start_line for problem in problems}
    for known in ("Use queues", given.identifier, "@mira"):
        assert not any(known in document.text.content(line) for line in lines)


# --- the name of the file -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Use queues", "use-queues"),
        ("  Don’t wait: use (two) queues!", "dont-wait-use-two-queues"),
        ("Über Größen", "über-größen"),
        ("हिन्दी शीर्षक", "हिन्दी-शीर्षक"),
        ("日本語 のタイトル", "日本語-のタイトル"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\x", "c-x"),
        ("!!!", ""),
    ],
)
def test_a_slug(title: str, name: str) -> None:
    assert slug(title) == name


def test_a_slug_fits_a_file_system() -> None:
    assert slug("word " * 100) == "-".join(["word"] * 24)
    assert len(slug("語" * 300).encode()) <= 120


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([], "use-queues.md"),
        (["use-tables.md", "README.md"], "use-queues.md"),
        (["ADR-0001-use-tables.md", "README.md", "index.md"], "ADR-0007-use-queues.md"),
        (["adr-0001-use-tables.md"], "adr-0007-use-queues.md"),
        (["adr-01_use_tables.md"], "adr-07_use-queues.md"),
        (["0001-use-tables.md", "0006-more.md", "README.md"], "0007-use-queues.md"),
        (["0001-use-tables.md", "a.md", "b.md"], "use-queues.md"),
        (["2026-01-02-use-tables.md"], "use-queues.md"),
    ],
)
def test_a_file_is_named_as_those_beside_it(names: list[str], name: str) -> None:
    assert file_name("Use queues", 7, numbering(names, "ADR-"), "adr") == name


def test_a_file_of_a_document_without_a_title() -> None:
    assert file_name("", 7, None, "ADR-0007") == "adr-0007.md"
    assert file_name("", 7, numbering(["ADR-0001-x.md"], "ADR-"), "ADR-0007") == "ADR-0007.md"
    assert file_name("?", None, None, "!") == "untitled.md"


# --- the command ----------------------------------------------------------------------------------------------------


class Repository:
    """A real repository; its git knows no configuration but its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet")
        self.git("config", "user.email", "4711+mira@users.noreply.github.com")

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return {**kept, "HOME": str(self.path.parent), "XDG_CONFIG_HOME": str(self.path.parent), "PYTHONUTF8": "1"}

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.path, env=self.environment, check=True)

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()

    def run(self, *arguments: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
        done = spec_ls(*arguments, folder=self.path / folder, env=self.environment)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def new(self, *arguments: str, folder: str = ".") -> str:
        """The path that is printed, and nothing else is."""
        done = self.run("new", *arguments, folder=folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(".md\n")
        return done.stdout[:-1]

    def refused(self, *arguments: str) -> str:
        """The last line of what is said where nothing is written."""
        before = sorted(self.path.rglob("*"))
        done = self.run("new", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert sorted(self.path.rglob("*")) == before
        return done.stderr.strip().splitlines()[-1]

    def rules(self, *paths: str) -> set[str]:
        done = self.run("check", "--format", "json", *paths)
        assert done.returncode == 0, done.stderr
        return {one["rule"] for one in json.loads(done.stdout)}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


LEFT = {"sample-text", "leftover-guidance"}


def test_a_title_alone_is_a_product_spec(repository: Repository) -> None:
    assert repository.new("Guest checkout") == "guest-checkout.md"
    text = repository.read("guest-checkout.md")
    assert text.startswith("# Guest checkout\n\n| Metadata | Value |\n| :--- | :--- |\n| **Spec ID** | `SPEC-001` |\n")
    assert "| **Status** | Draft |\n| **Owner** | @mira |\n" in text
    assert "| **Target Date** | YYYY-MM-DD |" in text
    assert "spec-ls" not in text
    assert repository.rules("guest-checkout.md") == LEFT


def test_a_built_in_template_by_its_name(repository: Repository) -> None:
    assert repository.new("adr", "--title", "Use queues", "--date", "2026-03-02") == "use-queues.md"
    text = repository.read("use-queues.md")
    assert text.startswith("# Use queues\n\n<!-- spec-ls: template=adr -->\n\n| Field | Value |\n")
    assert "| **ADR ID** | `ADR-0001` |\n| **Status** | Proposed |\n| **Owner** | @mira |\n" in text
    assert "| **Date** | 2026-03-02 |\n" in text
    assert text.count("spec-ls") == 1
    assert repository.rules(".") == LEFT


def test_today_is_the_day_on_which_it_is_begun(repository: Repository) -> None:
    before = date.today()
    repository.new("rfc", "--title", "Queues", "--output", "x.md")
    found = re.search(r"^- \*\*Date\*\*: (\S+)$", repository.read("x.md"), re.M)
    assert found
    assert before <= date.fromisoformat(found[1]) <= date.today()
    assert repository.rules("x.md") == LEFT


def test_a_template_by_name_without_a_title(repository: Repository) -> None:
    assert repository.new("adr") == "adr-0001.md"
    assert repository.read("adr-0001.md").startswith("# [The decision, in a few words]\n")


def test_a_title_that_is_the_name_of_a_template(repository: Repository) -> None:
    assert repository.new("adr", "--template", "rfc") == "adr.md"
    assert repository.read("adr.md").startswith("# adr\n\n<!-- spec-ls: template=rfc -->\n")


def test_standard_output(repository: Repository) -> None:
    done = repository.run("new", "Guest checkout", "--output", "-", "--id", "SPEC-042", "--owner", "@org/team")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("# Guest checkout\n")
    assert "`SPEC-042`" in done.stdout
    assert "| @org/team |" in done.stdout
    assert [entry.name for entry in repository.path.iterdir()] == [".git"]


def test_the_next_free_identifier_of_the_whole_repository(repository: Repository) -> None:
    repository.write("docs/a.md", "# A\n\n| ADR ID | ADR-0011 |\n|---|---|\n| Status | Accepted |\n")
    repository.write("elsewhere/b.md", "# B\n\nInstead of ADR-0019.\n")
    repository.write("ignored/c.md", "# C\n\nADR-0030\n")
    repository.write(".gitignore", "ignored/\n")
    repository.new("adr", "--title", "Two", "--output", "docs/")
    assert "`ADR-0020`" in repository.read("docs/two.md")
    assert "`SPEC-001`" in repository.read(repository.new("Guest checkout"))


def test_numbers_of_files_are_taken_as_well(repository: Repository) -> None:
    repository.write("adr/0001-use-tables.md", "# 1. Use tables\n")
    repository.write("adr/0002-use-files.md", "# 2. Use files\n")
    assert repository.new("adr", "--title", "Use queues", "--output", "adr/") == "adr/0003-use-queues.md"
    assert "`ADR-0003`" in repository.read("adr/0003-use-queues.md")


CONFIG = """\
[templates.decision]
path = "templates/decision.md"
files = ["docs/decisions/**/*.md", "!docs/decisions/old/**"]
"""
DECISION = """\
<!-- spec-ls: off -->

# DEC-001: [Title]

- ID: DEC-001
- Status: Open / Settled
- Owner: @user
- Opened: YYYY-MM-DD <!-- spec-ls: today -->
- Due: YYYY-MM-DD

## Question
*What is asked?*
"""


def configured(repository: Repository, config: str = CONFIG) -> Repository:
    repository.write(".spec-ls.toml", config)
    repository.write("templates/decision.md", DECISION)
    return repository


def test_the_single_template_of_the_configuration_is_the_default(repository: Repository) -> None:
    configured(repository)
    assert repository.new("Use queues", "--date", "2026-03-02") == "docs/decisions/use-queues.md"
    assert repository.read("docs/decisions/use-queues.md") == (
        "# DEC-001: Use queues\n\n- ID: DEC-001\n- Status: Open\n- Owner: @mira\n- Opened: 2026-03-02\n"
        "- Due: YYYY-MM-DD\n\n## Question\n*What is asked?*\n"
    )
    assert repository.rules("docs") == LEFT
    assert "DEC-002" in repository.read(repository.new("decision", "--title", "Another"))


def test_a_document_stays_where_it_is_bound(repository: Repository) -> None:
    configured(repository).write("docs/decisions/payments/DEC-007-x.md", "# DEC-007: X\n\n- ID: DEC-007\n")
    assert repository.new("Use queues", folder="docs/decisions/payments") == "DEC-008-use-queues.md"
    assert (repository.path / "docs/decisions/payments/DEC-008-use-queues.md").is_file()


def test_a_built_in_template_beside_the_teams(repository: Repository) -> None:
    configured(repository)
    assert repository.new("adr", "--title", "Use queues") == "use-queues.md"
    assert "template=adr" in repository.read("use-queues.md")
    assert repository.rules("use-queues.md") == LEFT


def test_of_several_templates_none_is_the_default(repository: Repository) -> None:
    configured(repository, CONFIG + '\n[templates.adr]\nbuiltin = "adr"\nfiles = ["docs/adr/[0-9]*.md"]\n')
    assert repository.new("Guest checkout") == "guest-checkout.md"
    assert "template=product-spec" in repository.read("guest-checkout.md")
    assert repository.new("adr", "--title", "Use queues") == "docs/adr/use-queues.md"
    assert repository.rules(".") == LEFT


def test_a_template_file(repository: Repository) -> None:
    configured(repository)
    assert repository.new("Two", "--template", "templates/decision.md") == "docs/decisions/two.md"
    repository.write("other.md", "# [Name]\n\n## Plan\n*Tell.*\n")
    done = repository.run("new", "Three", "--template", "other.md")
    assert (done.returncode, done.stdout) == (0, "three.md\n")
    assert "nothing binds the document to other" in done.stderr
    assert repository.read("three.md") == "# Three\n\n## Plan\n*Tell.*\n"


@pytest.mark.parametrize("glob", ["../outside/*.md", "docs/../../outside/*.md", "link/*.md"])
def test_no_glob_leads_out_of_the_repository(repository: Repository, glob: str) -> None:
    configured(repository, CONFIG.replace("docs/decisions/**/*.md", glob))
    outside = repository.path.parent / "outside"
    outside.mkdir()
    (repository.path / "link").symlink_to(outside)
    assert repository.new("Use queues") == "use-queues.md"
    assert not list(outside.iterdir())


def test_a_file_that_is_there_is_never_written_over(repository: Repository) -> None:
    repository.write("guest-checkout.md", "Mine.\n")
    (repository.path / "loose.md").symlink_to("nowhere.md")
    assert "guest-checkout.md is there already" in repository.refused("Guest checkout")
    assert "loose.md is there already" in repository.refused("Guest checkout", "--output", "loose.md")
    assert repository.read("guest-checkout.md") == "Mine.\n"


def test_without_a_noreply_address_the_sample_stays(repository: Repository) -> None:
    repository.git("config", "user.email", "mira@example.org")
    assert "| **Owner** | @user |" in repository.read(repository.new("Guest checkout"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Guest checkout", "--owner", "mira"), "'mira' is no handle; is @mira meant?"),
        (("Guest checkout", "--owner", "@mira, @jonas"), "is no handle"),
        (("Guest checkout", "--date", "2026-02-30"), "no day of the calendar"),
        (("Guest checkout", "--date", "2026-02-28"), "has no field for it"),
        (("Guest checkout", "--id", "ADR-0001"), "at least 3 digits, such as SPEC-042"),
        (
            ("ard", "--title", "Use queues"),
            "no template is called 'ard'; is adr meant? There are: adr, product-spec, rfc",
        ),
        (("x", "--template", "ard"), "no template and no file is called 'ard'"),
        (("x", "--template", "adr", "--title", "y"), "there are two, 'x' and 'y'"),
        ((" ",), "it is empty"),
        (("adr", "--title", "\x07"), "it is empty"),
        (("Guest checkout", "--output", ""), "a path is empty"),
        (("Guest checkout", "--output", ".git/config/x.md"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(repository: Repository, arguments: tuple[str, ...], said: str) -> None:
    assert said in repository.refused(*arguments)


def test_a_configuration_with_a_fault_begins_nothing(repository: Repository) -> None:
    configured(repository, CONFIG + "colour = 1\n")
    assert "mend the configuration first" in repository.refused("Use queues")


def test_the_help_shows_how() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spec_ls", "new", "--help"], capture_output=True, text=True, check=True
    )
    for example in ('spec-ls new "Guest checkout"', 'spec-ls new adr --title "Use queues"'):
        assert example in done.stdout
