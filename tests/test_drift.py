"""Templates change and old documents stay: on real repositories, through the command line and the server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from repository import Repository as AnyRepository
from repository import alone
from stdio import SERVER, Stdio

from spec_ls.drift import means_the_same
from spec_ls.history import head_files
from spec_ls.lsp import configuration
from spec_ls.resolver import Resolver
from spec_ls.template.read import read_template
from spec_ls.text import Edit, Span, apply_edits
from spec_ls.workspace import Document, Replacement

FIRST = "# [Title]\n\n- Status: Draft / Review / Approved\n- Owner: @user\n\n## Question\n\n## Answer\n"
SECOND = FIRST + "\n## Costs\n*What does it cost?*\n"
THIRD = SECOND + "\n## Rollback\n"
OLD = (
    "# Why so slow?\n\n- Status: Draft\n- Owner: @mira\n\n## Question\nWhy is it slow?\n\n## Answer\nIt reads twice.\n"
)
"""Right by the first version."""

CONFIG = '[templates.note]\npath = "templates/note.md"\nfiles = ["notes/**/*.md"]\nversions = "git"\n'
TODAY = CONFIG.replace('versions = "git"\n', "")
NOWHERE = os.devnull


@pytest.fixture(autouse=True)
def only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


class Repository(AnyRepository):
    """A team's repository."""

    def commit(self, **files: str) -> None:
        """Commits everything, after writing `files` below `notes/` (and the template as `template`)."""
        self.save(
            {"templates/note.md" if name == "template" else f"notes/{name}.md": text for name, text in files.items()}
        )

    def found(self, name: str) -> list[str]:
        """The messages of what is found in a document."""
        path = self.root / name
        document = Document(path.read_bytes().decode(), policy=Resolver().policy(str(path)))
        return [f"{one.rule}: {one.message}" for one in document.problems()]

    def check(self, *paths: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "spec_ls", "check", "--format", "json", *paths],
            cwd=self.root,
            capture_output=True,
            timeout=60,
        )
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A document of the first version of its template, which has a new section since."""
    made = Repository(tmp_path / "repository")
    made.root.mkdir()
    made.git("init", "--quiet", "--initial-branch=main")
    made.write(".spec-ls.toml", CONFIG)
    made.commit(template=FIRST)
    made.commit(old=OLD)
    made.commit(template=SECOND)
    return made


NEWS = ["outdated-template: The template has changed since: Costs is new."]
LACKS = ["missing-section: The section Costs is missing."]


# --- both doors -------------------------------------------------------------------------------


def test_an_old_document_is_silent_and_a_new_one_is_judged_by_today_s_template(repository: Repository) -> None:
    repository.commit(new=OLD)
    found = repository.check("notes")
    assert [(Path(one["path"]).name, one["rule"], one["severity"]) for one in found] == [
        ("new.md", "missing-section", "warning"),
        ("old.md", "outdated-template", "hint"),
    ]
    assert found[1]["message"] == "The template has changed since: Costs is new."
    assert found[1]["range"] == {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 14}}
    with Shown(repository) as server:
        for one in ("old", "new"):
            shown = server.open(f"notes/{one}.md")
            assert [found["message"] for found in shown] == [
                one_found["message"] for one_found in found if Path(one_found["path"]).name == f"{one}.md"
            ]


def test_the_fix_inserts_the_new_sections_and_touches_nothing_else(repository: Repository) -> None:
    repository.commit(template=THIRD)
    with Shown(repository) as server:
        (found,) = server.open("notes/old.md")
        assert found["message"] == "The template has changed since: Costs and Rollback are new."
        assert [one["title"] for one in server.actions("notes/old.md", only=["source.fixAll.spec-ls"])] == []
        action, *_ = server.actions("notes/old.md", only=["quickfix"])
        assert action["title"] == "Bring up to today's template" and not action.get("isPreferred")
        fixed = apply_edits(OLD, [_edit(one) for one in _edits(action)])
        assert fixed == OLD + "\n## Costs\n*What does it cost?*\n\n## Rollback\n"
        rules = [one["code"] for one in server.change("notes/old.md", fixed)]
        assert rules == ["leftover-guidance", "empty-section"]
    repository.write("notes/old.md", fixed)
    assert sorted(one["rule"] for one in repository.check("notes")) == sorted(rules)


class Shown(Stdio):
    """A server with the repository as its workspace."""

    def __init__(
        self, repository: Repository, command: Sequence[str] = SERVER, *, pulls: bool = False, **env: str
    ) -> None:
        super().__init__(command, env=env)
        self.root = repository.root
        said = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}
        self.initialize({"textDocument": said | ({"diagnostic": {}} if pulls else {})}, rootUri=self.root.as_uri())
        self.versions: dict[str, int] = {}

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str) -> list[Any]:
        """Opens a document; its first diagnostics."""
        text = (self.root / name).read_bytes().decode()
        self.versions[name] = 1
        item = {"uri": self.uri(name), "languageId": "markdown", "version": 1, "text": text}
        start = len(self.received)
        self.notify("textDocument/didOpen", {"textDocument": item})
        return self.diagnostics(name, start)

    def change(self, name: str, text: str) -> list[Any]:
        """Gives a document another text; its diagnostics."""
        self.versions[name] += 1
        document = {"uri": self.uri(name), "version": self.versions[name]}
        start = len(self.received)
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self.diagnostics(name, start)

    def diagnostics(self, name: str, start: int = 0) -> list[Any]:
        found: list[Any] = self.wait_for(
            lambda one: (
                one.get("method") == "textDocument/publishDiagnostics"
                and one["params"]["uri"] == self.uri(name)
                and one["params"]["version"] == self.versions[name]
            ),
            start=start,
        )["params"]["diagnostics"]
        return found

    def actions(self, name: str, only: list[str] | None = None) -> list[Any]:
        """What is offered at the title."""
        place = {"start": {"line": 0, "character": 3}, "end": {"line": 0, "character": 3}}
        context = {"diagnostics": [], **({"only": only} if only else {})}
        given = {"textDocument": {"uri": self.uri(name)}, "range": place, "context": context}
        answer: list[Any] = self.request("textDocument/codeAction", given)["result"]
        return answer


def _edits(action: Any) -> list[Any]:
    edit = action["edit"]
    if "changes" in edit:
        (edits,) = edit["changes"].values()
    else:
        (change,) = edit["documentChanges"]
        edits = change["edits"]
    return list(edits)


def _edit(one: Any) -> Edit:
    start, end = one["range"]["start"], one["range"]["end"]
    return Edit(Span(start["line"], start["character"], end["line"], end["character"]), one["newText"])


def test_a_commit_is_seen_by_a_running_server(repository: Repository) -> None:
    repository.write("notes/new.md", OLD)
    with Shown(repository) as server:
        assert [one["code"] for one in server.open("notes/new.md")] == ["missing-section"]
        repository.write("templates/note.md", FIRST)
        repository.commit()
        repository.commit(template=SECOND)
        start = len(server.received)
        server.notify("workspace/didChangeWatchedFiles", {"changes": []})
        assert [one["code"] for one in server.diagnostics("notes/new.md", start)] == ["outdated-template"]


SLOW = '#!/bin/sh\nsleep {seconds}\nexec {git} "$@"\n'


def _slow(tmp_path: Path, seconds: float) -> str:
    git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    program = tmp_path / "slow" / "git"
    program.parent.mkdir()
    program.write_text(SLOW.format(seconds=seconds, git=git), encoding="utf-8")
    program.chmod(0o755)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


def test_while_git_is_asked_nothing_is_published_and_nothing_waits(repository: Repository, tmp_path: Path) -> None:
    with Shown(repository, PATH=_slow(tmp_path, 0.4)) as server:
        name = "notes/old.md"
        server.versions[name] = 1
        item = {"uri": server.uri(name), "languageId": "markdown", "version": 1, "text": OLD}
        server.notify("textDocument/didOpen", {"textDocument": item})
        before = time.monotonic()
        assert server.request("textDocument/documentSymbol", {"textDocument": {"uri": server.uri(name)}})["result"]
        assert server.actions(name) is None
        assert not [one for one in server.received if one.get("method") == "textDocument/publishDiagnostics"]
        assert time.monotonic() - before < 1.6
        assert [one["code"] for one in server.diagnostics(name)] == ["outdated-template"]


def test_what_is_pulled_while_git_is_asked_waits_for_it(repository: Repository, tmp_path: Path) -> None:
    with Shown(repository, PATH=_slow(tmp_path, 0.1), pulls=True) as server:
        uri = server.uri("notes/old.md")
        item = {"uri": uri, "languageId": "markdown", "version": 1, "text": OLD}
        server.notify("textDocument/didOpen", {"textDocument": item})
        report = server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]
        assert [one["code"] for one in report["items"]] == ["outdated-template"]


def test_today_s_template_stands_in_for_a_git_that_takes_too_long(repository: Repository, tmp_path: Path) -> None:
    assert configuration._HISTORY_SECONDS == 3.0
    sooner = "from spec_ls.lsp import configuration as c; c._HISTORY_SECONDS = 0.3"
    command = [sys.executable, "-c", f"{sooner}; from spec_ls.lsp.server import serve; serve()"]
    with Shown(repository, command, PATH=_slow(tmp_path, 0.2)) as server:
        assert [one["code"] for one in server.open("notes/old.md")] == ["missing-section"]
        start = len(server.received)
        assert [one["code"] for one in server.diagnostics("notes/old.md", start)] == ["outdated-template"]


# --- what git tells ---------------------------------------------------------------------------


def test_by_default_today_s_template_judges(repository: Repository) -> None:
    repository.write(".spec-ls.toml", TODAY)
    assert repository.found("notes/old.md") == LACKS


def test_what_is_not_committed_is_judged_by_today_s(repository: Repository) -> None:
    repository.write("notes/new.md", OLD)
    assert repository.found("notes/new.md") == LACKS
    repository.write("templates/note.md", THIRD)
    assert repository.found("notes/old.md") == [
        "outdated-template: The template has changed since: Costs and Rollback are new."
    ]


@pytest.mark.parametrize(
    "name",
    ["notes/ex port.md", 'notes/a "b".md', "notes/größe/日本.md", "notes/a\nb.md", "notes/-x.md", "notes/:(top)x.md"],
)
def test_a_renamed_document_is_as_old_as_it_was(repository: Repository, name: str) -> None:
    (repository.root / name).parent.mkdir(exist_ok=True)
    repository.git("mv", "notes/old.md", "notes/between.md")
    repository.commit()
    repository.git("mv", "--", "notes/between.md", name)
    repository.commit()
    assert repository.found(name) == NEWS
    repository.commit(old=OLD)
    assert repository.found("notes/old.md") == LACKS


@pytest.mark.parametrize("name", ["moved.md", 'the note\'s "template".md', "größe/vorlage.md", "a\nb.md", "note.txt"])
def test_a_renamed_template_has_its_old_versions(repository: Repository, name: str) -> None:
    (repository.root / "templates" / name).parent.mkdir(exist_ok=True)
    repository.git("mv", "templates/note.md", f"templates/{name}")
    repository.write(".spec-ls.toml", CONFIG.replace('"templates/note.md"', json.dumps(f"templates/{name}")))
    repository.commit()
    known = NEWS if name.endswith(".md") else LACKS  # what was no Markdown is not followed
    assert repository.found("notes/old.md") == known


def test_a_document_older_than_the_template_is_judged_by_its_first_version(tmp_path: Path) -> None:
    made = Repository(tmp_path)
    made.git("init", "--quiet")
    made.write(".spec-ls.toml", CONFIG)
    made.commit(old=OLD)
    made.commit(template=FIRST)
    made.commit(template=SECOND)
    assert made.found("notes/old.md") == NEWS


def test_a_branch_has_the_template_that_it_left_with(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "branch", "HEAD~1")
    repository.commit(branched=OLD.replace("slow", "late"))
    assert repository.found("notes/branched.md") == []
    repository.git("switch", "--quiet", "main")
    repository.commit(other=OLD.replace("slow", "dull"))
    repository.git("merge", "--quiet", "--no-edit", "branch")
    assert repository.found("notes/branched.md") == NEWS
    assert repository.found("notes/other.md") == LACKS
    repository.git("switch", "--quiet", "--detach")
    assert repository.found("notes/branched.md") == NEWS


def test_a_document_that_was_taken_away_and_added_again_is_new(repository: Repository) -> None:
    repository.git("rm", "--quiet", "notes/old.md")
    repository.commit()
    repository.write("notes/old.md", OLD)
    assert repository.found("notes/old.md") == LACKS
    repository.commit()
    assert repository.found("notes/old.md") == LACKS


def test_a_worktree_is_a_repository_too(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "tree"))
    tree = Repository(tmp_path / "tree")
    assert tree.found("notes/old.md") == NEWS
    before = [os.path.exists(file) and Path(file).read_bytes() for file in head_files(tree.root)]
    tree.commit(new=OLD)
    assert before != [os.path.exists(file) and Path(file).read_bytes() for file in head_files(tree.root)]


def test_behind_the_edge_of_a_shallow_clone_nothing_is_known(repository: Repository, tmp_path: Path) -> None:
    repository.commit(new=OLD.replace("slow", "late"))
    repository.commit(template=THIRD)
    repository.git("clone", "--quiet", "--depth=2", repository.root.as_uri(), str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    both = ["missing-section: The section Costs is missing.", "missing-section: The section Rollback is missing."]
    assert clone.found("notes/old.md") == both
    assert clone.found("notes/new.md") == both
    clone.git("fetch", "--quiet", "--deepen=1")
    assert clone.found("notes/new.md") == [
        "outdated-template: The template has changed since: Rollback is new.",
        "missing-section: The section Costs is missing.",
    ]


@pytest.mark.parametrize("state", ["no git", "no commit", "no repository", "no folder of git", "another's folder"])
def test_without_a_history_today_s_template_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    made = Repository(tmp_path / "inside")
    made.root.mkdir()
    if state == "another's folder":
        Repository(tmp_path).git("init", "--quiet")
    if state in ("no folder of git", "another's folder"):
        (made.root / ".git").mkdir()
    if state in ("no git", "no commit"):
        made.git("init", "--quiet")
    made.write(".spec-ls.toml", CONFIG)
    made.write("templates/note.md", SECOND)
    made.write("notes/old.md", OLD)
    if state == "no git":
        made.commit()
        monkeypatch.setenv("PATH", "")
    assert made.found("notes/old.md") == LACKS


def test_settings_of_the_user_change_nothing(repository: Repository) -> None:
    for name, value in {
        "log.showRoot": "false",
        "diff.relative": "true",
        "diff.renames": "false",
        "log.follow": "true",
        "color.ui": "always",
        "diff.external": "false",
        "log.decorate": "full",
        "diff.noprefix": "true",
        "core.quotePath": "true",
        "log.showSignature": "true",
        "format.pretty": "oneline",
        "log.diffMerges": "combined",
        "diff.orderFile": "nowhere",
    }.items():
        repository.git("config", name, value)
    if os.path.exists(repository.root / "nowhere"):
        raise AssertionError
    (repository.root / "nowhere").write_text("*.txt\n", encoding="utf-8")
    repository.git("mv", "notes/old.md", "notes/moved.md")
    repository.commit()
    assert repository.found("notes/moved.md") == NEWS


def test_git_is_asked_a_few_times_however_many_documents_there_are(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    run = subprocess.run

    def counted(command: Any, **given: Any) -> Any:
        asked.append(command)
        return run(command, **given)

    repository.commit(**{f"note{number}": OLD.replace("slow", f"slow {number}") for number in range(20)})
    repository.commit(template=THIRD)
    resolver = Resolver()
    monkeypatch.setattr(subprocess, "run", counted)
    bound = set()
    for path in sorted((repository.root / "notes").glob("*.md")):
        document = Document(path.read_text(encoding="utf-8"), policy=resolver.policy(str(path)))
        assert document.spec.newer is not None
        bound.add(id(document.spec.template))
    assert len(asked) == 5
    assert len(bound) == 2


# --- versions that are named ------------------------------------------------------------------


@pytest.fixture
def numbered(tmp_path: Path) -> Repository:
    """Three versions of a template, of which the second was written twice."""
    made = Repository(tmp_path)
    made.git("init", "--quiet")
    made.write(".spec-ls.toml", TODAY)
    for version, text in (("1", FIRST), ("2", FIRST + "\n## Odds\n"), ("2", SECOND), ("3", THIRD)):
        made.commit(template=f"<!-- spec-ls: template-version {version} -->\n{text}")
    return made


@pytest.mark.parametrize(
    "word",
    [
        "<!-- spec-ls: template-version=2 -->\n",
        "<!-- spec-ls: template=note; template-version: 2 -->\n",
        '---\ntemplate-version: "2" # of the template\n---\n',
        "<!-- spec-ls:\ntemplate-version 2\n-->\n",
    ],
)
def test_a_document_names_its_version(numbered: Repository, word: str) -> None:
    numbered.write("notes/old.md", word + OLD)
    assert numbered.found("notes/old.md") == [
        "outdated-template: The template has changed since version 2: Rollback is new.",
        *LACKS,
    ]
    with Shown(numbered) as server:
        server.open("notes/old.md")
        title = word.count("\n")
        place = {"start": {"line": title, "character": 3}, "end": {"line": title, "character": 3}}
        given = {"textDocument": {"uri": server.uri("notes/old.md")}, "range": place, "context": {"diagnostics": []}}
        offered = server.request("textDocument/codeAction", given)["result"]
        (action,) = [one for one in offered if one["title"] == "Bring up to today's template"]
        fixed = apply_edits(word + OLD, [_edit(one) for one in _edits(action)])
    assert fixed == word.replace("2", "3") + OLD + "\n## Costs\n*What does it cost?*\n\n## Rollback\n"
    numbered.write("notes/old.md", fixed)
    assert not [one for one in numbered.found("notes/old.md") if "outdated" in one]


@pytest.mark.parametrize(("version", "lacks"), [("3", 2), ("4", 2), ("", 2), ("1", 0)])
def test_a_version_that_is_not_known_is_today_s(numbered: Repository, version: str, lacks: int) -> None:
    word = f"<!-- spec-ls: template-version={version} -->\n" if version else ""
    numbered.write("notes/old.md", word + OLD)
    assert len([one for one in numbered.found("notes/old.md") if one.startswith("missing-section")]) == lacks


def test_the_word_goes_before_the_commit(numbered: Repository) -> None:
    numbered.write(".spec-ls.toml", CONFIG)
    numbered.commit(new="<!-- spec-ls: template-version=1 -->\n" + OLD)
    assert numbered.found("notes/new.md") == [
        "outdated-template: The template has changed since version 1: Costs and Rollback are new."
    ]


# --- a document that is typed in --------------------------------------------------------------


@pytest.fixture
def typed(repository: Repository) -> Iterator[Document]:
    path = repository.root / "notes" / "old.md"
    yield Document(OLD, policy=Resolver().policy(str(path)))


def test_findings_stay_those_of_a_fresh_document(typed: Document) -> None:
    """What an edit does to today's sections is seen, though it is nothing to those of the document's own template."""

    def told(document: Document) -> list[tuple[str, str]]:
        return [(one.rule, one.message) for one in document.problems()]

    end = typed.text.end
    for words in ("\n## C", "o", "s", "t", "s", "\nMuch.\n", "**Costs**\n", "```\n", "x"):
        typed.change(Replacement(Span(*end, *end), words))
        end = typed.text.end
        assert told(typed) == told(Document(typed.text.source, policy=typed.policy)), words
    for words in ("\n# No", "\n## Answer\n", "<!-- spec-ls: template-version=7 -->\n"):
        typed.change(Replacement(Span(0, 0, 0, 0), words))
        assert told(typed) == told(Document(typed.text.source, policy=typed.policy)), words


def test_what_means_the_same_is_no_change() -> None:
    one = read_template(FIRST, "note")
    assert means_the_same(one, read_template("<!-- spec-ls: template-version 2 -->\n" + FIRST, "note"))
    assert not means_the_same(one, read_template(SECOND, "note"))
    assert not means_the_same(one, read_template(re.sub("Approved", "Agreed", FIRST), "note"))
