"""The folders of the editors: what cannot be run is parsed, and has no key that its editor does not document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from broken import SPEC
from stdio import Stdio

import spec_ls

ROOT = Path(__file__).parents[1]
EDITORS = ROOT / "editors"
COMMAND = ["spec-ls", "--stdio"]
BIN = Path(sys.executable).parent


def parsed(path: str) -> Any:
    text = (EDITORS / path).read_text(encoding="utf-8")
    return tomllib.loads(text) if path.endswith(".toml") else json.loads(text)


def has_only(given: Mapping[str, Any], known: str) -> None:
    assert set(given) <= set(known.split()), set(given) - set(known.split())


def test_helix() -> None:
    """Keys as under "Language configuration" and "Language Server configuration" of its book."""
    config = parsed("helix/languages.toml")
    has_only(config, "language language-server")
    server = config["language-server"]["spec-ls"]
    has_only(server, "command args config timeout environment required-root-patterns")
    assert [server["command"], *server["args"]] == COMMAND
    (language,) = config["language"]
    has_only(language, "name language-servers roots scope file-types auto-format formatter")
    assert language["name"] == "markdown" and language["language-servers"][0] == "spec-ls"


def test_kate() -> None:
    """Keys as under "LSP Client Plugin" of its handbook."""
    config = parsed("kate/settings.json")
    has_only(config, "servers")
    server = config["servers"]["markdown"]
    has_only(server, "command rootIndicationFileNames highlightingModeRegex settings initializationOptions url root")
    assert server["command"] == COMMAND and server["highlightingModeRegex"] == "^Markdown$"


def test_zed() -> None:
    """Keys as under "Developing Extensions" and "Language Extensions" of its documentation."""
    extension, crate = parsed("zed/extension.toml"), parsed("zed/Cargo.toml")
    has_only(extension, "id name version schema_version authors description repository language_servers")
    assert extension["schema_version"] == 1 and extension["version"] == spec_ls.__version__
    server = extension["language_servers"]["spec-ls"]
    has_only(server, "name languages language_ids")
    assert server["languages"] == list(server["language_ids"]) == ["Markdown"]
    assert crate["lib"]["crate-type"] == ["cdylib"] and crate["package"]["version"] == spec_ls.__version__
    assert "zed_extension_api" in crate["dependencies"]
    source = (EDITORS / "zed" / crate["lib"]["path"]).read_text(encoding="utf-8")
    assert '"--stdio"' in source and "zed::register_extension!" in source


def test_sublime() -> None:
    """Keys as under "Client Configuration" of the documentation of LSP."""
    config = parsed("sublime/LSP.sublime-settings")
    has_only(config, "clients")
    client = config["clients"]["spec-ls"]
    has_only(client, "enabled command selector schemes initializationOptions settings env priority_selector")
    assert client["command"] == COMMAND and client["enabled"] is True


def test_jetbrains() -> None:
    """Keys as the templates that come with LSP4IJ have them."""
    template = parsed("jetbrains/template.json")
    has_only(template, "id name programArgs fileTypeMappings languageMappings expandConfiguration")
    assert template["programArgs"]["default"].split() == COMMAND
    (mapping,) = template["fileTypeMappings"]
    has_only(mapping, "fileType languageId")
    assert mapping["languageId"] == "markdown" and "*.md" in mapping["fileType"]["patterns"]


def test_agents(tmp_path: Path) -> None:
    """The command is started as it stands there, by a client that says nothing of what it can do."""
    (server,) = parsed("agents/spec-ls/.lsp.json").values()
    has_only(server, "command args extensionToLanguage initializationOptions settings env")
    assert server["extensionToLanguage"][".md"] == "markdown"
    item = {"uri": (tmp_path / "a.md").as_uri(), "languageId": "markdown", "version": 1, "text": SPEC}
    with Stdio([str(BIN / server["command"]), *server["args"]]) as agent:
        agent.initialize(rootUri=tmp_path.as_uri(), initializationOptions=server["initializationOptions"])
        agent.notify("textDocument/didOpen", {"textDocument": item})
        shown = agent.wait_for(lambda one: one.get("method") == "textDocument/publishDiagnostics")
        assert [one["code"] for one in shown["params"]["diagnostics"]] == ["invalid-choice", "missing-section"]
        lenses = agent.request("textDocument/codeLens", {"textDocument": {"uri": item["uri"]}})
        assert lenses["result"] is None
        assert not [one for one in agent.received if "ignored" in str(one.get("params"))]


@pytest.mark.parametrize("most", ["1", "20"])
def test_errors_come_first_and_are_few(tmp_path: Path, most: str) -> None:
    (tmp_path / "a.md").write_text(SPEC.replace("| Dra |", "| Draft |"), encoding="utf-8")
    (tmp_path / "b 📦.md").write_text(SPEC.replace("SPEC-031", "SPEC-032"), encoding="utf-8")
    program = EDITORS / "agents" / "spec-ls" / "bin" / "spec-errors"
    done = subprocess.run(
        [sys.executable, str(program), "--most", most, "."],
        cwd=tmp_path,
        env={**os.environ, "SPEC_LS": str(BIN / "spec-ls"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    first, *rest = done.stdout.splitlines()
    assert done.returncode == 1 and first.startswith("error b 📦.md:6:19 invalid-choice: "), done.stdout
    if most == "1":
        assert rest == ["… and 2 warning more"]
    else:
        assert [line.split()[0] for line in rest] == ["warning", "warning"] and "a.md:16:5" in rest[0]


def test_every_folder_has_a_page_that_says_whether_it_was_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    runs = {file.stem.removeprefix("test_") for file in (ROOT / "tests" / "editors").glob("test_*.py")}
    for folder in (one for one in EDITORS.iterdir() if (one / "README.md").is_file()):
        page = (folder / "README.md").read_text(encoding="utf-8")
        assert f"editors/{folder.name}/README.md" in readme, folder
        was_run = any(run.startswith(folder.name) for run in runs)
        assert was_run != ("ot run here" in page or "is run here" in page), folder
