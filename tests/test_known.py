"""What the world around a document says, on real repositories: the editor and the command line tell the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from repository import Repository, alone
from stdio import Stdio

from spec_ls.history import Histories
from spec_ls.known import Known, Move
from spec_ls.lsp.client import Client
from spec_ls.lsp.convert import diagnostic_json
from spec_ls.outside import Outside
from spec_ls.past import Said, changes, section_words, sections
from spec_ls.template import builtin
from spec_ls.workspace import Document

APPROVED = (Path(__file__).parent / "cases" / "bases" / "approved.md").read_text("utf-8")
"""Its target date is 2026-12-01."""
REVIEW = (Path(__file__).parent / "cases" / "bases" / "review.md").read_text("utf-8")
SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}


@pytest.fixture(autouse=True)
def only_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "répo")
    made.init()
    return made


def shown(found: list[dict[str, Any]]) -> list[Any]:
    return [(one["code"], one["severity"], one["message"], one["range"]) for one in found]


def printed(root: Path, now: str) -> dict[str, list[Any]]:
    """What `spec-ls check` says of all files, as an editor is told, by their names."""
    command = [sys.executable, "-m", "spec_ls", "check", "--format", "json", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=60, env=at(now))
    found: dict[str, list[Any]] = {}
    for one in json.loads(done.stdout):
        told = one["rule"], SEVERITIES[one["severity"]], one["message"], one["range"]
        found.setdefault(Path(one["path"]).name, []).append(told)
    return found


def at(now: str) -> dict[str, str]:
    return {**os.environ, "SPEC_LS_NOW": now, "PYTHONUTF8": "1"}


def started(root: Path, now: str, capabilities: dict[str, Any]) -> Stdio:
    """A server process whose day and hour are others."""
    server = Stdio(env=at(now))
    server.initialize({"general": {"positionEncodings": ["utf-16"]}, **capabilities}, rootUri=root.as_uri())
    server.notify("initialized", {})
    return server


def test_what_time_and_commits_bring_is_told_without_a_keystroke(made: Repository) -> None:
    """A second before midnight a review is over; then the day ends; then a status that had no day is committed."""
    made.save({"c.md": REVIEW.replace("| Review |", "| Draft |")}, "2026-11-01")
    made.write("b 📦.md", REVIEW)
    made.git("add", "b 📦.md")
    made.git("commit", "--quiet", "--message", "Words", GIT_AUTHOR_DATE="2026-11-29T23:59:59")
    made.write("a.md", APPROVED)
    made.write("c.md", REVIEW)
    paths = [made.root / name for name in ("a.md", "b 📦.md", "c.md")]
    with started(made.root, "2026-12-01T23:59:58.3", {"workspace": {"codeLens": {"refreshSupport": True}}}) as server:

        def told(words: str) -> dict[str, Any]:
            found = server.wait_for(
                lambda message: "diagnostics" in message.get("params", ()) and words in str(message)
            )
            params: dict[str, Any] = found["params"]
            return params

        for path in paths:
            item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": path.read_text("utf-8")}
            server.notify("textDocument/didOpen", {"textDocument": item})
            assert told(path.as_uri())["diagnostics"] == []
        assert told("In review since 2026-11-29 by Ada")["uri"] == paths[1].as_uri()
        assert told("Target Date has passed, and the status is still Approved.")["uri"] == paths[0].as_uri()
        server.wait_for(lambda message: message.get("method") == "workspace/codeLens/refresh")
        long = APPROVED.replace("| Approved |", "| Building |") + "and so on " * 11_000
        item = {"uri": paths[0].as_uri(), "version": 2}
        server.notify("textDocument/didChange", {"textDocument": item, "contentChanges": [{"text": long}]})
        assert told("still Building")["version"] == 2, "what is known holds for a text that is read aside"
        made.save({}, "2026-11-02", "Noor Berg <noor@example.org>")
        server.notify("textDocument/didSave", {"textDocument": {"uri": paths[2].as_uri()}})
        assert told("In review since 2026-11-02 by Noor Berg")["uri"] == paths[2].as_uri()


def test_the_command_line_tells_the_same_and_so_do_specs_that_are_not_open(made: Repository) -> None:
    made.save({"a.md": REVIEW, "docs/b.md": APPROVED}, "2026-03-03")
    capabilities = {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {}}}
    with started(made.root, "2026-12-24", capabilities) as server:
        found = server.request("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
    told = {Path(one["uri"]).name: shown(one["items"]) for one in found}
    assert told == printed(made.root, "2026-12-24")
    assert [one[0] for found in told.values() for one in found] == ["overdue-review", "overdue-target"]


# --- what was approved


WORDS = "Flatmates order together and send each other screenshots of their baskets."


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_what_is_still_as_it_was_approved_is_not_asked_of_git(
    made: Repository, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    shutil.rmtree(made.root / ".git")
    made.git("init", "-q", f"--object-format={form}")
    made.save({"📦.md": APPROVED.replace("| Approved |", "| Review |")})
    made.save({"📦.md": APPROVED}, "2026-03-02")
    asked: list[str] = []
    source = Histories.source
    monkeypatch.setattr(Histories, "source", lambda *given: (asked.append(given[2]), source(*given))[1])
    path = str(made.root / "📦.md")
    for text, times in ((APPROVED, 1), (APPROVED.replace(WORDS, "Less."), 2)):
        asked.clear()
        document = Document(text)
        wanted = Outside().known(path, document.spec.template)
        found = Outside().known(path, document.spec.template, document.spec)
        assert found.approved == wanted.approved and wanted.approved and len(asked) == times


def test_what_has_changed_since_the_approval_stands_beside_it(made: Repository) -> None:
    """The text of the approving commit counts, later commits do not; what is not committed counts as today."""
    made.save({"📦.md": APPROVED.replace("| Approved |", "| Review |").replace("two pilot cities", "one city")})
    made.save({"📦.md": APPROVED}, "2026-03-02", "Jo <1+jonas@users.noreply.github.com>")
    later = APPROVED.replace("| Approved |", "| Building |").replace("two pilot cities", "𝔪 three cities")
    made.save({"📦.md": later}, "2026-03-03")
    document = Document(later.replace(WORDS, "Flatmates order together. 🚀"))
    document.know(Outside().known(str(made.root / "📦.md"), document.spec.template))
    problems = [one for one in document.problems() if one.rule == "stale-approval"]
    said = "This section has changed since it was approved on 2026-03-02 by @jonas."
    assert [(one.span.start_line, one.severity, one.message) for one in problems] == [
        (11, "information", said),
        (50, "information", said),
    ]
    cohorts = "Cohorts: two pilot cities first", "Cohorts: 𝔪 three cities first"
    for encoding, units in {"utf-8": 4, "utf-16": 2, "utf-32": 1}.items():
        client = Client(encoding=encoding, related_information=True)
        told = [diagnostic_json("file:///a", document.spec, one, client)["relatedInformation"] for one in problems]
        assert [(one["message"], one["location"]["range"]) for (one,) in told] == [
            (f"Before: {WORDS} · Now: Flatmates order together. 🚀", line(12, 26 + units)),
            (f"Before: {cohorts[0]} · Now: {cohorts[1]}", line(52, 34 + units)),
        ]


CHECKOUTS = ["branch", "renamed", "worktree", "detached", "submodule", "merged"]


@pytest.mark.parametrize("state", [*CHECKOUTS, "edge", "renamed only here", "no commit", "no repository", "no git"])
def test_in_any_checkout_it_is_right_or_silent(
    made: Repository, tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.save({"a.md": APPROVED.replace("| Approved |", "| Draft |")}, "2026-03-01")
    approving = made.save({"a.md": APPROVED.replace(WORDS, "Other words.")}, "2026-03-02")
    made.save({"a.md": APPROVED}, "2026-03-03")
    path = made.root / "a.md"
    if state == "branch":
        made.git("switch", "--quiet", "--orphan", "other")
        made.save({"a.md": APPROVED}, "2026-03-04")
        made.git("switch", "--quiet", "main")
    elif state.startswith("renamed"):
        path = made.root / "b 📦.md"
        made.git("mv", "a.md", path.name)
        if state == "renamed":
            made.save({}, "2026-03-04")
    elif state in ("worktree", "detached"):
        made.git("worktree", "add", "--quiet", *(["--detach"] if state == "detached" else []), str(tmp_path / "tree"))
        path = tmp_path / "tree" / "a.md"
    elif state == "submodule":
        outer = Repository(tmp_path / "outer")
        outer.init()
        outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", made.root.as_uri(), "inner")
        path = outer.root / "inner" / "a.md"
    elif state == "merged":
        made.git("switch", "--quiet", "--create", "other", f"{approving}~1")
        made.save({"b.md": "Words.\n"}, "2026-03-09")
        made.git("merge", "--quiet", "--no-edit", "main")
    elif state == "edge":
        made.git("clone", "--quiet", "--depth=2", made.root.as_uri(), str(tmp_path / "edge"))
        path = tmp_path / "edge" / "a.md"
    elif state in ("no commit", "no repository"):
        other = Repository(tmp_path / "other")
        other.root.mkdir()
        if state == "no commit":
            other.init()
        path = other.write("a.md", APPROVED)
    elif state == "no git":
        monkeypatch.setenv("PATH", "")
    document = Document(path.read_text("utf-8"))
    document.know(Outside().known(str(path), document.spec.template))
    problems = {one.rule: one.message for one in document.problems() if one.rule != "overdue-target"}
    assert problems == (
        {
            "skipped-move": "Status went from Draft to Approved on 2026-03-02 by Ada: skipped Review.",
            "stale-approval": "This section has changed since it was approved on 2026-03-02 by Ada.",
        }
        if state in CHECKOUTS
        else {}
    )


def line(number: int, characters: int) -> dict[str, Any]:
    return {"start": {"line": number, "character": 0}, "end": {"line": number, "character": characters}}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("|a|b|\n|-|-|\n|1|2|", "| a   | b   |\n| --- | --- |\n| 1   | 2   |", True),
        ("1) one\n2) two", "1. one\n1. two", True),
        ("* *x* and __y__", "- _x_ and **y**", True),
        ("snake_case and 2 * 3", "snakecase and 2 * 3", False),
        ("see [a](b.md)", "see [a](c.md)", False),
        ("see [a](b.md)", "see [a]( <b.md> )", True),
        ("see [a][r]\n\n[r]: b.md", "see [a][r]\n\n[r]: c.md", False),
        ("within 1 day", "within 2 days", False),
        ("call `f(**kw)`", "call `f(kw)`", False),
        ("call `` f(x) ``", "call `f(x)`", True),
        ("```diff\n- a\n```", "```diff\n+ a\n```", False),
        ("```\na  \n\n```", "~~~~py\na\n~~~~", True),
        ("- one\n\n      f(1)", "- one\n\n  ```\n  f(1)\n  ```", True),
        ("1 * 2", "1 2", False),
        ("1 * 2", "1 \\* 2", True),
        ("a < b & c", "a &lt; b &amp; c", True),
        ("|a|b|\n|-|-|\n|x y|z|", "|a|b|\n|-|-|\n|x|y z|", False),
        ("|a|b|\n|-|-|\n|x||", "|a|b|\n|:-|-:|\n|x|", True),
        ("> * one\n> * two", "> - one\n> - two", True),
        ("> one\n> two", ">one two", True),
        ("> one", "> two", False),
        ("one\ntwo *three\nfour*", "one two *three four*", True),
        ("one  \ntwo", "one\\\ntwo", True),
        ("- [ ] one", "- [x] one", True),
        ("- [ ] one", "- one", False),
        ("one\n\n---\n\ntwo", "one\n\n***\n\ntwo", True),
        ("<b>one</b>", "<b>two</b>", False),
        ("<img src='a.png'>", "<img src='b.png'>", False),
        ("![one](a.png)", "![one](b.png)", False),
        ("one <!-- two -->", "one", True),
        ("<!-- one\ntwo -->\n\nthree", "three", True),
    ],
)
def test_the_marks_that_a_formatter_writes_otherwise_are_no_change_and_words_are(
    before: str, after: str, same: bool
) -> None:
    old, now = (words(f"# T\n\n## 1. Context & Problem Statement\n\n{text}\n") for text in (before, after))
    assert (changes([one.words for one in old], now) == []) == same


def words(source: str) -> list[Said]:
    """What the last section says."""
    spec = Document(source, builtin()).spec
    return list(section_words(spec, len(spec.pieces) - 1))


def test_of_a_long_paragraph_the_words_that_changed_are_shown() -> None:
    head = "# Doors\n\n| **Spec ID** | SPEC-001 |\n|---|---|\n| **Status** | Approved |\n"
    before = f"{head}\n## 1. Context & Problem Statement\n\n{'It rains. ' * 60}Within a minute.\n"
    moves = (Move("Approved", "Review", datetime(2026, 3, 5, tzinfo=UTC), "Ada"),)
    document = Document(before.replace("a minute", "an hour"), builtin())
    document.know(Known(datetime(2026, 3, 9, tzinfo=UTC), moves, sections(Document(before, builtin()).spec)))
    (problem,) = [one for one in document.problems() if one.rule == "stale-approval"]
    (related,) = problem.finding.related
    assert related.message.startswith("Before: …") and "Within a minute. · Now: …" in related.message


def test_sections_with_no_words_but_the_template_s_are_no_news_since_the_approval() -> None:
    template = builtin()
    head = "# Doors\n\n| **Spec ID** | SPEC-001 |\n|---|---|\n| **Status** | Approved |\n"
    draft = f"{head}\n## 1. Context & Problem Statement\n\nIt rains.\n"
    moves = (Move("Approved", "Review", datetime(2026, 3, 5, tzinfo=UTC), "Ada"),)
    known = Known(datetime(2026, 3, 9, tzinfo=UTC), moves, sections(Document(draft, template).spec))
    own = next(slot for slot in template.sections if "Rollout" in slot.title)
    for body, count in (("\n".join(own.own[1:]), 0), ("", 0), ("We switch it on.", 1)):
        document = Document(f"{draft}\n## {own.heading}\n{body}\n", template)
        document.know(known)
        assert sum(one.rule == "stale-approval" for one in document.problems()) == count, body
