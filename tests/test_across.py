"""What specs say of each other, on real repositories: branches, renames, people; the editor and the command line."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from repository import Repository, alone
from stdio import Stdio

from spec_ls import index
from spec_ls.cli import check as check_module
from spec_ls.cli import jobs
from spec_ls.cli.commands import cli
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.rules import fixes
from spec_ls.rules.base import Problem
from spec_ls.workspace import Document

SPEC = """\
# {title}

| Metadata | Value |
| --- | --- |
| **Spec ID** 📦 | SPEC-{number} |
| **Status** | {status} |
| **Owner** | @{owner} |

## 4. Technical Design
### Dependencies
- **Services**: 😀 {needs}
"""
Json = dict[str, Any]
ACROSS = {"duplicate-id", "unknown-spec", "unknown-handle", "circular-dependency", "premature-status"}
SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}


def spec(number: str, needs: str = "none", status: str = "Draft", owner: str = "mira", title: str = "Gate") -> str:
    return SPEC.format(title=title, number=number, needs=needs, status=status, owner=owner)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    alone(monkeypatch)
    made = Repository(tmp_path / "répo")
    made.init()
    return made


def judged(made: Repository, name: str) -> tuple[Document, list[Problem]]:
    """A file as the command line judges it, and its findings about others."""
    path, resolver = made.root / name, Resolver()
    document = Document(path.read_text("utf-8"), policy=resolver.policy(str(path)))
    Outside(policy=resolver.policy).know(document, str(path.resolve()))
    found = [problem for problem in document.problems() if problem.rule in ACROSS]
    assert not document.judge.crashed
    return document, found


def told(made: Repository, name: str) -> list[str]:
    return [f"{problem.rule}: {problem.message}" for problem in judged(made, name)[1]]


def fixed(made: Repository, name: str) -> list[tuple[str, bool]]:
    document, found = judged(made, name)
    return [(fix.title, fix.certain) for problem in found for fix in fixes(document.spec, problem.finding)]


# --- identifiers on branches


def test_the_spec_that_came_later_is_renumbered(made: Repository) -> None:
    made.save({"a.md": spec("001"), "z.md": spec("002")}, "2026-01-01")
    made.save({"b.md": spec("001")}, "2026-02-01")
    made.write("A.md", spec("001"))
    made.write("notes/A.md", spec("XXX"))
    assert told(made, "z.md") == told(made, "notes/A.md") == []
    assert told(made, "a.md") == ["duplicate-id: SPEC-001 is taken: A.md, b.md have it, too."]
    assert fixed(made, "a.md") == []
    assert fixed(made, "b.md") == [("Change to SPEC-003", True)]
    assert fixed(made, "A.md") == [("Change to SPEC-004", True)]


def test_many_twins_ask_for_the_numbers_that_are_taken_once(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    identifiers = index.identifiers

    def counted(root: Path, prefix: str, **given: Any) -> frozenset[str]:
        asked.append(prefix)
        return identifiers(root, prefix, **given)

    monkeypatch.setattr(index, "identifiers", counted)
    made.save({f"{letter}.md": spec("001", title=f"On {letter}") for letter in "abcdefgh"})
    around = Outside()
    for number, letter in enumerate("bcdefgh", 2):
        path = made.root.resolve() / f"{letter}.md"
        document = Document(path.read_text("utf-8"))
        around.know(document, str(path))
        found = [problem for problem in document.problems() if problem.rule == "duplicate-id"]
        assert [fix.title for fix in fixes(document.spec, found[0].finding)] == [f"Change to SPEC-{number:03}"]
    assert asked == ["SPEC-"]


def test_without_commits_the_later_path_is_renumbered_if_the_author_says_so(made: Repository) -> None:
    made.write("a.md", spec("001"))
    made.write("b.md", spec("001"))
    assert fixed(made, "a.md") == []
    assert fixed(made, "b.md") == [("Change to SPEC-002", False)]


def test_what_was_pushed_under_another_name_is_the_same_spec(made: Repository) -> None:
    made.save({"README.md": "# Words"}, "2026-01-01")
    made.git("switch", "--quiet", "--create", "feat")
    made.save({"n.md": spec("005"), "k.md": spec("006")}, "2026-02-01")
    made.git("update-ref", "refs/remotes/origin/feat", "HEAD")
    made.git("mv", "n.md", "m.md")
    made.git("rm", "--quiet", "k.md")
    made.write("l.md", spec("006").replace("# ", "# Another: ", 1))
    made.git("add", "--all")
    made.git("commit", "--quiet", "--amend", "--no-edit")
    assert told(made, "m.md") == []
    assert told(made, "l.md") == ["duplicate-id: SPEC-006 is taken: k.md on the branch origin/feat has it, too."]


def test_a_branch_has_taken_an_identifier(made: Repository) -> None:
    made.save({"README.md": "# Words"}, "2026-01-01")
    made.git("switch", "--quiet", "--create", "feature/größe")
    made.save({"specs/b 📦.md": spec("001"), "specs/c.md": spec("007", "SPEC-001")}, "2026-02-01")
    made.git("switch", "--quiet", "main")
    made.save({"a.md": spec("001", "SPEC-007, SPEC-008")}, "2026-03-01")
    assert told(made, "a.md") == [
        "duplicate-id: SPEC-001 is taken: specs/b 📦.md on the branch feature/größe has it, too.",
        "unknown-spec: There is no spec SPEC-008.",
    ]
    assert fixed(made, "a.md")[:1] == [("Change to SPEC-009", True)]  # what the text names is left alone
    made.git("clone", "--quiet", str(made.root), str(made.root.parent / "clone"))
    clone = Repository(made.root.parent / "clone")
    assert "specs/b 📦.md on the branch origin/feature/größe" in told(clone, "a.md")[0]


CASES = ["edited", "moved there", "moved here", "rewritten there", "squashed", "squashed, moved"]


@pytest.mark.parametrize("case", CASES)
def test_a_spec_on_another_branch_is_no_other_spec(made: Repository, case: str) -> None:
    made.save({"a.md": spec("001"), "x.md": spec("009")}, "2026-01-01")
    made.git("switch", "--quiet", "--create", "other")
    match case:
        case "edited":
            made.save({"a.md": spec("001", "queue")})
        case "moved there":
            made.git("mv", "a.md", "b.md")
            made.save({"b.md": spec("001", "queue")})
        case "moved here":
            made.save({"a.md": spec("001", "queue")})
        case "rewritten there":
            made.git("rm", "--quiet", "a.md")
            made.save({"b.md": spec("001", "much\nelse\n" * 50, title="Everything is new in here, and long")})
        case _:
            made.save({"n.md": spec("002")})
    made.git("switch", "--quiet", "main")
    name = "a.md"
    if case == "moved here":
        made.git("mv", "a.md", "c.md")
        name = "c.md"
    elif case.startswith("squashed"):
        made.save({"n.md": spec("002")})
        name = "n.md"
        if case.endswith("moved"):
            made.git("mv", "n.md", "m.md")
            made.save({})
            name = "m.md"
    assert told(made, name) == []


def test_a_branch_that_gave_an_identifier_up_has_not_taken_it(made: Repository) -> None:
    made.save({"README.md": "# Words"})
    made.git("switch", "--quiet", "--create", "other")
    made.save({"b.md": spec("001")})
    made.save({"b.md": spec("002")})
    made.save({"c.md": spec("001")})
    (made.root / "c.md").unlink()
    made.save({})
    made.git("switch", "--quiet", "main")
    made.save({"a.md": spec("001")})
    assert told(made, "a.md") == []


def test_what_git_ignores_is_no_other_spec(made: Repository) -> None:
    made.save({"a.md": spec("001"), ".gitignore": "/build/\n"})
    made.write("build/a.md", spec("001"))
    assert told(made, "a.md") == told(made, "build/a.md") == []


# --- names of specs


def test_a_name_that_a_file_has_is_known(made: Repository) -> None:
    needs = "SPEC-12, SPEC-013, SPEC-14, SPEC-15, [old](old/0013-x.md), [no](no.md), [far](old/no.md), [new](new.md)"
    made.save({"a.md": spec("001", needs), "old/spec-12 plan.md": "# Plan", "old/0013-x.md": "# X"})
    made.git("switch", "--quiet", "--create", "other")
    made.save({"new.md": "# Words", "spec-15.md": spec("0014")})
    made.git("switch", "--quiet", "main")
    assert told(made, "a.md") == [
        "unknown-spec: There is no spec SPEC-14.",
        "unknown-spec: There is no spec SPEC-15.",
        "unknown-spec: There is no file no.md.",
    ]


def test_tickets_are_no_specs(made: Repository) -> None:
    made.save({"a.md": spec("001", "SPEC-4711"), ".spec-ls.toml": '[tickets]\npattern = "SPEC-[0-9]{4}"\n'})
    assert told(made, "a.md") == []


# --- people


def test_a_roster_is_closed_by_codeowners_or_configuration(made: Repository) -> None:
    made.save({"a.md": spec("001", owner="mria")})
    made.save({"CODEOWNERS": "* @Mira @org/team\n"})
    assert told(made, "a.md") == []
    made.save({"b.md": spec("002", owner="zoë")}, author="Z <1+ZOË@users.noreply.github.com>")
    made.write("c.md", spec("003", owner="org/Team"))
    assert told(made, "b.md") == told(made, "c.md") == []
    assert told(made, "a.md") == ["unknown-handle: @mria is none of the team's handles."]
    assert fixed(made, "a.md") == [("Change to @Mira", False)]
    (made.root / "CODEOWNERS").unlink()
    assert told(made, "a.md") == []
    made.write(".spec-ls.toml", '[people]\nreviewers = ["@mria"]\n')
    assert told(made, "a.md") == []
    assert told(made, "c.md") == ["unknown-handle: @org/Team is none of the team's handles."]


def test_what_was_asked_can_be_kept_and_asked_again(made: Repository) -> None:
    made.save({"a.md": spec("001", "SPEC-002, SPEC-004, [x](x.md)"), "b.md": spec("002"), "c.md": spec("003")})

    def holds(record: str) -> bool:
        document, _ = judged(made, "a.md")
        return Outside().still(record, str(made.root.resolve() / "a.md"), document.policy)

    others = judged(made, "a.md")[0].spec.known.others
    assert others is not None
    record = others.record()
    assert holds(record)
    made.write("c.md", spec("003", status="Done"))
    assert holds(record)
    made.write("b.md", spec("002", status="Done"))
    assert not holds(record)
    made.write("b.md", spec("002"))
    made.write("x.md", "# Words")
    assert not holds(record)
    assert not holds("")
    assert not holds("[]")


# --- both doors


class Editor:
    """A client of the server; `now` is what was published last for each file."""

    def __init__(self, root: Path, capabilities: Json) -> None:
        self.server = Stdio()
        self.root = root
        self.server.initialize(capabilities, rootUri=root.as_uri())
        self.server.notify("initialized", {})

    def open(self, name: str) -> None:
        path = self.root / name
        item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": path.read_text("utf-8")}
        self.server.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, name: str, version: int, text: str) -> None:
        document = {"uri": (self.root / name).as_uri(), "version": version}
        self.server.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def told(self, name: str, *rules: str) -> list[dict[str, Any]]:
        """What is published next for a file in which these rules about others find something."""

        def fits(message: dict[str, Any]) -> bool:
            found = message.get("params", {}).get("diagnostics")
            if found is None or message["params"]["uri"] != (self.root / name).as_uri():
                return False
            return [one["code"] for one in found if one["code"] in ACROSS] == list(rules)

        found = self.server.wait_for(fits)
        self.server.received.remove(found)
        return [one for one in found["params"]["diagnostics"] if one["code"] in ACROSS]


@pytest.fixture
def editor(made: Repository) -> Iterator[Any]:
    editors = []

    def start(encoding: str = "utf-16", **capabilities: Any) -> Editor:
        editors.append(Editor(made.root, {"general": {"positionEncodings": [encoding]}, **capabilities}))
        return editors[-1]

    yield start
    for one in editors:
        one.server.kill()


def printed(root: Path, *arguments: str, stdin: str = "") -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setattr(check_module, "log_to_stderr", lambda: None)
        done = CliRunner().invoke(cli, ["check", "--format", "json", *arguments], input=stdin, catch_exceptions=False)
    return [one for one in json.loads(done.stdout) if one["rule"] in ACROSS]


RELATED = {"publishDiagnostics": {"relatedInformation": True}}


def test_the_editor_says_what_the_command_line_says(made: Repository, editor: Any) -> None:
    made.save({"a.md": spec("001", "SPEC-002, SPEC-003, SPEC-004", "Approved"), "b.md": spec("002", "📦 SPEC-001")})
    made.save({"sub/c.md": spec("004", "SPEC-001", "Done")})
    started = editor("utf-16", textDocument=RELATED)
    started.open("a.md")
    rules = ["circular-dependency", "premature-status", "unknown-spec", "circular-dependency"]
    found = started.told("a.md", *rules)
    places = [one["relatedInformation"][0]["location"] for one in found if "relatedInformation" in one]
    start = len("- **Services**: 😀 📦 ") + 2
    assert places[0] == {
        "uri": (made.root / "b.md").as_uri(),
        "range": {"start": {"line": 10, "character": start}, "end": {"line": 10, "character": start + 8}},
    }
    said = [(one["code"], one["severity"], one["message"], one["range"]) for one in found]
    text = (made.root / "a.md").read_text("utf-8")
    for arguments, stdin in (["a.md"], ""), (["-", "--stdin-filename", "a.md"], text):
        records = printed(made.root, *arguments, stdin=stdin)
        assert [(one["rule"], SEVERITIES[one["severity"]], one["message"], one["range"]) for one in records] == said
    assert printed(made.root, "-", stdin=text) == []
    assert len(printed(made.root, "sub")) == 1


def test_what_is_typed_into_one_spec_is_told_in_another(made: Repository, editor: Any) -> None:
    made.save({"a.md": spec("001", "SPEC-002, SPEC-007", "Approved"), "b.md": spec("002", status="Review")})
    started = editor("utf-32", textDocument=RELATED)
    started.open("a.md")
    started.told("a.md", "unknown-spec")
    started.open("b.md")
    started.change("b.md", 2, spec("002"))
    premature, _ = started.told("a.md", "premature-status", "unknown-spec")
    assert "Gate" in premature["message"] and premature["range"]["start"]["character"] == 18
    (related,) = premature["relatedInformation"]
    assert related["location"]["range"]["start"] == {"line": 4, "character": 18}
    started.change("b.md", 3, spec("007", status="Review"))
    started.told("a.md", "unknown-spec")
    started.change("b.md", 4, spec("001", status="Review"))
    started.told("a.md", "duplicate-id", "unknown-spec", "unknown-spec")
    started.change("a.md", 2, spec("003", "nothing 😀 else", "Approved"))
    started.told("a.md")
    started.change("a.md", 3, spec("003", "nothing but SPEC-009", "Approved"))
    started.told("a.md", "unknown-spec")
    made.write("nine.md", spec("009", status="Review"))
    changes = [{"uri": (made.root / "nine.md").as_uri(), "type": 1}]
    started.server.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    started.told("a.md")


def test_a_client_that_pulls_is_asked_to_pull_again(made: Repository, editor: Any) -> None:
    """Specs that are not open are judged by what the others say, too; a client that knows no places elsewhere gets
    none."""
    made.save({"a.md": spec("001", "SPEC-002"), "b.md": spec("002", "SPEC-001"), "c.md": spec("001")})
    started = editor("utf-8", textDocument={"diagnostic": {}}, workspace={"diagnostics": {"refreshSupport": True}})
    started.open("a.md")
    wanted = ["duplicate-id", "circular-dependency"]

    def codes(items: list[Json]) -> list[str]:
        assert not [one for one in items if "relatedInformation" in one]
        return [one["code"] for one in items if one["code"] in ACROSS]

    def pull() -> list[str]:
        params = {"textDocument": {"uri": (made.root / "a.md").as_uri()}}
        return codes(started.server.request("textDocument/diagnostic", params)["result"]["items"])

    while pull() != wanted:
        asked = started.server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
        started.server.received.remove(asked)
        started.server.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})
    reports = started.server.request("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
    told = {Path(one["uri"]).name: codes(one["items"]) for one in reports}
    assert told == {"a.md": wanted, "b.md": ["circular-dependency"], "c.md": ["duplicate-id"]}


def test_results_that_were_kept_count_as_long_as_the_others_say_the_same(
    made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEC_LS_CACHE", str(tmp_path / "cache"))
    made.save({f"{number}.md": spec(f"{number:03}", "SPEC-001, SPEC-100", "Approved") for number in range(2, 52)})
    made.save({"1.md": spec("001", status="Review")})

    def counts() -> dict[str, int]:
        codes = [one["rule"] for one in printed(made.root, ".")]
        return {code: codes.count(code) for code in sorted(set(codes))}

    assert counts() == counts() == {"unknown-spec": 50}
    made.write("1.md", spec("100"))
    assert counts() == {"premature-status": 50, "unknown-spec": 50}


def test_what_is_mended_makes_room_for_others(made: Repository) -> None:
    made.save({"a.md": spec("001")}, "2026-01-01")
    made.save({"b.md": spec("001"), "c.md": spec("001")}, "2026-02-01")
    found = [(one["path"], one["rule"]) for one in printed(made.root, "--fix", ".")]
    assert "SPEC-002" in (made.root / "b.md").read_text("utf-8")
    assert "SPEC-003" in (made.root / "c.md").read_text("utf-8")
    assert found == [("a.md", "duplicate-id")], "it was looked at first"


def test_every_way_of_running_finds_the_same(made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process or several, with what was found before or without: specs with twins, circles, slips and strangers."""
    pick = random.Random(5)
    files = {}
    for number in range(150):
        needs = ", ".join(f"SPEC-{pick.randrange(160):03}" for _ in range(pick.randrange(3))) or "none"
        owner, status = pick.choice(("mira", "Jonas")), pick.choice(("Draft", "Approved", "Kill"))
        owner = "jonsa" if number == 77 else owner
        own = pick.choice((number, number, number, number - number % 2))
        text = spec(f"{own:03}", needs, status, owner, f"Gate {number}")
        files[f"{number % 5}/{number}.md"] = text + f"\nSee [that](../{pick.randrange(6)}/{pick.randrange(160)}.md).\n"
    made.save({**files, "CODEOWNERS": "* @mira @jonas\n", ".spec-ls.toml": '[rules]\nunknown-handle = "error"\n'})
    monkeypatch.setenv("SPEC_LS_NOW", "2026-03-01T12:00")
    wanted = printed(made.root, "--jobs", "1", "--no-cache", ".")
    assert {one["rule"] for one in wanted} >= ACROSS
    monkeypatch.setenv("SPEC_LS_CACHE", "off")
    assert printed(made.root, "--jobs", "3", ".") == wanted
    for name, first, second in (("a", "1", "3"), ("b", "3", "1")):
        monkeypatch.setenv("SPEC_LS_CACHE", str(tmp_path / name))
        assert printed(made.root, "--jobs", first, ".") == wanted
        assert printed(made.root, "--jobs", second, ".") == wanted
    monkeypatch.setattr(jobs, "_FORKS", False)  # as where processes begin with nothing
    assert printed(made.root, "--jobs", "2", ".") == wanted
    part = [one for one in wanted if one["path"].startswith("3/")]
    assert printed(made.root, "--jobs", "1", "3") == part, "what lies beside the folder counts"
