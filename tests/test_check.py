"""`spec-ls check` as people and CI run it: a process, its output and its exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from command import spec_ls
from stdio import Stdio

EXAMPLES = Path(__file__).parents[1] / "examples"
GOOD = (EXAMPLES / "invoice-export.md").read_text(encoding="utf-8")
"""An approved spec without a finding."""

BAD_DATE = GOOD.replace("| 2029-06-29 |", "| 29 June |")
"""One error."""

DRAFT = GOOD.replace("| Approved |", "| Draft |")
GAP = DRAFT.replace("### API Changes\n", "")
"""One warning: a section is missing from a draft."""

SAMPLE = DRAFT.replace("- [ ] Credit notes stay where they are.", "- [ ] We will not build X yet.")
"""One hint: sample text in a draft."""

README = "# Our service\n\nHow to build it.\n"


class Result:
    """How a run ended and what it printed."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.raw = done.stdout
        self.out = done.stdout.decode("utf-8")
        self.err = done.stderr.decode("utf-8")

    @property
    def records(self) -> list[dict[str, Any]]:
        """What `--format json` printed."""
        records: list[dict[str, Any]] = json.loads(self.out)
        return records


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        if not env:
            return Result(spec_ls("check", *arguments, folder=tmp_path, stdin=stdin))
        command = [sys.executable, "-m", "spec_ls", "check", *arguments]
        environment = {**os.environ, "PYTHONUTF8": "1", **env}
        done = subprocess.run(command, input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=60)
        return Result(done)

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file below the folder in which the command runs, bytes as they are and text with an identifier of its
    own."""
    numbers = count(14)

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        if isinstance(content, str):
            content = content.replace("SPEC-014", f"SPEC-{next(numbers):03d}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write


Write = Callable[[str, str | bytes], Path]


# --- results


def test_a_finished_spec_is_clean(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    result = run("spec.md")
    assert (result.code, result.out, result.err) == (0, "no findings in 1 spec\n", "")


def test_text_shows_the_place_the_line_and_carets(run: Run, write: Write) -> None:
    write("spec.md", BAD_DATE)
    result = run("spec.md")
    file, head, line, carets, _, summary = result.out.splitlines()
    assert file == "spec.md (Approved): 1 error"
    assert re.fullmatch(r"spec\.md:9:21: error\[invalid-date\] .+", head)
    assert line == "    | **Target Date** | 29 June |"
    assert carets == "    " + " " * line[4:].index("29 June") + "^" * len("29 June")
    assert summary == "1 error in 1 spec"
    assert (result.code, result.err) == (1, "")


def test_carets_stand_below_wide_characters(run: Run, write: Write) -> None:
    write("spec.md", BAD_DATE.replace("29 June", "日本 29 June 🚀"))
    line, carets = run("spec.md").out.splitlines()[2:4]
    start, end = carets.index("^"), carets.rindex("^") + 1
    assert line[start:].startswith("日本")
    assert end - start == len("日本 29 June 🚀") + 3


def test_a_long_line_is_cut_around_its_finding(run: Run, write: Write) -> None:
    write("spec.md", BAD_DATE.replace("29 June", "x" * 60 + " " + "y" * 3000))
    line, carets = run("spec.md").out.splitlines()[2:4]
    assert len(line) <= 130
    assert line[carets.index("^")] == "x"
    assert line.endswith("…")


def test_control_characters_do_not_reach_the_terminal(run: Run, write: Write) -> None:
    write("spec.md", BAD_DATE.replace("29 June", "\x1b[31m29 June\x07"))
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", run("spec.md").out)


def test_the_summary_counts_what_there_is(run: Run, write: Write) -> None:
    for name, content in {"a": GOOD, "b": BAD_DATE, "c": GAP, "d": SAMPLE, "e": README, "f": README}.items():
        write(f"{name}.md", content)
    result = run(".")
    assert result.out.splitlines()[-1] == (
        "1 error, 1 warning, 1 hint in 4 specs (1 can be fixed: spec-ls fix); 2 files are not specs"
    )
    assert result.err == ""


def test_json_is_one_array_of_findings_with_lsp_ranges(run: Run, write: Write) -> None:
    write("docs/spec.md", BAD_DATE)
    (record,) = run("--format", "json", "docs/spec.md").records
    keys = ["path", "rule", "severity", "message", "range", "fixable", "fixes", "fingerprint", "related"]
    assert list(record) == keys
    assert (record["path"], record["rule"], record["severity"]) == ("docs/spec.md", "invalid-date", "error")
    assert record["range"] == {"start": {"line": 8, "character": 20}, "end": {"line": 8, "character": 27}}
    assert isinstance(record["fixable"], bool)
    assert isinstance(record["message"], str)


def test_json_without_findings_is_an_empty_array(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    assert run("--format", "json", "spec.md").records == []


def test_jsonl_is_one_object_a_finding(run: Run, write: Write) -> None:
    write("a.md", BAD_DATE.replace("@mira", "mira"))
    write("b.md", BAD_DATE)
    lines = run("--format", "jsonl", ".").out.splitlines()
    assert [json.loads(line) for line in lines] == run("--format", "json", ".").records
    assert len(lines) == 3


def test_fixable_means_that_a_certain_fix_is_known(run: Run, write: Write) -> None:
    write("spec.md", GAP.replace("## 6. Support Plan", "## 6. Suport Plan"))
    write("open.md", SAMPLE)
    fixable = {record["rule"]: record["fixable"] for record in run("--format", "json", ".").records}
    assert fixable == {"missing-section": True, "misnamed-section": True, "sample-text": False}


@pytest.mark.parametrize(
    ("content", "found", "fail_on", "code"),
    [
        (BAD_DATE, "error", "error", 1),
        (BAD_DATE, "error", "never", 0),
        (GAP, "warning", "error", 0),
        (GAP, "warning", "warning", 1),
        (SAMPLE, "hint", "information", 0),
        (SAMPLE, "hint", "hint", 1),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_fail_on_decides_the_exit_code(
    run: Run, write: Write, content: str, found: str, fail_on: str, code: int
) -> None:
    write("spec.md", content)
    result = run("--fail-on", fail_on, "spec.md")
    assert f"\n1 {found} in 1 spec" in result.out
    assert result.code == code


def test_a_diff_of_the_certain_fixes(run: Run, write: Write) -> None:
    path = write("spec.md", GOOD.replace("## 6. Support Plan", "## 6. Suport Plan"))
    before = path.read_bytes()
    result = run("--diff", "spec.md")
    assert result.code == 1
    assert result.out.splitlines()[:2] == ["--- spec.md", "+++ spec.md"]
    assert [line for line in result.out.splitlines()[2:] if line[0] in "+-"] == [
        "-## 6. Suport Plan",
        "+## 6. Support Plan",
    ]
    assert path.read_bytes() == before


def test_a_diff_goes_with_no_other_format(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    assert run("--diff", "--format", "json", "spec.md").code == 2


# --- text as it is


@pytest.mark.parametrize("line_end", ["\r\n", "\r"], ids=["CRLF", "CR"])
def test_line_ends_do_not_move_a_finding(run: Run, write: Write, line_end: str) -> None:
    broken = BAD_DATE.replace("## 6. Support Plan", "## 6. Suport Plan")
    write("spec.md", broken)
    expected = run("--format", "json", "spec.md").records
    write("spec.md", broken.replace("\n", line_end))
    assert run("--format", "json", "spec.md").records == expected


def test_a_byte_order_mark_counts_as_a_character_of_its_line(run: Run, write: Write) -> None:
    write("spec.md", "\ufeff" + GOOD.replace("# Invoice export for bookkeepers", "# [Short Title of the Spec]"))
    (record,) = run("--format", "json", "spec.md").records
    line = "\ufeff# [Short Title of the Spec]"
    start, end = (record["range"][side]["character"] for side in ("start", "end"))
    assert line[start:end].strip("# []") == "Short Title of the Spec"


def test_columns_count_utf_16_units(run: Run, write: Write) -> None:
    row = "| **📅 Target Date** | 𝔰𝔬𝔬𝔫 ‒ bientôt |"
    write("spec.md", GOOD.replace("| **Target Date** | 2029-06-29 |", row))
    (record,) = [one for one in run("--format", "json", "spec.md").records if one["rule"] == "invalid-date"]
    units = row.encode("utf-16-le")
    start, end = (record["range"][side]["character"] for side in ("start", "end"))
    assert units[2 * start : 2 * end].decode("utf-16-le") == "𝔰𝔬𝔬𝔫 ‒ bientôt"


def test_output_that_the_terminal_cannot_show_is_escaped(run: Run, write: Write) -> None:
    write("spec.md", BAD_DATE.replace("29 June", "29 août"))
    result = run("spec.md", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert result.code == 1
    assert "29 ao\\xfbt" in result.out


# --- which files


def test_standard_input_is_a_file_too(run: Run) -> None:
    result = run("-", "--stdin-filename", "docs/new.md", stdin=BAD_DATE.replace("\n", "\r\n").encode())
    assert result.code == 1
    assert "\ndocs/new.md:9:21: error[invalid-date] " in result.out
    assert "\n<stdin>:9:21: " in run("-", stdin=BAD_DATE.encode()).out


def test_a_name_for_standard_input_needs_standard_input(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    assert run("spec.md", "--stdin-filename", "other.md").code == 2


def test_a_missing_file_is_named_and_the_others_are_checked(run: Run, write: Write) -> None:
    write("b.md", BAD_DATE)
    result = run("a.md", "b.md")
    assert result.code == 2
    assert result.err.startswith("spec-ls: a.md: there is no such file")
    assert "b.md:9:21: error[invalid-date]" in result.out


def test_a_file_in_another_encoding_is_named_with_its_place(run: Run, write: Write) -> None:
    write("latin.md", GOOD.replace("Bookkeepers copy", "Büro copies").replace("\n", "\r\n").encode("latin-1"))
    write("wide.md", GOOD.encode("utf-16"))
    write("spec.md", GOOD)
    result = run("latin.md", "wide.md", "spec.md")
    assert result.code == 2
    latin, wide = result.err.splitlines()
    offset = GOOD.replace("\n", "\r\n").index("Bookkeepers copy") + 1
    assert latin == (f"spec-ls: latin.md: is not UTF-8: byte 0xfc at line 13, byte offset {offset}; save it as UTF-8")
    assert wide == "spec-ls: wide.md: is UTF-16, not UTF-8; save it as UTF-8"
    assert result.out == "no findings in 1 spec\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_named(run: Run, write: Write) -> None:
    write("spec.md", GOOD).chmod(0)
    write("other.md", GOOD)
    result = run("spec.md", "other.md")
    assert result.code == 2
    assert result.err.startswith("spec-ls: spec.md: no permission to read it")
    assert result.out == "no findings in 1 spec\n"


def test_a_named_file_that_is_no_spec_is_passed_by_with_a_word(run: Run, write: Write) -> None:
    write("README.md", README)
    write("spec.md", GOOD)
    result = run("README.md", "spec.md")
    assert result.code == 0
    assert result.err.startswith("spec-ls: README.md: not a spec: ")
    assert "--template product-spec" in result.err
    assert result.out == "no findings in 1 spec; 1 file is not a spec\n"


def test_nothing_but_files_that_are_no_specs_cannot_be_checked(run: Run, write: Write) -> None:
    write("README.md", README)
    result = run("README.md")
    assert result.code == 2
    assert "nothing was checked" in result.err


def test_a_folder_without_specs_says_so(run: Run, write: Write) -> None:
    write("docs/README.md", README)
    write("specs/spec.md", GOOD)
    result = run("docs", "specs")
    assert result.code == 2
    assert result.err == "spec-ls: docs: no specs in this folder (1 Markdown file looked at)\n"
    assert result.out == "no findings in 1 spec; 1 file is not a spec\n"


def test_a_folder_is_walked_in_order_and_each_file_checked_once(run: Run, write: Write) -> None:
    for name in ("b/two.markdown", "a/one.md", "b.md", "a/notes.txt", "node_modules/x/three.md", ".git/four.md"):
        write(name, BAD_DATE)
    write(".venv/five.md", BAD_DATE)
    records = run("--format", "json", ".", "a", "b.md").records
    assert [record["path"] for record in records] == ["a/one.md", "b/two.markdown", "b.md"]


def test_gitignore_is_honoured(run: Run, write: Write) -> None:
    for name in ("kept.md", "out/a.md", "draft-x.md", "sub/draft-y.md", "sub/draft-kept.md", "sub/deep/z.md"):
        write(name, BAD_DATE)
    write(".gitignore", "!\nout/\r\ndraft-*.md\n")
    write("sub/.gitignore", "!draft-kept.md\n/deep\n")
    records = run("--format", "json", ".").records
    assert [record["path"] for record in records] == ["kept.md", "sub/draft-kept.md"]


def test_gitignore_of_the_repository_around_counts(run: Run, write: Write, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(".gitignore", "*.tmp.md\n/build/\n")
    for name in ("docs/a.md", "docs/b.tmp.md", "build/c.md"):
        write(name, BAD_DATE)
    assert [record["path"] for record in run("--format", "json", "docs").records] == ["docs/a.md"]
    assert [record["path"] for record in run("--format", "json", "build").records] == ["build/c.md"]
    assert [record["path"] for record in run("--format", "json", "docs/b.tmp.md").records] == ["docs/b.tmp.md"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_loop_of_links_ends(run: Run, write: Write, tmp_path: Path) -> None:
    write("docs/spec.md", BAD_DATE)
    (tmp_path / "docs" / "again").symlink_to(tmp_path / "docs", target_is_directory=True)
    (tmp_path / "docs" / "self.md").symlink_to(tmp_path / "docs" / "self.md")
    (tmp_path / "docs" / "latest.md").symlink_to(tmp_path / "docs" / "spec.md")
    write("elsewhere.md", BAD_DATE)
    (tmp_path / "docs" / "linked.md").symlink_to(tmp_path / "elsewhere.md")
    result = run("--format", "json", "docs")
    assert [record["path"] for record in result.records] == ["docs/linked.md", "docs/spec.md"]


# --- templates


def test_a_template_by_name_makes_a_file_a_spec(run: Run, write: Write) -> None:
    write("notes.md", README)
    result = run("--template", "product-spec", "--format", "json", "notes.md")
    assert {record["rule"] for record in result.records} >= {"missing-section"}


def test_a_template_by_path_is_the_schema(run: Run, write: Write) -> None:
    template = (
        "# [Title]\n\n| Field | Value |\n|---|---|\n| Ref | RFC-0000 |\n\n## Why\n*Say why.*\n\n## How\n*Say how.*\n"
    )
    write("templates/rfc.md", template)
    write("rfc-1.md", "# Faster\n\n| Field | Value |\n|---|---|\n| Ref | RFC-0001 |\n\n## Why\nSlow.\n")
    write("README.md", README)
    result = run("--template", "templates/rfc.md", "--format", "json", ".")
    assert [(record["path"], record["rule"]) for record in result.records] == [("rfc-1.md", "missing-section")]
    assert "How" in result.records[0]["message"]


def test_an_unknown_template_is_an_error_that_names_the_known(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    result = run("--template", "ard", "spec.md")
    assert result.code == 2
    assert "adr, product-spec, rfc" in result.err


def test_a_template_without_structure_is_refused(run: Run, write: Write) -> None:
    write("spec.md", GOOD)
    write("empty.md", "Nothing here.\n")
    assert run("--template", "empty.md", "spec.md").code == 2


def test_a_wrong_option_cannot_run(run: Run) -> None:
    assert run("--format", "xml", ".").code == 2
    assert run("--fail-on", "panic", ".").code == 2
    assert run().code == 2


# --- standard output


@pytest.mark.skipif(os.name != "posix", reason="pipes break in another way elsewhere")
def test_a_reader_that_leaves_early_is_no_error(write: Write, tmp_path: Path) -> None:
    for number in range(40):
        write(f"{number}.md", README.join([BAD_DATE] * 2))
    command = [sys.executable, "-m", "spec_ls", "check", "."]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def test_an_unknown_status_is_told_once(run: Run, write: Write) -> None:
    write("a.md", GOOD)
    write("b.md", GOOD)
    done = run("--status", "Foo", ".")
    assert done.code == 2
    assert re.fullmatch(r"spec-ls: the template \S+ has no status 'Foo'; there are: Draft, .+\n", done.err)


def test_an_empty_path_is_an_error(run: Run) -> None:
    done = run("")
    assert (done.code, "a path is empty" in done.err) == (2, True)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_fault(write: Write, tmp_path: Path, closed: str) -> None:
    write("spec.md", BAD_DATE)
    command = f'exec "{sys.executable}" -m spec_ls check spec.md {closed}'
    done = subprocess.run(command, shell=True, capture_output=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not which("patch"), reason="needs patch")
@pytest.mark.parametrize("name", ["a b.md", 'q"\\é 📦.md', "new\nline.md", "tab\t\x01.md"])
def test_patch_reads_the_names_of_a_diff(run: Run, write: Write, tmp_path: Path, name: str) -> None:
    path = write(name, BAD_DATE.replace("29 June", "29 June 2029"))
    subprocess.run(["patch", "-p0", "--quiet"], input=run("--diff", name).raw, cwd=tmp_path, check=True)
    assert "| 2029-06-29 |" in path.read_text(encoding="utf-8")


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False)])
def test_colours_are_for_terminals(write: Write, tmp_path: Path, env: Mapping[str, str], coloured: bool) -> None:
    write("spec.md", BAD_DATE)
    output = in_terminal([sys.executable, "-m", "spec_ls", "check", "spec.md"], tmp_path, env)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output).replace("\r\n", "\n")
    assert ("\x1b[1;31m" in output, "\x1b[" in output) == (coloured, coloured)
    assert "    | **Target Date** | 29 June |\n" + " " * 24 + "^^^^^^^\n" in plain
    assert plain.endswith("1 error in 1 spec\n")


def in_terminal(command: list[str], folder: Path, env: Mapping[str, str]) -> str:
    """What the command writes to a terminal of its own."""
    ours, theirs = os.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONUTF8": "1", **env}
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    output = bytearray()

    def read() -> None:
        try:
            while data := os.read(ours, 4096):
                output.extend(data)
        except OSError:  # the terminal is gone with its last process
            pass

    reader = threading.Thread(target=read)
    reader.start()
    process.wait(60)
    reader.join(60)
    os.close(ours)
    return output.decode("utf-8")


# --- the editor


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_editor_shows_the_same(run: Run, write: Write, tmp_path: Path, line_end: str) -> None:
    source = (EXAMPLES / "delivery-alerts.md").read_text(encoding="utf-8")
    source = source.replace("| mira |", "| 🚀 mira 𝔪 |").replace("\n", line_end)
    path = write("spec.md", source)
    severities = {"error": 1, "warning": 2, "information": 3, "hint": 4}
    printed = [
        (record["rule"], severities[record["severity"]], record["message"], record["range"])
        for record in run("--format", "json", "spec.md").records
    ]
    with Stdio() as server:
        server.initialize({"general": {"positionEncodings": ["utf-16"]}})
        item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": source}
        server.notify("textDocument/didOpen", {"textDocument": item})
        told = server.wait_for(lambda message: message.get("method") == "textDocument/publishDiagnostics")
    shown = [(one["code"], one["severity"], one["message"], one["range"]) for one in told["params"]["diagnostics"]]
    assert sorted(shown, key=repr) == sorted(printed, key=repr)


# --- the command itself


def test_the_version_and_help(tmp_path: Path) -> None:
    def spec_ls(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "spec_ls", *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    assert re.fullmatch(r"spec-ls \d+\.\d+\.\d+\n", spec_ls("--version"))
    assert "check" in spec_ls("--help")
    assert "Exit code" in spec_ls("check", "--help")


def test_an_unknown_command_cannot_run() -> None:
    done = subprocess.run([sys.executable, "-m", "spec_ls", "chekc"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "chekc" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_the_server_says_what_it_is(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "spec_ls"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        assert process.stderr is not None
        assert b"Language Server Protocol" in process.stderr.readline()
        process.kill()
    os.close(ours)
