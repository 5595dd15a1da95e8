"""The command line beyond the findings: which of them, of which files, mended safely; the other commands."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command import spec_ls as forked
from repository import Repository, alone

from spec_ls.cache import NAME, VARIABLE
from spec_ls.cli import check as check_module
from spec_ls.cli import doctor as doctor_module
from spec_ls.cli import fix as fix_module
from spec_ls.cli.commands import cli
from spec_ls.files import CannotWrite, rewrite_file
from spec_ls.rules import CATALOGUE

EXAMPLES = Path(__file__).parents[1] / "examples"
ALERTS = (EXAMPLES / "delivery-alerts.md").read_text(encoding="utf-8")
GUEST = (EXAMPLES / "guest-checkout.md").read_text(encoding="utf-8")
GOOD = (EXAMPLES / "invoice-export.md").read_text(encoding="utf-8")
TYPO = GOOD.replace("## 6. Support Plan", "## 6. Suport Plan")
"""One finding, with a certain fix."""

FILES, KILLS = (300, 40) if os.environ.get("SPEC_LS_SOAK") else (60, 3)


def numbered(text: str, number: int) -> str:
    """The spec with an identifier of its own."""
    return re.sub(r"SPEC-\d+", f"SPEC-{number:04}", text)


posix = pytest.mark.skipif(os.name != "posix", reason="modes, links and signals are those of POSIX")
soak = pytest.mark.skipif("SPEC_LS_SOAK" not in os.environ, reason="for `make soak`")
Spec = Callable[..., Result]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    for module in (check_module, fix_module):
        monkeypatch.setattr(module, "log_to_stderr", lambda: None)


@pytest.fixture
def spec_ls() -> Spec:
    def run(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(cli, arguments, input=stdin, catch_exceptions=False)

    return run


def begun(folder: Path) -> Repository:
    repository = Repository(folder)
    repository.init()
    return repository


def rules_in(result: Result) -> set[str]:
    return {json.loads(line)["rule"] for line in result.stdout.splitlines()}


# --- which findings


def test_rules_are_selected_and_ignored(spec_ls: Spec) -> None:
    Path("a.md").write_text(ALERTS, "utf-8")
    every = rules_in(spec_ls("check", "--format", "jsonl", "a.md"))
    some = rules_in(spec_ls("check", "--format", "jsonl", "--select", "sample-text,invalid-date", "a.md"))
    rest = rules_in(
        spec_ls("check", "--format", "jsonl", "--ignore", "sample-text", "--ignore", "invalid-date", "a.md")
    )
    assert some == every & {"sample-text", "invalid-date"}
    assert rest == every - {"sample-text", "invalid-date"}
    assert some and rest
    unknown = spec_ls("check", "--select", "sample-txt", "a.md")
    assert unknown.exit_code == 2 and "sample-text" in unknown.stderr


def test_another_status_is_asked_about(spec_ls: Spec) -> None:
    Path("a.md").write_text(GUEST, "utf-8")
    assert spec_ls("check", "a.md").exit_code == 0
    asked = spec_ls("check", "--status", "approved", "--format", "jsonl", "a.md")
    assert asked.exit_code == 1
    there = GUEST.replace("| Draft |", "| Approved |")
    assert there != GUEST
    Path("a.md").write_text(there, "utf-8")
    assert spec_ls("check", "--format", "jsonl", "a.md").stdout == asked.stdout
    nothing = spec_ls("check", "--status", "Shipped", "a.md")
    assert nothing.exit_code == 2 and "Draft, Review, Approved" in nothing.stderr


def test_a_status_that_is_none_goes_with_the_one_asked_about(spec_ls: Spec) -> None:
    Path("a.md").write_text(GOOD.replace("| Approved |", "| Finished |"), "utf-8")
    assert rules_in(spec_ls("check", "--format", "jsonl", "a.md")) == {"invalid-choice"}
    assert spec_ls("check", "--format", "jsonl", "--status", "Approved", "a.md").stdout == ""


# --- which files


def test_only_what_has_changed_since_a_commit(spec_ls: Spec, tmp_path: Path) -> None:
    repository = begun(tmp_path / "work")
    names = ("kept", "edited", "moved", "gone", "staged")
    specs = {name: numbered(TYPO, number) for number, name in enumerate((*names, "new"))}
    repository.save({f"docs/{name}.md": specs[name] for name in names}, "2026-01-01")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.git("checkout", "-q", "-b", "topic")
    repository.git("mv", "docs/moved.md", "docs/übers 🚚.md")
    repository.git("rm", "-q", "docs/gone.md")
    repository.save({"docs/edited.md": specs["edited"] + "\nMore.\n"}, "2026-01-02")
    Path("docs/staged.md").write_text(specs["staged"] + "\nMore.\n", "utf-8")
    repository.git("add", "docs/staged.md")
    Path("docs/new.md").write_text(specs["new"], "utf-8")
    found = spec_ls("check", "--format", "concise", "--since", base, ".").stdout.splitlines()
    changed = [f"docs/{name}.md" for name in ("edited", "new", "staged", "übers 🚚")]
    assert [line.split(":")[0] for line in found] == changed
    repository.git("checkout", "-q", "-b", "main-moves-on", base)
    repository.save({"docs/kept.md": GOOD + "\nMore.\n"}, "2026-01-03")
    repository.git("checkout", "-q", "topic")
    again = spec_ls("check", "--format", "concise", "--since", "main-moves-on", ".").stdout
    assert "docs/kept.md" not in again and "docs/edited.md" in again


def test_where_history_is_cut_all_that_differs_counts_and_that_is_told(tmp_path: Path) -> None:
    whole = begun(tmp_path / "work")
    whole.save({"a.md": numbered(TYPO, 1), "b.md": numbered(TYPO, 2)}, "2026-01-01")
    whole.git("switch", "--quiet", "--create", "topic")
    whole.save({"a.md": numbered(TYPO, 1) + "\nMore.\n"}, "2026-01-02")
    whole.git("switch", "--quiet", "main")
    whole.save({"b.md": numbered(GOOD, 2)}, "2026-01-03")
    cut = Repository(tmp_path / "cut")
    whole.git("clone", "--quiet", "--depth", "1", "--branch", "topic", whole.root.as_uri(), str(cut.root))
    cut.git("fetch", "--quiet", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    done = forked("check", "--format", "concise", "--since", "origin/main", ".", folder=cut.root)
    assert [line.split(b":")[0] for line in done.stdout.splitlines()] == [b"a.md", b"b.md"]
    assert b"git does not know where the branch left origin/main (fetch more of the history)" in done.stderr


def test_nothing_has_changed_is_no_fault_and_an_unknown_commit_is_one(spec_ls: Spec, tmp_path: Path) -> None:
    Path("a.md").write_text(TYPO, "utf-8")
    outside = spec_ls("check", "--since", "HEAD", "a.md")
    assert outside.exit_code == 2 and "no repository" in outside.stderr
    begun(tmp_path / "work").save({"a.md": TYPO}, "2026-01-01")
    same = spec_ls("check", "--since", "HEAD", ".")
    assert same.exit_code == 0 and "no spec has changed since HEAD" in same.stderr
    for ref in ("nowhere", "--output=x", "HEAD:a.md"):
        assert spec_ls("check", f"--since={ref}", ".").exit_code == 2, ref


def test_the_order_and_the_bytes_are_the_same_with_processes_and_results_kept(spec_ls: Spec, tmp_path: Path) -> None:
    for number in range(70):
        folder = Path(f"d{number % 7}")
        folder.mkdir(exist_ok=True)
        text = (ALERTS, GUEST, GOOD, "# no spec\n")[number % 4]
        (folder / f"{number}.md").write_text(numbered(text, number), "utf-8")
    (Path("d3") / "broken.md").write_bytes(b"\xff\xfe\xfd")
    one = spec_ls("check", "--format", "json", "--jobs", "1", "--no-cache", ".")
    assert one.exit_code == 2 and len(json.loads(one.stdout)) > 300
    assert not (tmp_path / "cache" / NAME).exists()
    several, first, second = (spec_ls("check", "--format", "json", *more, ".") for more in (["--jobs", "2"], [], []))
    for other in (several, first, second):
        assert (other.stdout_bytes, other.stderr, other.exit_code) == (one.stdout_bytes, one.stderr, 2)
    assert (tmp_path / "cache" / NAME).stat().st_size > 1000


def test_kept_results_depend_on_all_that_findings_depend_on(
    spec_ls: Spec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(51):
        Path(f"{number:02}.md").write_text(numbered(TYPO, number), "utf-8")

    def found(*options: str) -> int:
        return len(spec_ls("check", "--jobs", "1", "--format", "concise", *options, ".").stdout.splitlines())

    assert found() == found() == 51
    assert found("--ignore", "misnamed-section") == 0
    Path(".spec-ls.toml").write_text('[rules]\nmisnamed-section = "off"\n', "utf-8")
    assert found() == 0
    Path(".spec-ls.toml").unlink()
    Path("07.md").write_text(numbered(GOOD, 7), "utf-8")
    assert found() == 50
    late = re.sub(r"\d{4}-\d\d-\d\d \|", "2026-02-02 |", numbered(TYPO, 7), count=1)
    Path("07.md").write_text(late, "utf-8")
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-01T12:00")
    before = found()
    monkeypatch.setenv("SPEC_LS_NOW", "2026-02-09T12:00")
    assert found() == before + 1  # the target date has passed since
    for damaged in (b"no database", b""):
        (tmp_path / "cache" / NAME).write_bytes(damaged)
        assert found() == before + 1


@posix
def test_watching_tells_anew_what_a_change_brings(tmp_path: Path) -> None:
    path = tmp_path / "work" / "a.md"
    path.write_text(GOOD, "utf-8")
    command = [sys.executable, "-m", "spec_ls", "check", "--watch", "--format", "concise", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stderr
            assert "watching 1 file" in process.stderr.readline()
            path.write_text(TYPO, "utf-8")
            assert "a.md:" in process.stdout.readline()
            assert "watching 1 file" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


# --- mending


def test_fix_makes_what_is_certain_and_unsafe_what_is_likely(spec_ls: Spec) -> None:
    unsure = GOOD.replace("## 6. Support Plan\n", "## 6. Support Plan\n<!-- spec-ls: allow mising-item -->\n")
    unsure = unsure.replace("- **Runbooks**", "- **Manuals**")
    Path("a.md").write_text(unsure, "utf-8")
    asked = ("--select", "unused-suppression")
    assert spec_ls("fix", *asked, "a.md").stdout == "0 of 1 spec fixed\n"
    assert Path("a.md").read_text("utf-8") == unsure
    done = spec_ls("fix", "--unsafe", *asked, "a.md")
    assert (done.exit_code, done.stdout) == (0, "a.md: 1 finding fixed\n1 of 1 spec fixed\n")
    assert Path("a.md").read_text("utf-8") == unsure.replace("mising-item", "missing-item")


def test_check_mends_and_reports_what_is_left(spec_ls: Spec) -> None:
    Path("a.md").write_text(TYPO.replace("@mira", "mira jones", 1), "utf-8")
    diff = spec_ls("check", "--diff", "a.md")
    done = spec_ls("check", "--fix", "a.md")
    assert "misnamed-section" not in done.stdout and "invalid-handle" in done.stdout
    assert done.stdout.endswith("1 error in 1 spec (1 fixed)\n")
    assert "-## 6. Suport Plan\n+## 6. Support Plan\n" in diff.stdout
    assert "## 6. Support Plan" in Path("a.md").read_text("utf-8")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "BOM"])
def test_all_else_stays_byte_for_byte(spec_ls: Spec, line_end: str, mark: str) -> None:
    text = mark + TYPO.replace("Bookkeepers", "Büro 🚚 Bookkeepers").replace("\n", line_end)
    Path("a.md").write_bytes(text.encode())
    assert spec_ls("fix", "a.md").exit_code == 0
    assert Path("a.md").read_bytes() == text.replace("Suport", "Support").encode()


@posix
def test_mode_and_links_stay(spec_ls: Spec) -> None:
    Path("real.md").write_text(TYPO, "utf-8")
    Path("real.md").chmod(0o640)
    Path("link.md").symlink_to("real.md")
    assert spec_ls("fix", "link.md").exit_code == 0
    assert Path("link.md").is_symlink() and "Support Plan" in Path("real.md").read_text("utf-8")
    assert stat.S_IMODE(Path("real.md").stat().st_mode) == 0o640
    assert os.listdir() == ["link.md", "real.md"] or sorted(os.listdir()) == ["link.md", "real.md"]


def test_a_file_that_has_changed_meanwhile_or_is_gone_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("theirs\n", "utf-8")
    with pytest.raises(CannotWrite, match="changed meanwhile"):
        rewrite_file(str(path), "ours\n", "mended\n")
    assert path.read_text("utf-8") == "theirs\n"
    path.unlink()
    with pytest.raises(CannotWrite):
        rewrite_file(str(path), "ours\n", "mended\n")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["work"]


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_file_is_left_and_named(spec_ls: Spec) -> None:
    Path("a.md").write_text(TYPO, "utf-8")
    Path("a.md").chmod(0o444)
    done = spec_ls("fix", "a.md")
    assert done.exit_code == 2 and "a.md: it cannot be written" in done.stderr
    assert Path("a.md").read_text("utf-8") == TYPO


@posix
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["check", "--fix", "--jobs", "2"], id="check"),
        pytest.param(["fix", "--jobs", "1"], id="fix", marks=soak),
    ],
)
def test_killed_at_any_moment_it_loses_no_file(tmp_path: Path, command: list[str]) -> None:
    folder = tmp_path / "work"
    moments = random.Random(8)
    old = {f"{number:03}.md": numbered(TYPO, number) for number in range(FILES)}
    new = {name: text.replace("Suport", "Support") for name, text in old.items()}
    arguments = [sys.executable, "-m", "spec_ls", *command, "."]
    states: set[str] = set()
    at_work = 0.0
    for number in range(KILLS):
        for name, text in old.items():
            (folder / name).write_text(text, "utf-8")
        with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as process:
            while process.poll() is None and (folder / "000.md").read_text("utf-8") == old["000.md"]:
                expired(process, 0.002)
            begun = time.monotonic()
            if number == 0:  # how long it is at work when nobody kills it
                assert process.wait(60) == 0
                at_work = time.monotonic() - begun
            elif expired(process, moments.uniform(0, at_work)):
                process.kill()
        for name in old:
            text = (folder / name).read_text("utf-8")
            assert text in (old[name], new[name]), name
            states.add("old" if text == old[name] else "new")
        left = {entry.name for entry in folder.iterdir()} - set(old)
        assert not [name for name in left if name.endswith((".md", ".markdown"))], left
        for name in left:
            (folder / name).unlink(missing_ok=True)
    assert states == {"old", "new"}


def expired(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a process is still there after so long."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


# --- the other commands


def test_fmt_formats_what_the_editor_formats(spec_ls: Spec) -> None:
    Path("a.md").write_text(ALERTS, "utf-8")
    assert spec_ls("fmt", "--check", "a.md").exit_code == 1
    diff = spec_ls("fmt", "--diff", "a.md")
    assert diff.exit_code == 1 and diff.stdout.startswith("--- a.md\n+++ a.md\n")
    assert Path("a.md").read_text("utf-8") == ALERTS
    done = spec_ls("fmt", "a.md")
    assert (done.exit_code, done.stdout) == (0, "a.md: formatted\n1 of 1 spec formatted\n")
    assert spec_ls("fmt", "--check", "a.md").exit_code == 0
    patched = subprocess.run(["git", "apply", "-p0", "-R", "-"], input=diff.stdout, text=True, capture_output=True)
    assert patched.returncode == 0 and Path("a.md").read_text("utf-8") == ALERTS


@pytest.mark.parametrize("name", ["missing-item,empty-field", ",", " "])
def test_one_rule_is_explained_at_a_time(spec_ls: Spec, name: str) -> None:
    done = spec_ls("rule", name)
    assert done.exit_code == 2 and "name one rule" in done.stderr


def test_what_is_meant_is_guessed_only_from_near_names(spec_ls: Spec) -> None:
    assert "is missing-item meant?" in spec_ls("rule", "missing-itm").stderr
    assert "meant" not in spec_ls("rule", "foo").stderr
    assert "not one of" in spec_ls("hook", "--fail-on", "x", "README.md").stderr


@posix
def test_a_full_disk_behind_standard_output_is_told() -> None:
    Path("a.md").write_text(ALERTS, "utf-8")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "spec_ls", "check", "a.md"], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("spec-ls: standard output cannot be written: ")


def test_rule_prints_pages_and_the_list(spec_ls: Spec) -> None:
    assert [line.split()[0] for line in spec_ls("rule").stdout.splitlines()] == [one.name for one in CATALOGUE]
    assert spec_ls("rule", "missing-item").stdout.startswith("# missing-item\n")
    wrong = spec_ls("rule", "missing-itme")
    assert wrong.exit_code == 2 and "missing-item" in wrong.stderr


def test_config_shows_what_is_in_force_and_its_schema(spec_ls: Spec) -> None:
    assert "none" in spec_ls("config", "show").stdout
    text = '[templates.ours]\nbuiltin = "adr"\nfiles = ["adr/*.md"]\n[rules]\nsample-text = "off"\n'
    Path(".spec-ls.toml").write_text(text, "utf-8")
    Path("adr").mkdir()
    shown = spec_ls("config", "show", "adr").stdout
    assert "template ours: the built-in adr for adr/*.md" in shown and "rule sample-text: off" in shown
    read = json.loads(spec_ls("config", "show", "--format", "json").stdout)
    assert read["configuration"]["rules"] == {"sample-text": "off"}
    nowhere = spec_ls("config", "show", "nowhere/a.md")
    assert nowhere.exit_code == 2 and "there is no folder nowhere" in nowhere.stderr
    assert json.loads(spec_ls("config", "schema").stdout)["title"] == "spec-ls configuration"
    Path(".spec-ls.toml").write_text("[rules]\nsample-txt = 3\n", "utf-8")
    broken = spec_ls("config", "show")
    assert broken.exit_code == 2 and ".spec-ls.toml:2:" in broken.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GUEST, ["a spec: its metadata has the field Spec ID", "Template: product-spec", "4 warnings, 12 hints"]),
        ("# Our service\n", ["no spec:", "says nothing"]),
        ("<!-- spec-ls: template=adr -->\n# Use queues\n", ["names the template adr", "Status: missing"]),
    ],
    ids=["recognised", "none", "named"],
)
def test_doctor_says_what_is_in_force_and_why(spec_ls: Spec, text: str, told: list[str]) -> None:
    Path("a.md").write_text(text, "utf-8")
    result = spec_ls("doctor", "a.md")
    assert result.exit_code == 0
    assert all(words in result.stdout for words in (*told, "Python", "pygls", "Git:", "Configuration: none")), result
    assert spec_ls("doctor").exit_code == 0
    assert spec_ls("doctor", "gone.md").exit_code == 2


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.md", b"# Ours\n", "name its template in it: <!-- spec-ls: template=product-spec -->, or let files = "),
        ("a.md", b"<!-- spec-ls: off -->\n# Ours\n", "If it is to be one, take that comment out of it"),
        ("a.md", b"<!-- spec-ls: template=nope -->\n", "is not known; there are: adr, product-spec, rfc"),
        ("a.md", GUEST.encode() + b"word " * 1_200_000, "too large to be judged: --max-bytes and the editor's setting"),
        ("a.txt", GUEST.encode(), "Its name ends as no Markdown file does"),
        ("a.md", b"# \xe9\n", "File: is not UTF-8: byte 0xe9 at line 1, byte offset 2; save it as UTF-8"),
        ("a.md", b"\xff\xfe#\x00", "File: is UTF-16, not UTF-8; save it as UTF-8"),
        ("folder/a.md", b"", "File: it is a folder; name a file"),
    ],
    ids=["no spec", "off", "unknown", "large", "text", "latin", "utf-16", "folder"],
)
def test_doctor_says_what_to_do(spec_ls: Spec, name: str, data: bytes, told: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_bytes(data)
    assert told in spec_ls("doctor", "folder" if "folder" in name else name).stdout


def test_doctor_knows_templates_that_look_alike_and_templates_themselves(spec_ls: Spec) -> None:
    for name in ("one.md", "two.md", "a.md"):
        Path(name).write_text(spec_ls("new", "x", "--output", "-").stdout, "utf-8")
    Path(".spec-ls.toml").write_text('[templates.one]\npath = "one.md"\n[templates.two]\npath = "two.md"\n', "utf-8")
    told = spec_ls("doctor", "a.md").stdout
    assert "it looks like several templates: one, two" in told and "<!-- spec-ls: template=one -->" in told
    assert "spec-ls template check says what is wrong with it" in spec_ls("doctor", "one.md").stdout


def test_doctor_knows_git_and_what_it_lacks(spec_ls: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.md").write_text(GUEST, "utf-8")
    assert "lies in no repository; what history, branches and owners say" in spec_ls("doctor", "a.md").stdout
    made = Repository(tmp_path / "made")
    made.init()
    made.save({"a.md": GUEST})
    made.save({"b.md": "# Ours\n"})
    outer = Repository(tmp_path / "outer")
    outer.init()
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(made.root), "inner")
    monkeypatch.chdir(outer.root)
    assert f"repository {outer.root / 'inner'}" in spec_ls("doctor", "inner/a.md").stdout
    made.git("clone", "--quiet", "--depth", "1", made.root.as_uri(), str(tmp_path / "shallow"))
    assert "git fetch --unshallow brings them" in spec_ls("doctor", str(tmp_path / "shallow" / "a.md")).stdout
    monkeypatch.setenv("PATH", str(tmp_path))
    told = spec_ls("doctor", "inner/a.md").stdout
    assert "Git: not found; install it" in told and "Editors: none found" in told and "is not in PATH" in told
    for name in ("nvim", "spec-ls"):
        (tmp_path / name).write_text("#!/bin/sh\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    told = spec_ls("doctor").stdout
    assert "Editors: Neovim" in told and f"is run by {sys.executable}" in told


def test_doctor_knows_libraries_of_another_version(spec_ls: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Fault:" not in spec_ls("doctor").stdout
    versions = {"pygls": "1.3.1", "rich": "16.0", "click": "8.1"}
    monkeypatch.setattr(doctor_module, "version", lambda name: versions.get(name) or version(name))
    done = spec_ls("doctor")
    assert done.exit_code == 2
    assert re.findall(r"Fault: (\S+ \S+), which must be", done.stdout) == ["pygls 1.3.1", "rich 16.0"]


def commands() -> Iterator[tuple[str, ...]]:
    for name, command in cli.commands.items():
        yield (name,)
        for inner in getattr(command, "commands", ()):
            yield name, inner


@pytest.mark.parametrize("command", [*commands()], ids=" ".join)
def test_every_help_has_an_example(spec_ls: Spec, command: tuple[str, ...]) -> None:
    told = spec_ls(*command, "--help").stdout
    group = "Commands:" in told
    assert group or re.search(rf"^\s+spec-ls {' '.join(command)}\b", told, re.M), told


@pytest.mark.parametrize("stream", [1, 2])
@pytest.mark.parametrize("command", [(), *commands()], ids=" ".join)
def test_a_reader_that_has_gone_away_is_no_error(command: tuple[str, ...], stream: int, tmp_path: Path) -> None:
    done = forked(*command, "--help", folder=tmp_path, unread=stream)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["check", "a.md"], 0),
        (["check", "a.md", "gone.md"], 2),
        (["check", "--format", "sarif", "."], 0),
        (["fix", "--diff", "."], 1),
        (["fmt", "."], 0),
        (["adopt"], 0),
        (["new", "Queues"], 0),
        (["graph"], 0),
        (["board", "--format", "html"], 0),
        (["template", "check", "a.md"], 0),
        (["template", "show"], 0),
        (["rule"], 0),
        (["config", "schema"], 0),
        (["doctor", "a.md"], 0),
        (["hook", "a.md"], 0),
        (["completion", "bash"], 0),
        (["nothing"], 2),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_nor_does_it_change_the_exit_code(arguments: list[str], code: int) -> None:
    Path("a.md").write_text(TYPO.replace("| Approved |", "| Draft |"), "utf-8")
    for stream in (1, 2):
        done = forked(*arguments, folder=Path.cwd(), unread=stream)
        assert done.returncode == code, done.stderr
        assert b"Traceback" not in done.stderr and b"Broken pipe" not in done.stderr
        Path("queues.md").unlink(missing_ok=True)


@posix
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"], ["rule"]], ids=" ".join)
def test_a_full_disk_is_told_by_every_command(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-m", "spec_ls", *arguments], stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert re.fullmatch(rb"spec-ls: standard output cannot be written: .+\n", done.stderr)


@posix
@pytest.mark.parametrize("arguments", [["check", "."], ["doctor"], ["new", "x"], ["config", "show"]], ids=" ".join)
def test_a_current_folder_that_is_gone_is_told(arguments: list[str], tmp_path: Path) -> None:
    command = f"cd {tmp_path} && mkdir gone && cd gone && rmdir ../gone && exec {sys.executable} -m spec_ls"
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    done = subprocess.run(
        ["sh", "-c", f"{command} {' '.join(arguments)}"], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, "Error: the current folder is gone" in done.stderr) == (2, True), done.stderr


# --- what is wrong with an argument is said in words


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["check", "--format", "xml", "."], "'xml' is not one of 'text', 'concise', 'json'"),
        (["check", "--jobs", "0", "."], "'0' is no number of processes: give one from 1 on; without it"),
        (["fix", "--jobs", "many", "."], "'many' is no number of processes"),
        (["check", "--max-bytes", "-1", "."], "'-1' is no number of bytes: give one from 1 on"),
        (["check", "--select", "", "."], "--select: it names no rule (all: spec-ls rule)"),
        (["fix", "--ignore", " , ", "."], "--ignore: it names no rule"),
        (["fix", "--ignore", "missing-itm", "."], "there is no rule 'missing-itm'; is missing-item meant?"),
        (["check", "--status", "aproved", "."], "no status 'aproved'; is Approved meant? There are: Draft, Review, "),
        (["fix", "--status", "Foo", "."], "has no status 'Foo'; there are: Draft, Review, "),
        (["check", "--since", "", "."], "'--since': it is empty: name a commit, such as origin/main"),
        (["check", "--since", "HEAD", "a.md"], "--since asks git, and a.md lies in no repository"),
        (["check", "--since", "HEAD", "folder"], "--since asks git, and folder lies in no repository"),
        (["check", "--template", "product-spce", "."], "'product-spce'; is product-spec meant? There are: adr, "),
        (["fmt", "--template", "folder", "."], "folder: it is a folder; name a file"),
        (["check", "--template", "empty.md", "."], "empty.md has neither sections nor metadata to hold a spec against"),
        (["template", "show", "rcf"], "is called 'rcf'; is rfc meant?"),
        (["template", "show", "empty.md"], "empty.md has neither sections nor metadata"),
        (["template", "check", "folder"], "folder: it is a folder; name a file"),
        (["new", "x", "--template", "latin.md"], "latin.md: is not UTF-8"),
        (["new", "x", "--output", ""], "a path is empty: name a file or a folder"),
        (["adopt", ""], "a path is empty: name a file or a folder"),
        (["adopt", "gone"], "gone: there is no such file or folder; check the spelling"),
        (["hook", "gone.md"], "gone.md: there is no such file or folder; check the spelling"),
        (["doctor", ""], "a path is empty: name a file or a folder"),
        (["graph", "gone"], "gone: there is no such folder"),
        (["board", "a.md"], "a.md: there is no such folder"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_is_wrong_with_an_argument_is_said(spec_ls: Spec, arguments: list[str], told: str) -> None:
    Path("folder").mkdir()
    for name, data in {"a.md": GOOD.encode(), "empty.md": b"Words.\n", "latin.md": b"# \xe9\n"}.items():
        Path(name).write_bytes(data)
    done = spec_ls(*arguments)
    assert done.exit_code == 2
    assert told in re.sub(r"\s+", " ", done.stderr)
