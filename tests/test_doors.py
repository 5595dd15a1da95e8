"""One engine, several doors: server, command line and scripts say the same of the same bytes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import specgen
from click.testing import CliRunner
from stdio import Stdio

import spec_ls
import spec_ls.api
from spec_ls.cli import check as check_module
from spec_ls.cli.commands import cli

ROOT = Path(__file__).parents[1]
CORPORA = ROOT.parent / "shared" / "corpora"
SEVERITIES = {"error": 1, "warning": 2, "information": 3, "hint": 4}
SETS = {
    "rust": ("0000-template.md", "text/*.md"),
    "kep": ("keps/NNNN-kep-template/README.md", "keps/sig-*/**/*.md"),
    "madr": ("template/adr-template.md", "docs/decisions/*.md"),
    "tf": ("rfcs/yyyymmdd-rfc-template.md", "rfcs/2*.md"),
}
NOW = {"SPEC_LS_NOW": "2026-03-01T12:00", "SPEC_LS_CACHE": "off"}


@pytest.fixture
def documents(tmp_path: Path) -> list[Path]:
    """Every example, every document of the sets with its template, and specs as the generator makes them."""
    made: dict[str, bytes] = {f"examples/{file.name}": file.read_bytes() for file in (ROOT / "examples").glob("*.md")}
    for seed in range(12):
        text = specgen.make_spec(90 + seed, seed).replace("\n", ("\n", "\r\n", "\r")[seed % 3])
        made[f"made/{seed}.md"] = text.encode()
    if CORPORA.is_dir():
        for name, (template, files) in SETS.items():
            entry = f'[templates.{name}]\npath = "{template}"\nfiles = ["{files}"]\n'
            made[f"{name}/.spec-ls.toml"] = entry.encode()
            for file in (CORPORA / name).rglob("*.md"):
                made[f"{name}/{file.relative_to(CORPORA / name).as_posix()}"] = file.read_bytes()
    for name, data in made.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return sorted(tmp_path.rglob("*.md"))


def test_server_and_command_line_say_the_same(
    documents: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check_module, "log_to_stderr", lambda: None)
    for name, value in NOW.items():
        monkeypatch.setenv(name, value)
    printed = CliRunner().invoke(cli, ["check", "--format", "json", "--jobs", "2", "."], catch_exceptions=False)
    told: dict[str, list[tuple[Any, ...]]] = {}
    for one in json.loads(printed.stdout):
        finding = one["rule"], SEVERITIES[one["severity"]], one["message"], one["range"]
        told.setdefault(one["path"], []).append(finding)
    assert len(told) > (60 if CORPORA.is_dir() else 12)
    with Stdio(env=NOW) as server:
        capabilities: dict[str, Any] = {"general": {"positionEncodings": ["utf-16"]}}
        capabilities["workspace"] = {"diagnostics": {"refreshSupport": True}}
        server.initialize({**capabilities, "textDocument": {"diagnostic": {}}}, rootUri=tmp_path.as_uri())
        for path in documents:
            item = {"uri": path.as_uri(), "languageId": "markdown", "version": 1, "text": path.read_bytes().decode()}
            server.notify("textDocument/didOpen", {"textDocument": item})

        def differs(path: Path) -> bool:
            report = server.request("textDocument/diagnostic", {"textDocument": {"uri": path.as_uri()}})["result"]
            shown = [(one["code"], one["severity"], one["message"], one["range"]) for one in report["items"]]
            printed = told.get(path.relative_to(tmp_path).as_posix(), [])
            return sorted(shown, key=repr) != sorted(printed, key=repr)

        left = list(filter(differs, documents))
        while left:  # what other specs say, the server tells when it has looked at them
            asked = server.wait_for(lambda message: message.get("method") == "workspace/diagnostic/refresh")
            server.received.remove(asked)
            server.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})
            left = list(filter(differs, left))
    assert set(told) <= {path.relative_to(tmp_path).as_posix() for path in documents}
    assert len(documents) >= 16


# --- scripts


def test_a_script_gets_what_the_command_line_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "examples" / "delivery-alerts.md").read_text(encoding="utf-8")
    problems = spec_ls.check(text)
    monkeypatch.setattr(check_module, "log_to_stderr", lambda: None)
    arguments = ["check", "--format", "json", "--ignore", "overdue-target", "-"]
    printed = json.loads(CliRunner().invoke(cli, arguments, input=text).stdout)
    assert [(one.rule, one.severity, one.message) for one in problems] == [
        (one["rule"], one["severity"], one["message"]) for one in printed
    ]
    assert all(isinstance(one, spec_ls.Problem) for one in problems)
    assert spec_ls.check("# Our service\n") == []


def test_a_script_reads_its_template(tmp_path: Path) -> None:
    path = tmp_path / "rfc.md"
    path.write_text("# [Title]\n\n- Status: Open / Shut\n\n## Why\n*Say why.*\n\n## How\n*Say how.*\n", "utf-8")
    template = spec_ls.Template.read(path)
    assert template.name == "rfc"
    (problem,) = spec_ls.check("# Queues\n\n- Status: Open\n\n## Why\nSlow.\n", template=template)
    assert (problem.rule, problem.span.start_line) == ("missing-section", 4)
    with pytest.raises(spec_ls.CannotRead):
        spec_ls.Template.read(tmp_path / "gone.md")
    path.write_text("Nothing.\n", "utf-8")
    with pytest.raises(ValueError, match="neither sections nor metadata"):
        spec_ls.Template.read(path)
    with pytest.raises(ValueError, match="adr, product-spec, rfc"):
        spec_ls.Template.builtin("ard")


def test_a_script_asks_about_another_status() -> None:
    text = (ROOT / "examples" / "guest-checkout.md").read_text(encoding="utf-8")
    assert {one.severity for one in spec_ls.check(text)} == {"warning", "hint"}
    assert "error" in {one.severity for one in spec_ls.check(text, status="approved")}
    assert "Approved" in spec_ls.Template.builtin().statuses
    with pytest.raises(ValueError, match="Draft"):
        spec_ls.check(text, status="Shipped")


def test_what_scripts_import_costs_the_server_nothing() -> None:
    code = "import sys, spec_ls; print(*(name for name in sys.modules if name.startswith('spec_ls')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["spec_ls"]
    with pytest.raises(AttributeError):
        spec_ls.nothing  # noqa: B018


def test_the_documented_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "docs" / "templates" / "spec.md"
    path.parent.mkdir(parents=True)
    path.write_text("# [Title]\n\n## Why\n*Say why.*\n\n## How\n*Say how.*\n", "utf-8")
    doc = (spec_ls.api.__doc__ or "").partition("\n\n")[2]
    exec(textwrap.dedent(doc), {"text": "# Queues\n\n## Why\nSlow.\n"})
    assert re.fullmatch(r"3 warning missing-section .+\n", capsys.readouterr().out)
    assert (Path(spec_ls.__file__).parent / "py.typed").is_file()


def test_a_users_script_is_typed(tmp_path: Path) -> None:
    script = tmp_path / "gate.py"
    wrong = tmp_path / "wrong.py"
    script.write_text(
        textwrap.dedent("""\
        from pathlib import Path

        import spec_ls


        def errors(folder: Path) -> dict[str, list[spec_ls.Problem]]:
            try:
                template = spec_ls.Template.read(folder / "template.md")
            except (spec_ls.CannotRead, ValueError) as error:
                raise SystemExit(str(error)) from None
            texts = {file.name: file.read_text("utf-8") for file in folder.glob("*.md")}
            found = {name: spec_ls.check(text, template=template) for name, text in texts.items()}
            return {name: [one for one in told if one.severity == "error"] for name, told in found.items()}


        def lines(text: str, status: str = "") -> list[tuple[int, str]]:
            known: tuple[str, ...] = spec_ls.Template.builtin().statuses
            return [(one.span.start_line + 1, one.message) for one in spec_ls.check(text, status=status or known[0])]
        """),
        "utf-8",
    )
    wrong.write_text("import spec_ls\n\nspec_ls.check(3)\nspec_ls.check('', template='adr')[0].line\n", "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(ROOT / ".mypy_cache")]
    done = subprocess.run([*command, script, wrong], cwd=ROOT, capture_output=True, text=True)
    assert re.findall(r"(\w+)\.py:(\d+): error: .*\[([a-z-]+)\]", done.stdout) == [
        ("wrong", "3", "arg-type"),
        ("wrong", "4", "attr-defined"),
        ("wrong", "4", "arg-type"),
    ], done.stdout + done.stderr
