"""Who owns which files, as hosts and teams write it down."""

from __future__ import annotations

from pathlib import Path

import pytest

from spec_ls.owners import CodeOwners, code_owners, folder_owners

HOSTED = """\
# Everyone first
*                 @org/everyone
*.md              @writer   # who reads all of them
/docs/            @docs-lead @org/docs
docs/*            @only-here
apps/             @apps
/build/logs/      @ops ops@example.org
**/specs/**       @größe
/docs/no\\ one/     @spaced
/docs/free/
!/docs/free/x.md  @never
"""


def owners_of(made: CodeOwners, path: str) -> list[str]:
    return [owner.handle for owner in made.of(path)]


@pytest.fixture
def hosted(tmp_path: Path) -> CodeOwners:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text(HOSTED, encoding="utf-8")
    (tmp_path / "CODEOWNERS").write_text("* @not-read\n", encoding="utf-8")
    return code_owners(tmp_path)


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("main.py", ["@org/everyone"]),
        ("README.md", ["@writer"]),
        ("docs/a.md", ["@only-here"]),
        ("docs/deep/a.md", ["@docs-lead", "@org/docs"]),
        ("other/docs/deep/a.md", ["@writer"]),
        ("x/apps/y/z.py", ["@apps"]),
        ("build/logs/a", ["@ops"]),
        ("x/build/logs/a", ["@org/everyone"]),
        ("a/specs/b/c.md", ["@größe"]),
        ("docs/no one/a.md", ["@spaced"]),
        ("docs/free/x.md", []),
    ],
)
def test_the_last_rule_that_covers_a_file_decides(hosted: CodeOwners, path: str, owners: list[str]) -> None:
    assert owners_of(hosted, path) == owners


def test_an_owner_has_a_place(hosted: CodeOwners) -> None:
    places = {owner.handle: owner.span for owner in hosted.owners}
    lines = HOSTED.splitlines()
    assert all(lines[span.start_line][span.start : span.end] == handle for handle, span in places.items())
    assert len(places) == 10


def test_each_section_of_gitlab_has_an_owner_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text(
        "* @all\n[Docs][2] @docs @org/docs\n*.md\n/docs/ @lead\n^[Ops]\n/docs/ops/ @ops\n", encoding="utf-8"
    )
    made = code_owners(tmp_path)
    assert owners_of(made, "a.md") == ["@all", "@docs", "@org/docs"]
    assert owners_of(made, "docs/a.md") == ["@all", "@lead"]
    assert owners_of(made, "docs/ops/a.md") == ["@all", "@lead", "@ops"]


def test_owners_files_name_people_and_groups(tmp_path: Path) -> None:
    (tmp_path / "OWNERS_ALIASES").write_text("aliases:\n  sig-docs:\n  - Mira\n  - jo\n", encoding="utf-8")
    (tmp_path / "OWNERS").write_text("approvers:\n- top\n", encoding="utf-8")
    folder = tmp_path / "docs" / "specs"
    folder.mkdir(parents=True)
    (tmp_path / "docs" / "OWNERS").write_text(
        "# who\nreviewers:\n  - sig-docs\n  - 'zoë' # new\napprovers: [sig-docs, ana]\nemeritus_approvers: [old]\n",
        encoding="utf-8",
    )
    found = folder_owners(tmp_path, str(folder / "a.md"))
    assert list(dict.fromkeys(owner.handle for owner in found)) == ["@Mira", "@jo", "@ana", "@zoë", "@top"]
    assert {owner.span.start_line for owner in found if owner.handle == "@zoë"} == {3}
    (folder / "OWNERS").write_text("options: {no_parent_owners: true}\nfilters:\n  '.*':\n    approvers: [only]\n")
    assert [owner.handle for owner in folder_owners(tmp_path, str(folder / "a.md"))] == ["@only"]
    assert folder_owners(tmp_path, str(tmp_path.parent / "outside.md")) == ()


@pytest.mark.parametrize(
    "source",
    ["ana@example.org\nset noparent\nper-file *.md=jo@example.org\n", "a: [\n", "- a\n", "&a [*a]\n", "reviewers: 7\n"],
)
def test_an_owners_file_of_another_kind_is_passed_over(tmp_path: Path, source: str) -> None:
    (tmp_path / "OWNERS").write_text(source, encoding="utf-8")
    assert folder_owners(tmp_path, str(tmp_path / "a.md")) == ()


def test_what_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    troubles: list[str] = []
    (tmp_path / "CODEOWNERS").write_bytes(b"* @\xff\n")
    (tmp_path / "OWNERS").symlink_to("/etc/hostname")
    assert not code_owners(tmp_path, troubles.append).owners
    assert folder_owners(tmp_path, str(tmp_path / "a.md"), troubles.append) == ()
    assert [trouble.split(": ", 1)[1][:24] for trouble in troubles] == [
        "is not UTF-8: byte 0xff ",
        "leads out of the reposit",
    ]
