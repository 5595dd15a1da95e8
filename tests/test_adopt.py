"""Old documents are taken over as they are: the baseline starts silent, shrinks by itself and never grows unasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command import spec_ls
from test_configuration import CONFIG, NOTE, TEMPLATE, Folder, Shown, codes

from spec_ls.baseline import BrokenBaseline, read_baseline, write_baseline

BASELINE = ".spec-ls-baseline.json"
WORSE = NOTE.replace("Status: Open", "Status: Ope")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("templates/note.md", TEMPLATE)
    made.write(".spec-ls.toml", CONFIG)
    for name in ("a", "b", "old/c"):
        made.write(f"notes/{name}.md", NOTE)
    return made


def known(folder: Folder) -> dict[str, list[str]]:
    """The rules that the baseline has for each document."""
    documents = json.loads((folder.path / BASELINE).read_text(encoding="utf-8"))["documents"]
    return {name: sorted(found) for name, found in documents.items()}


def test_adopted_documents_are_silent_through_both_doors(folder: Folder) -> None:
    assert folder.check("notes") == [("missing-section", "warning")] * 2
    done = folder.run("adopt")
    assert (done.returncode, done.stdout) == (0, f"{BASELINE}: 2 findings in 2 specs\n")
    assert known(folder) == {"notes/a.md": ["missing-section"], "notes/b.md": ["missing-section"]}
    assert folder.check("notes") == []
    with Shown(folder) as server:
        server.open("notes/a.md")
        assert server.diagnostics("notes/a.md", lambda _: True) == []


def test_a_new_fault_speaks(folder: Folder) -> None:
    folder.run("adopt")
    folder.write("notes/a.md", WORSE)
    assert folder.check("notes") == [("invalid-choice", "error")]
    with Shown(folder) as server:
        server.open("notes/a.md")
        assert codes(server.diagnostics("notes/a.md", bool)) == ["invalid-choice"]


def test_moved_lines_are_known_again(folder: Folder) -> None:
    folder.run("adopt")
    folder.write("notes/a.md", NOTE.replace("# Why so slow?", "# Why so slow?\n\nA word before.\n\nAnother."))
    assert folder.check("notes") == []


def test_one_more_of_a_kind_speaks(folder: Folder) -> None:
    folder.write("templates/note.md", TEMPLATE + "\n## More\n- [ ] Point 1\n")
    text = NOTE + "\n## Answer\nx\n\n## More\n- [ ] Point 1\n"
    folder.write("notes/a.md", text)
    folder.run("adopt", "notes/a.md")
    assert folder.check("notes/a.md") == []
    folder.write("notes/a.md", text + "- [ ] Point 1\n")
    assert folder.check("notes/a.md") == [("sample-text", "hint")]


def test_the_baseline_shrinks_by_itself_and_does_not_grow(folder: Folder) -> None:
    folder.run("adopt")
    folder.write("notes/a.md", NOTE + "\n## Answer\nThe cache.\n")
    folder.write("notes/b.md", WORSE)
    done = folder.run("check", "notes")
    assert "1 finding mended and taken out" in done.stderr
    assert known(folder) == {"notes/b.md": ["missing-section"]}
    folder.write("notes/a.md", NOTE)
    assert folder.check("notes/a.md") == [("missing-section", "warning")]
    (folder.path / "notes" / "b.md").unlink()
    folder.check("notes")
    assert known(folder) == {}


def test_a_look_alone_writes_nothing(folder: Folder) -> None:
    folder.run("adopt")
    before = (folder.path / BASELINE).read_bytes()
    folder.write("notes/a.md", NOTE + "\n## Answer\nThe cache.\n")
    folder.run("check", "--diff", "notes")
    folder.run("check", "--template", "note", "notes")
    folder.run("check", "notes/b.md")
    folder.run("check", "--max-bytes", "10", "notes")
    spec_ls("check", "-", "--stdin-filename", "notes/a.md", folder=folder.path, stdin=NOTE.encode())
    assert (folder.path / BASELINE).read_bytes() == before


def test_adopting_again_is_for_the_files_named(folder: Folder) -> None:
    folder.run("adopt")
    folder.write("notes/a.md", WORSE)
    folder.run("adopt", "notes/a.md")
    assert known(folder) == {"notes/a.md": ["invalid-choice", "missing-section"], "notes/b.md": ["missing-section"]}


def test_without_a_configuration_it_stands_at_the_top_of_the_repository(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    (tmp_path / ".git").mkdir()
    draft = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
    folder.write("docs/a.md", draft.replace("| Draft |", "| Dratf |"))
    assert folder.run("adopt", "docs").returncode == 0
    assert known(folder) == {"docs/a.md": ["invalid-choice"]}
    assert folder.check("docs") == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2, "documents": {}}', '{"version": 1, "documents": 3}']
)
def test_a_broken_baseline_says_so(folder: Folder, content: str) -> None:
    folder.write(BASELINE, content or " ")
    done = folder.run("check", "notes")
    assert done.returncode == 2
    assert f"{BASELINE}:1:1: The baseline is not in force" in done.stderr
    assert "write it anew with spec-ls adopt" in done.stderr
    assert folder.run("adopt").returncode == 0
    assert folder.check("notes") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nowhere.md"], "no such file"), (["templates"], "nothing was adopted")],
)
def test_what_cannot_be_adopted_is_named(folder: Folder, arguments: list[str], words: str) -> None:
    done = folder.run("adopt", *arguments)
    assert done.returncode == 2 and words in done.stderr
    assert not (folder.path / BASELINE).exists()


def test_what_is_written_is_read() -> None:
    known = {"a\udcff.md": {("missing-section", "The section “Wärme” is missing. | x"): 2, ("empty-field", "ü"): 1}}
    written = write_baseline(known).encode()  # a file's name may be no UTF-8
    assert read_baseline(written.decode()) == known
    with pytest.raises(BrokenBaseline):
        read_baseline("null")
