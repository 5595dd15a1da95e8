"""A team's configuration through both doors: what the server shows and what the command line prints."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from command import spec_ls
from stdio import Stdio

from spec_ls.config import FEATURES, Config, read_config, schema
from spec_ls.lsp.server import create_server
from spec_ls.resolver import Resolver
from spec_ls.text import Span
from spec_ls.toml import places_in
from spec_ls.workspace import Document

TEMPLATE = """\
# [Title]

- Status: Open / Closed
- Owner: @user

## Question
*What do we want to know?*

## Answer
"""
NOTE = "# Why so slow?\n\n- Status: Open\n- Owner: @mira\n\n## Question\nWhy is the export slow?\n"
"""One section short."""

CONFIG = """\
[templates.note]
path = "templates/note.md"
files = ["notes/**/*.md", "!notes/old/**"]
"""


class Folder:
    """A team's folder: written as it says, judged by the command line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        return path

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        done = spec_ls(*arguments, folder=self.path, env={**os.environ, **(env or {})})
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def check(self, *paths: str) -> list[tuple[str, str]]:
        """The rule and severity of every finding."""
        done = self.run("check", "--format", "json", *paths)
        return [(one["rule"], one["severity"]) for one in json.loads(done.stdout)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("templates/note.md", TEMPLATE)
    made.write(".spec-ls.toml", CONFIG)
    made.write("notes/export.md", NOTE)
    return made


class Shown(Stdio):
    """A server with the folder as its workspace."""

    def __init__(self, folder: Folder, capabilities: object = None, **params: object) -> None:
        super().__init__()
        self.folder = folder
        self.initialize(capabilities, rootUri=folder.path.as_uri(), **params)

    def uri(self, name: str) -> str:
        return (self.folder.path / name).as_uri()

    def open(self, name: str, text: str | None = None) -> None:
        text = (self.folder.path / name).read_text(encoding="utf-8") if text is None else text
        item = {"uri": self.uri(name), "languageId": "markdown", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def diagnostics(self, name: str, wanted: Callable[[list[Any]], bool]) -> list[Any]:
        """The diagnostics of a file as soon as they are as wanted."""
        found: list[Any] = self.wait_for(
            lambda one: (
                one.get("method") == "textDocument/publishDiagnostics"
                and one["params"]["uri"] == self.uri(name)
                and wanted(one["params"]["diagnostics"])
            )
        )["params"]["diagnostics"]
        return found

    def mark(self) -> None:
        """Forgets what has come in: what is waited for next comes after this."""
        self.received.clear()


@pytest.fixture
def shown(folder: Folder) -> Iterator[Shown]:
    with Shown(folder) as server:
        yield server


def codes(diagnostics: list[Any]) -> list[str]:
    return [one["code"] for one in diagnostics]


# --- which template ---------------------------------------------------------------------------


def test_a_glob_binds_files_to_a_template(folder: Folder, shown: Shown) -> None:
    assert folder.check("notes") == [("missing-section", "warning")]
    shown.open("notes/export.md")
    assert codes(shown.diagnostics("notes/export.md", bool)) == ["missing-section"]


@pytest.mark.parametrize("name", ["notes/old/export.md", "export.md", "notes/export.txt"])
def test_files_that_no_glob_names_are_left_alone(folder: Folder, name: str) -> None:
    folder.write(name, "# Why?\n\nBecause.\n")
    policy = Resolver().policy(str(folder.path / name))
    assert policy.bound is None
    assert not Document("# Why?\n\nBecause.\n", policy=policy).decision.is_spec


@pytest.mark.parametrize(
    ("glob", "bound", "free"),
    [
        ("notes/*.md", ["notes/a.md"], ["notes/b/a.md", "a.md"]),
        ("**/*.md", ["a.md", "notes/b/a.md", ".hidden/a.md"], ["a.txt"]),
        ("./notes/*.md", ["notes/a.md"], ["b/notes/a.md"]),
        ("/notes/*.md", ["notes/a.md"], []),
        ("notes/{a,b}.md", ["notes/a.md", "notes/b.md"], ["notes/c.md"]),
        ("notes/[0-9]*.md", ["notes/1a.md"], ["notes/a.md"]),
        ("*.md", ["a.md"], ["notes/a.md"]),
    ],
)
def test_globs_are_anchored_at_their_file(folder: Folder, glob: str, bound: list[str], free: list[str]) -> None:
    folder.write(".spec-ls.toml", f'[templates.note]\npath = "templates/note.md"\nfiles = ["{glob}"]\n')
    resolver = Resolver()
    found = {name: resolver.policy(str(folder.path / name)).bound is not None for name in (*bound, *free)}
    assert found == {**dict.fromkeys(bound, True), **dict.fromkeys(free, False)}


def test_the_nearest_configuration_governs(folder: Folder) -> None:
    folder.write("notes/deep/.spec-ls.toml", '[rules]\nmissing-section = "off"\n')
    folder.write("notes/deep/a.md", NOTE)
    resolver = Resolver()
    assert resolver.policy(str(folder.path / "notes/deep/a.md")).bound is None
    assert resolver.policy(str(folder.path / "notes/export.md")).bound is not None


def test_pyproject_is_a_configuration_where_it_has_the_table(folder: Folder) -> None:
    (folder.path / ".spec-ls.toml").unlink()
    folder.write("pyproject.toml", "[project]\nname = 'x'\n")
    assert folder.check("notes") == []
    folder.write("pyproject.toml", "[project]\nname = 'x'\n" + CONFIG.replace("[templates", "[tool.spec-ls.templates"))
    assert folder.check("notes") == [("missing-section", "warning")]


def test_a_document_names_its_template(folder: Folder) -> None:
    folder.write("a.md", "<!-- spec-ls: template=note -->\n" + NOTE)
    folder.write("b.md", "---\ntemplate: note\n---\n" + NOTE)
    folder.write("notes/off.md", "<!-- spec-ls: off -->\n" + NOTE)
    for name in ("a.md", "b.md"):
        assert folder.check(name) == [("missing-section", "warning")], name
    assert folder.check("notes/off.md") == []


def test_several_templates_are_told_apart_by_what_only_one_has(folder: Folder) -> None:
    folder.write("templates/plan.md", "# [Title]\n\n## Question\n\n## Steps\n")
    folder.write(
        ".spec-ls.toml", '[templates.note]\npath = "templates/note.md"\n[templates.plan]\npath = "templates/plan.md"\n'
    )
    policy = Resolver().policy(str(folder.path / "x.md"))
    plan = Document("# T\n\n## Question\nx\n\n## Steps\ny\n", policy=policy)
    assert plan.decision.is_spec and plan.spec.template.name == "plan"
    note = Document("# T\n\n## Question\nx\n\n## Answer\ny\n", policy=policy)
    assert note.decision.is_spec and note.spec.template.name == "note"
    assert not Document("# T\n\n## Question\nx\n", policy=policy).decision.is_spec
    assert not Document("# T\n\n## Questionable\nx\n", policy=policy).decision.is_spec


def test_a_template_is_no_spec(folder: Folder) -> None:
    folder.write(".spec-ls.toml", CONFIG.replace('"notes/**/*.md"', '"**/*.md"'))
    assert folder.check("templates") == []


def test_the_template_option_knows_the_configured_names(folder: Folder) -> None:
    folder.write("other.md", NOTE)
    done = folder.run("check", "--format", "json", "--template", "note", "other.md")
    assert [one["rule"] for one in json.loads(done.stdout)] == ["missing-section"]
    assert "; there are: note, " in folder.run("check", "--template", "nothing", "other.md").stderr


# --- severities -------------------------------------------------------------------------------


def test_rules_weigh_as_the_team_says(folder: Folder, shown: Shown) -> None:
    folder.write(".spec-ls.toml", CONFIG + '[rules]\nmissing-section = "information"\n')
    assert folder.check("notes") == [("missing-section", "information")]
    shown.open("notes/export.md")
    assert shown.diagnostics("notes/export.md", bool)[0]["severity"] == 3


def test_overrides_hold_for_their_files(folder: Folder) -> None:
    override = '[[overrides]]\nfiles = ["notes/archive/**"]\nrules = { missing-section = "off" }\n'
    folder.write(".spec-ls.toml", CONFIG + '[rules]\nmissing-section = "error"\n' + override)
    folder.write("notes/archive/a.md", NOTE)
    assert folder.check("notes/archive") == []
    assert folder.check("notes/export.md") == [("missing-section", "error")]


def test_a_silent_stage_stays_silent(folder: Folder) -> None:
    folder.write(".spec-ls.toml", '[rules]\nunticked-check = "error"\n')
    draft = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
    policy = Resolver().policy(str(folder.path / "a.md"))
    document = Document(draft, policy=policy)
    assert document.problems() == []
    assert "error" in {one.severity for one in document.problems("approved") if one.rule == "unticked-check"}


def test_a_feature_is_switched_off(folder: Folder) -> None:
    folder.write(".spec-ls.toml", CONFIG + "[features]\nhover = false\ndiagnostics = false\n")
    with Shown(folder) as server:
        server.open("notes/export.md")
        place = {"textDocument": {"uri": server.uri("notes/export.md")}, "position": {"line": 5, "character": 4}}
        assert server.request("textDocument/hover", place)["result"] is None
        assert server.request("textDocument/documentSymbol", {"textDocument": place["textDocument"]})["result"]
        assert not any(one.get("method") == "textDocument/publishDiagnostics" for one in server.received)


# --- what is wrong with a configuration -------------------------------------------------------

WRONG = {
    'templates.x = { builtin = "adrr" }': ('"adrr"', "no template that comes with spec-ls is called adrr"),
    '[templates.x]\npath = "a.md"\nbuiltin = "product-spec"': ("templates.x", "either a path or a builtin"),
    '[rules]\nmising-section = "off"': ("mising-section", "Is missing-section meant?"),
    '[rules]\nmissing-section = "loud"': ('"loud"', "one of 'off', 'hint'"),
    "[ruls]": ("ruls", "Is rules meant?"),
    '[templates.x]\npath = "templates/note.md"\nfile = []': ("file", "Is files meant?"),
    "[features]\nhovering = false": ("hovering", "Is hover meant?"),
    '[tickets]\npattern = "("': ('"("', "nothing closes the ( at letter 1"),
    '[tickets]\npattern = "(A+)+B"': ('"(A+)+B"', "can take long"),
    '[tickets]\nurl = "command:x?{ticket}"': ('"command:x?{ticket}"', "begins with https://"),
    '[people]\nurl = "https://x.example/"': ('"https://x.example/"', "has {handle} in it"),
    '[[overrides]]\nrules = { sample-text = "off" }': ("overrides", "files is missing"),
    '[[overrides]]\nfiles = ["a"]\nrules = { simple-text = "off" }': ("simple-text", "Is sample-text meant?"),
    '[people]\nreviewers = "@mira"': ('"@mira"', "valid tuple"),
    "[rules": ("", "not TOML"),
    '[templates.x]\npath = "nowhere.md"\nfiles = ["*.md"]': ('"nowhere.md"', "no such file"),
    '[templates.x]\npath = "../../note.md"': ('"../../note.md"', "lies outside"),
    '[templates.x]\npath = "/etc/passwd"': ('"/etc/passwd"', "lies outside"),
    '[templates.x]\npath = "empty.md"': ('"empty.md"', "neither sections nor metadata"),
}


@pytest.mark.parametrize("source", WRONG)
def test_a_fault_stands_at_its_place(folder: Folder, shown: Shown, source: str) -> None:
    marked, message = WRONG[source]
    folder.write("empty.md", "nothing\n")
    folder.write(".spec-ls.toml", "# ours 🚀\n" + source + "\n")
    (folder.path / ".git").mkdir()
    shown.open("notes/export.md")
    (found,) = shown.diagnostics(".spec-ls.toml", bool)
    start, end = found["range"]["start"], found["range"]["end"]
    lines = (folder.path / ".spec-ls.toml").read_text(encoding="utf-8").split("\n")
    assert start["line"] == end["line"]
    assert message.casefold() in found["message"].casefold()
    if marked:
        assert lines[start["line"]][start["character"] : end["character"]] == marked
    done = folder.run("check", "notes")
    assert done.returncode == 2
    assert f".spec-ls.toml:{start['line'] + 1}:{start['character'] + 1}: {found['message']}" in done.stderr


def test_the_last_good_configuration_stays_in_force(folder: Folder, shown: Shown) -> None:
    shown.open("notes/export.md")
    shown.diagnostics("notes/export.md", bool)
    shown.mark()
    folder.write(".spec-ls.toml", CONFIG + "[rules]\nnonsense = 3\n")
    shown.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": shown.uri(".spec-ls.toml"), "type": 2}]})
    shown.diagnostics(".spec-ls.toml", bool)
    assert codes(shown.diagnostics("notes/export.md", lambda _: True)) == ["missing-section"]
    shown.mark()
    folder.write(".spec-ls.toml", CONFIG + '[rules]\nmissing-section = "off"\n')
    shown.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": shown.uri(".spec-ls.toml"), "type": 2}]})
    assert shown.diagnostics(".spec-ls.toml", lambda found: not found) == []
    assert shown.diagnostics("notes/export.md", lambda found: not found) == []


def test_a_template_elsewhere_is_for_the_user_to_allow(
    folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder.path / ".git").mkdir()
    elsewhere = tmp_path_factory.mktemp("shared-templates")
    (elsewhere / "note.md").write_text(TEMPLATE, encoding="utf-8")
    folder.write(".spec-ls.toml", CONFIG.replace("templates/note.md", f"{elsewhere}/note.md"))
    assert folder.run("check", "notes").returncode == 2
    done = folder.run("check", "notes", env={"SPEC_LS_TEMPLATE_FOLDERS": str(elsewhere)})
    assert "missing-section" in done.stdout
    with Shown(folder, initializationOptions={"templateFolders": [str(elsewhere)]}) as server:
        server.open("notes/export.md")
        assert codes(server.diagnostics("notes/export.md", bool)) == ["missing-section"]


def test_a_link_out_of_the_repository_is_no_way_out(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    (folder.path / ".git").mkdir()
    secret = tmp_path_factory.mktemp("elsewhere") / "note.md"
    secret.write_text(TEMPLATE, encoding="utf-8")
    (folder.path / "templates" / "note.md").unlink()
    (folder.path / "templates" / "note.md").symlink_to(secret)
    assert "lies outside" in folder.run("check", "notes").stderr


@pytest.mark.fault("documents that are not open")
def test_a_pipe_as_template_stops_nothing(folder: Folder) -> None:
    (folder.path / "templates" / "note.md").unlink()
    os.mkfifo(folder.path / "templates" / "note.md")
    assert "no regular file" in folder.run("check", "notes").stderr


# --- a running server keeps up ----------------------------------------------------------------


def test_changing_a_word_of_the_template_changes_everything_at_once(folder: Folder, shown: Shown) -> None:
    shown.open("notes/export.md")
    assert "Answer" in shown.diagnostics("notes/export.md", bool)[0]["message"]
    shown.mark()
    folder.write("templates/note.md", TEMPLATE.replace("## Answer", "## Verdict").replace("want to know", "ask"))
    shown.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": shown.uri("templates/note.md"), "type": 2}]})
    assert "Verdict" in shown.diagnostics("notes/export.md", bool)[0]["message"]
    here = {"uri": shown.uri("notes/export.md")}
    told = shown.request("textDocument/hover", {"textDocument": here, "position": {"line": 5, "character": 4}})
    assert "What do we ask?" in told["result"]["contents"]["value"]
    offered = shown.request("textDocument/completion", {"textDocument": here, "position": {"line": 7, "character": 0}})
    assert any("Verdict" in item["label"] for item in offered["result"]["items"])


def test_the_template_as_it_stands_in_the_editor_counts(folder: Folder, shown: Shown) -> None:
    shown.open("notes/export.md")
    shown.diagnostics("notes/export.md", bool)
    shown.open("templates/note.md", TEMPLATE)
    shown.mark()
    place = {"start": {"line": 8, "character": 3}, "end": {"line": 8, "character": 9}}
    document = {"uri": shown.uri("templates/note.md"), "version": 2}
    changes = [{"range": place, "text": "Ruling"}]
    shown.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
    assert "Ruling" in shown.diagnostics("notes/export.md", bool)[0]["message"]
    shown.mark()
    shown.notify("textDocument/didClose", {"textDocument": {"uri": shown.uri("templates/note.md")}})
    assert "Answer" in shown.diagnostics("notes/export.md", bool)[0]["message"]


def test_a_client_that_cannot_watch_files_is_served_too(folder: Folder, shown: Shown) -> None:
    shown.open("notes/export.md")
    shown.diagnostics("notes/export.md", bool)
    shown.mark()
    folder.write("templates/note.md", TEMPLATE + "\n## More\n")
    found = shown.diagnostics("notes/export.md", lambda found: len(found) == 2)
    assert codes(found) == ["missing-section", "missing-section"]


def test_a_client_that_watches_files_is_asked_to(folder: Folder) -> None:
    can = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with Shown(folder, can) as server:
        asked = server.wait_for(lambda one: one.get("method") == "client/registerCapability")
        (registration,) = asked["params"]["registrations"]
        globs = [one["globPattern"] for one in registration["registerOptions"]["watchers"]]
        assert "**/.spec-ls.toml" in globs and "**/*.md" in globs


def test_without_a_repository_nothing_above_the_workspace_is_read(tmp_path: Path) -> None:
    outer = Folder(tmp_path)
    outer.write(".spec-ls.toml", '[templates.note]\npath = "note.md"\nfiles = ["**/*.md"]\n')
    outer.write("note.md", TEMPLATE)
    inner = Folder(tmp_path / "inner")
    inner.write("a.md", NOTE)
    assert Resolver([str(inner.path)]).policy(str(inner.path / "a.md")).bound is None
    (tmp_path / ".git").mkdir()
    assert Resolver([str(inner.path)]).policy(str(inner.path / "a.md")).bound is not None


# --- reading ----------------------------------------------------------------------------------


def test_places_of_a_toml_text() -> None:
    source = 'a = 1 # x\n[t."b c"]\nd = [\n "]", # e = 3\n]\nf.g = "h # i"\n'
    source += '[[u]]\nv = { w = "x", y.z = 2 }\n[[u]]\n[u.k]\nl=1\n'
    found = {path: (key, source.split("\n")[value.start_line][value.start : value.end])
             for path, (key, value) in places_in(source).items()}  # fmt: skip
    assert {path: value for path, (_, value) in found.items()} == {
        ("a",): "1",
        ("t", "b c"): 't."b c"',
        ("t", "b c", "d"): "[",
        ("t", "b c", "f", "g"): '"h # i"',
        ("u", "0"): "u",
        ("u", "0", "v"): '{ w = "x", y.z = 2 }',
        ("u", "0", "v", "w"): '"x"',
        ("u", "0", "v", "y", "z"): "2",
        ("u", "1"): "u",
        ("u", "1", "k"): "u.k",
        ("u", "1", "k", "l"): "1",
    }
    assert found[("u", "0", "v", "w")][0] == Span(7, 6, 7, 7)


@pytest.mark.parametrize(
    "source", ["", "\0", "[", "a = '''\nb", "[[a]]\n[a]", "a" * 10_000, "[" * 5000, "x = " + "[" * 5000]
)
def test_reading_never_raises(source: str) -> None:
    read_config(source, False)
    read_config("tool.spec-ls" + source, True)


def test_the_schema_is_current() -> None:
    published = Path(__file__).parents[1] / "spec_ls" / "docs" / "configuration.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == schema()


def test_the_schema_has_every_rule_and_key() -> None:
    made = schema()
    assert set(made["properties"]) == {field.alias or name for name, field in Config.model_fields.items()}
    handlers = [one for run in create_server().protocol.fm.features.values() for one in getattr(run, "args", ())]
    assert set(FEATURES) == {
        "diagnostics",
        "file-operations",
        *(one.feature for one in handlers if hasattr(one, "of_template")),
    }
    assert "missing-section" in made["properties"]["rules"]["properties"]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path.write_bytes(b"[rules] # \xe9\n"), "is not UTF-8: byte 0xe9 at line 1"),
        (lambda path: path.mkdir(), "is a directory"),
        (lambda path: path.write_bytes(b"#" * 2_100_000), "is larger than 2 MB"),
    ],
    ids=["latin", "folder", "large"],
)
def test_a_configuration_that_cannot_be_read_is_a_fault(
    folder: Folder, make: Callable[[Path], object], why: str
) -> None:
    (folder.path / ".spec-ls.toml").unlink()
    make(folder.path / ".spec-ls.toml")
    for command in (["check", "notes"], ["config", "show"], ["doctor"], ["adopt"], ["new", "x"]):
        done = folder.run(*command)
        assert done.returncode == 2
        assert f".spec-ls.toml:1:1: The configuration is not in force: {why}" in done.stdout + done.stderr, command
