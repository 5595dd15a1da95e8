"""Old documents are taken over as they are: the baseline starts silent, shrinks by itself and never grows unasked."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from command import spec_ls
from repository import Repository, alone
from test_configuration import CONFIG, NOTE, TEMPLATE, Folder, Shown, codes
from test_doors import CORPORA, ROOT, SETS

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


def test_what_is_missing_stays_known_when_its_heading_is_renamed(folder: Folder) -> None:
    folder.run("adopt")
    before = (folder.path / BASELINE).read_bytes()
    folder.write("notes/a.md", NOTE.replace("## Question", "## Questio"))
    assert folder.check("notes") == [("misnamed-section", "warning")]
    assert (folder.path / BASELINE).read_bytes() == before
    with Shown(folder) as server:
        server.open("notes/a.md")
        assert codes(server.diagnostics("notes/a.md", bool)) == ["misnamed-section"]


def test_the_same_below_another_heading_speaks_where_the_first_is_still_there(folder: Folder) -> None:
    template = TEMPLATE.replace("## Answer\n", "## Answer\n- **Cost**: e.g. 3\n\n### Part 1: …\n- **Size**: e.g. 4\n")
    folder.write("templates/note.md", template)
    parts = ["### Part 1: Reads\n- **Wanted**: x", "### Part 2: Writes\n- **Size**: 3\n"]
    text = NOTE + "\n## Answer\n- **Cost**: 3\n\n"
    folder.write("notes/a.md", text + "\n\n".join(parts))
    folder.run("adopt")
    assert known(folder)["notes/a.md"] == ["missing-item"]
    swapped = [parts[0].replace("Wanted", "Size"), parts[1].replace("Size", "Wanted")]
    folder.write("notes/a.md", text + "\n\n".join(swapped))
    assert folder.check("notes/a.md") == [("missing-item", "warning")]


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


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository of old specs: one was changed after its approval, depends on a draft, names nobody of the team and
    a spec that is not there, and has the identifier of another."""
    alone(monkeypatch)
    made = Repository(tmp_path / "old")
    made.init()
    made.save({"CODEOWNERS": "* @mira @jonas\n"})
    approved = old_spec("001", "Approved", "stranger", "Queues help.", "SPEC-002, SPEC-009")
    made.save({"docs/a.md": approved, "docs/b.md": old_spec("002", "Draft", "mira")})
    made.save({"docs/c.md": old_spec("001", "Draft", "jonas")})
    made.save({"docs/a.md": approved.replace("Queues help", "Queues hurt")})
    return made


def old_spec(number: str, status: str, owner: str, words: str = "Ours.", need: str = "None") -> str:
    return f"""\
# Queues

| Field | Value |
| --- | --- |
| Spec ID | SPEC-{number} |
| Status | {status} |
| Owner | @{owner} |

## 1. Context
{words}

## 4. Technical Design

### Dependencies
{need}
"""


WORLD = {"duplicate-id", "premature-status", "stale-approval", "unknown-handle", "unknown-spec"}


def test_what_history_people_and_other_specs_say_is_taken_over(old: Repository) -> None:
    folder = Folder(old.root)
    assert {rule for rule, _ in folder.check("docs")} >= WORLD
    assert folder.run("adopt", "docs").returncode == 0
    old.save({})
    assert folder.check("docs") == []
    with Shown(folder) as server:
        server.open("docs/a.md")
        assert server.diagnostics("docs/a.md", lambda _: True) == []
    old.save({"docs/b.md": old_spec("002", "Draft", "nobody")})
    assert folder.check("docs") == [("unknown-handle", "warning")]


def test_where_history_is_not_known_nothing_of_it_is_taken_out(old: Repository, tmp_path: Path) -> None:
    Folder(old.root).run("adopt", "docs")
    old.save({})
    shallow = Folder(tmp_path / "shallow")
    old.git("clone", "--quiet", "--depth", "1", old.root.as_uri(), str(shallow.path))
    assert shallow.check("docs") == []
    assert "stale-approval" in known(shallow)["docs/a.md"]
    Folder(old.root).write("docs/a.md", old_spec("001", "Draft", "stranger"))
    Folder(old.root).check("docs")
    assert "stale-approval" not in known(Folder(old.root))["docs/a.md"]


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


# --- the README's recipe


OLD_NOTES = {
    "queues.md": "# Queues\n\n- Status: Opne\n- Owner: mira\n\n## Question\nWhich?\n",
    "2019/slow.md": NOTE.replace("## Question", "## 1. Question") + "\n## Sources\n[gone](gone.md)\n",
    "2020/done.md": NOTE.replace("Open", "Closed") + "\n## Answer\n\n## Answer\nThe cache.\n",
}


@pytest.mark.parametrize("name", ["ours", *SETS])
def test_the_readme_leads_an_old_repository_to_a_gate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipe is followed to the letter; only the documents are put where it says that they are."""
    recipe = (
        (ROOT / "README.md").read_text("utf-8").partition("<!-- adoption -->\n")[2].partition("<!-- /adoption -->")[0]
    )
    blocks = dict(re.findall(r"^```(toml|console)\n(.*?)^```$", recipe, re.M | re.S))
    commands = [shlex.split(line.removeprefix("$ spec-ls ")) for line in blocks["console"].splitlines()]
    gate = commands[-1]
    assert gate[0] == "check" and len(commands) == 4

    alone(monkeypatch)
    made, folder = Repository(tmp_path), Folder(tmp_path)
    made.init()
    documents = old_documents(name)
    made.save({**documents, ".spec-ls.toml": blocks["toml"]})
    assert folder.run(*gate).returncode == 1, "there is something to take over"
    for command in commands:
        done = folder.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    made.save({})
    assert folder.check("docs") == [], "nothing speaks, whatever its weight"
    for path, old, new in one_fault(documents):
        folder.write(path, documents[path].replace(old, new, 1))
        done = folder.run(*gate)
        assert done.returncode == 1 and path in done.stdout, done.stdout
        folder.write(path, documents[path])
    assert folder.run(*gate).returncode == 0
    assert made.git("status", "--porcelain") == "", "the baseline is as it was committed"


def old_documents(name: str) -> dict[str, str]:
    """The documents of a set and their template, by the paths that the recipe has for them."""
    if name == "ours":
        return {"docs/templates/spec.md": TEMPLATE} | {f"docs/specs/{path}": text for path, text in OLD_NOTES.items()}
    if not CORPORA.is_dir():
        pytest.skip("the document sets are not there")
    template, _ = SETS[name]
    texts = {
        path.relative_to(CORPORA / name).as_posix(): path.read_bytes().decode()
        for path in (CORPORA / name).rglob("*.md")
    }
    found = {"docs/templates/spec.md": texts.pop(template)}
    return found | {f"docs/specs/{path}": text for path, text in texts.items()}


def one_fault(documents: dict[str, str]) -> list[tuple[str, str, str]]:
    """For up to three documents a heading of their template, and the same with a letter less."""
    headings = re.findall(r"^## .*\w$", documents["docs/templates/spec.md"], re.M)
    found = [
        (path, f"\n{heading}\n", f"\n{heading[:-1]}\n")
        for path, text in documents.items()
        for heading in [one for one in headings if "/specs/" in path and f"\n{one}\n" in text][:1]
    ]
    assert found
    return found[:3]
