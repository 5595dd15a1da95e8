"""The statuses that a document had, on real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest
from repository import Repository, alone

from spec_ls.git import Objects
from spec_ls.history import Histories, head_files
from spec_ls.outside import Outside
from spec_ls.past import lasts
from spec_ls.template import builtin
from spec_ls.workspace import Document

NAME = "docs/parcels 📦.md"
MIRA = "Mira Vogel <1234+mira@users.noreply.github.com>"


@pytest.fixture(autouse=True)
def only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


def spec(status: str, words: str = "Parcels come late.") -> str:
    metadata = f"| Field | Value |\n| --- | --- |\n| Spec ID | SPEC-007 |\n| Status | {status} |\n"
    return f"# Parcels\n\n{metadata}\n## 1. Context\n{words}\n"


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    """Draft, reviewed, touched, approved, touched."""
    made = Repository(tmp_path / "répo")
    made.init()
    made.save({NAME: spec("Draft")}, "2026-01-05")
    made.save({NAME: spec("Review")}, "2026-01-07", MIRA)
    made.save({NAME: spec("Review", "Parcels come late, or not at all.")}, "2026-01-08")
    made.save({NAME: spec("Approved", "Parcels come late, or not at all.")}, "2026-01-12", MIRA)
    made.save({NAME: spec("Approved", "Parcels never come.")}, "2026-02-02")
    return made


def told(made: Repository, name: str = NAME) -> list[tuple[str, str | None, str, str]]:
    """Status, the one before, day and author of each change."""
    found = Histories().changes(str(made.root / name), builtin(), 0)
    return [(one.status, one.before, f"{one.revision.at:%m-%d}", one.revision.author) for one in found]


STATUSES = [
    ("Approved", "Review", "01-12", "Mira Vogel"),
    ("Review", "Draft", "01-07", "Mira Vogel"),
    ("Draft", "", "01-05", "Ada"),
]


def test_each_status_has_a_day_and_an_author(made: Repository) -> None:
    assert told(made) == STATUSES
    histories = Histories()
    found = histories.changes(str(made.root / NAME), builtin(), 0)
    assert [one.revision.handle for one in found] == ["@mira", "@mira", ""]
    assert histories.source(str(made.root / NAME), found[0].revision.blob) == spec(
        "Approved", "Parcels come late, or not at all."
    )


def test_what_is_not_committed_is_no_change(made: Repository) -> None:
    made.write(NAME, spec("Done"))
    assert told(made) == STATUSES


def test_texts_are_read_whatever_becomes_of_the_process(made: Repository) -> None:
    names = {"large.md": "x" * 2_000_001, "bytes.md": "\0", "two\nlines 📦.md": "Words.\n"}
    made.save(names)
    (made.root / "bytes.md").write_bytes(b"\xff\xfe\xff")
    made.save({})
    objects = Objects(made.root)

    def text(name: str) -> str | None:
        found = objects.text(f"HEAD:{name}")
        assert found is None or found[0] == made.git("rev-parse", f"HEAD:{name}")
        return found[1] if found else "none"

    assert [text(name) for name in (*names, "nowhere.md", "docs")] == [None, None, "Words.\n", "none", "none"]
    process = objects._process
    assert process is not None
    process.kill()
    assert text("two\nlines 📦.md") == "Words.\n"
    process = objects._process
    objects.close()
    assert process is not None and process.poll() is not None
    assert Objects(made.root / "docs").text("") is None


def test_a_rename_goes_on(made: Repository) -> None:
    made.git("mv", NAME, "moved.md")
    made.save({}, "2026-02-03")
    assert told(made, "moved.md") == STATUSES


def test_a_document_that_took_the_name_of_another_has_its_own_past(made: Repository) -> None:
    made.git("mv", NAME, "moved.md")
    made.save({}, "2026-02-02")
    made.save({NAME: spec("Draft", "Something else entirely.") * 3}, "2026-02-03")
    assert told(made) == [("Draft", "", "02-03", "Ada")]
    assert told(made, "moved.md") == STATUSES


def test_a_branch_that_was_merged_tells_who_wrote_it(made: Repository) -> None:
    made.git("switch", "--quiet", "--create", "done")
    made.save({NAME: spec("Done", "Parcels never come.")}, "2026-02-10", MIRA)
    made.git("switch", "--quiet", "main")
    made.save({"other.md": "Words.\n"}, "2026-02-12")
    made.git("merge", "--quiet", "--no-edit", "done")
    assert told(made) == [("Done", "Approved", "02-10", "Mira Vogel"), *STATUSES]


def test_the_mailmap_is_honoured(made: Repository) -> None:
    made.write(".mailmap", "Mira Stern <7+stern@users.noreply.github.com> <1234+mira@users.noreply.github.com>\n")
    found = Histories().changes(str(made.root / NAME), builtin(), 0)
    assert [(one.revision.author, one.revision.handle) for one in found][:2] == [("Mira Stern", "@stern")] * 2


def test_behind_the_edge_of_a_shallow_clone_nothing_is_known(made: Repository, tmp_path: Path) -> None:
    def cloned(depth: int) -> list[tuple[str, str | None, str, str]]:
        made.git("clone", "--quiet", f"--depth={depth}", made.root.as_uri(), str(tmp_path / str(depth)))
        return told(Repository(tmp_path / str(depth)))

    assert [(status, before) for status, before, *_ in cloned(1)] == [("Approved", None)]
    assert cloned(3) == [STATUSES[0], ("Review", None, "01-08", "Ada")]


@pytest.mark.parametrize("when", ["@0 +0000", "@253402300799 -1200", "@99999999999999 +0000"])
def test_a_commit_may_say_anything_of_its_time(made: Repository, when: str) -> None:
    made.write(NAME, spec("Done"))
    given = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    made.git("commit", "--quiet", "--all", "--message", "Words", **given)
    document = Document(spec("Done"))
    document.know(Outside().known(str(made.root / NAME), builtin()))
    assert [move.status for move in document.spec.known.moves][:2] == ["Done", "Approved"]
    assert lasts(document.spec) and not document.judge.crashed


@pytest.mark.parametrize("state", ["worktree", "detached"])
def test_any_checkout_will_do(made: Repository, tmp_path: Path, state: str) -> None:
    made.git("worktree", "add", "--quiet", *(["--detach"] if state == "detached" else []), str(tmp_path / "tree"))
    assert told(Repository(tmp_path / "tree")) == STATUSES


def test_a_submodule_has_a_history_of_its_own(made: Repository, tmp_path: Path) -> None:
    outer = Repository(tmp_path / "outer")
    outer.init()
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", made.root.as_uri(), "inner")
    outer.save({}, "2026-03-01")
    assert told(Repository(outer.root / "inner")) == STATUSES


@pytest.mark.parametrize("state", ["no commit", "no repository", "not committed", "no git"])
def test_without_a_history_nothing_is_told(tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Repository(tmp_path / "inside")
    made.root.mkdir()
    if state != "no repository":
        made.init()
    if state in ("not committed", "no git"):
        made.save({"other.md" if state == "not committed" else NAME: spec("Draft")})
    made.write(NAME, spec("Draft"))
    if state == "no git":
        monkeypatch.setenv("PATH", "")
    assert told(made) == []


def test_an_answer_holds_until_another_commit(made: Repository) -> None:
    histories = Histories()
    path = str(made.root / NAME)

    def asked() -> list[str]:
        head = tuple(Path(file).read_bytes() for file in head_files(made.root) if Path(file).exists())
        return [one.status for one in histories.changes(path, builtin(), head)]

    assert asked() == ["Approved", "Review", "Draft"]
    made.save({NAME: spec("Killed")}, "2026-03-01")
    assert asked() == ["", "Approved", "Review", "Draft"]
    made.save({NAME: spec("Kill")}, "2026-03-02")
    assert asked() == ["Kill", "", "Approved", "Review", "Draft"]


def test_a_status_that_a_merge_alone_gave_is_that_of_the_merge(made: Repository) -> None:
    made.git("switch", "--quiet", "--create", "words", "HEAD~1")
    made.save({NAME: spec("Approved", "Parcels come on Mondays.")}, "2026-02-05", MIRA)
    made.git("switch", "--quiet", "main")
    made.git("merge", "--quiet", "--no-commit", "--strategy=ours", "words")
    made.save({NAME: spec("Building", "Parcels come on Tuesdays.")}, "2026-02-07")
    assert told(made) == [("Building", "Approved", "02-07", "Ada"), *STATUSES]


@pytest.mark.parametrize("first", ["02-03", "02-09"])
def test_who_wrote_words_on_another_branch_has_changed_no_status(made: Repository, first: str) -> None:
    """Both branches touch the document, and the merge puts them together."""
    made.git("switch", "--quiet", "--create", "words")
    made.save({NAME: spec("Approved", "Parcels never come.") + "\n## 2. Goals\nNone.\n"}, f"2026-{first}", MIRA)
    made.git("switch", "--quiet", "main")
    made.save({NAME: spec("Building", "Parcels never come.")}, "2026-02-05", MIRA)
    made.git("merge", "--quiet", "--no-edit", "words")
    assert told(made) == [("Building", "Approved", "02-05", "Mira Vogel"), *STATUSES]


def test_a_status_that_a_merge_has_not_taken_never_was(made: Repository) -> None:
    made.git("switch", "--quiet", "--create", "other")
    made.save({NAME: spec("Kill", "Parcels never come.")}, "2026-02-09", MIRA)
    made.git("switch", "--quiet", "main")
    made.save({NAME: spec("Building", "Parcels never come.")}, "2026-02-05")
    made.git("merge", "--quiet", "--no-edit", "--strategy=ours", "other")
    assert told(made) == [("Building", "Approved", "02-05", "Ada"), *STATUSES]
