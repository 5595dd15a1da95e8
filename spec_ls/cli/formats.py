"""Results for programs: JSON of three kinds, SARIF, annotations, JUnit. Always UTF-8; each is written file by file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from spec_ls import __version__
from spec_ls.cli.excerpt import printable
from spec_ls.cli.judging import Checked, Mend, Region, Shown
from spec_ls.cli.report import ConciseReport, Printed, Report, TextReport, Totals, notes, shown_path, weighing
from spec_ls.rules import CATALOGUE
from spec_ls.rules.base import Rule, Severity
from spec_ls.rules.pages import page, remedy, summary

Format = Literal["text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit"]


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


class _Array(Report):
    """A JSON array with an entry a finding."""

    def __init__(self, fail_on: str = "error") -> None:
        super().__init__(fail_on)
        self._any = False

    def entry(self, checked: Checked, shown: Shown) -> Any:
        raise NotImplementedError

    def begin(self) -> Printed:
        yield "["

    def file(self, checked: Checked) -> Printed:
        for shown in checked.found:
            yield ",\n" if self._any else "\n"
            yield _json(self.entry(checked, shown))
            self._any = True

    def end(self, totals: Totals) -> Printed:
        yield "\n]\n" if self._any else "]\n"


# --- JSON


def record(checked: Checked, shown: Shown) -> dict[str, Any]:
    """A finding; ranges as in LSP: from zero, characters in UTF-16 code units."""
    return {
        "path": checked.name,
        "rule": shown.rule,
        "severity": shown.severity,
        "message": shown.message,
        "range": _range(shown.region),
        "fixable": shown.fixable,
        "fixes": [_fix(fix) for fix in shown.fixes],
        "fingerprint": shown.fingerprint,
        "related": [
            {"path": _path(checked, path), "range": _range(region), "message": message}
            for path, region, message in shown.related
        ],
    }


def _path(checked: Checked, path: str) -> str:
    """The file of a place that explains a finding."""
    return shown_path(path) if path else checked.name


def _range(region: Region) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": region.line, "character": region.character},
        "end": {"line": region.end_line, "character": region.end_character},
    }


def _fix(fix: Mend) -> dict[str, Any]:
    edits = [{"range": _range(region), "newText": text} for region, text in fix.edits]
    return {"title": fix.title, "certain": fix.certain, "edits": edits}


class JsonReport(_Array):
    """One array of all findings."""

    def entry(self, checked: Checked, shown: Shown) -> Any:
        return record(checked, shown)


class LinesReport(Report):
    """One object a finding and line (JSON Lines)."""

    def file(self, checked: Checked) -> Printed:
        return (_json(record(checked, shown)) + "\n" for shown in checked.found)


# --- SARIF 2.1.0

_LEVELS: dict[Severity | None, str] = {
    "error": "error",
    "warning": "warning",
    "information": "note",
    "hint": "note",
    None: "none",
}
_NUMBERS = {rule.name: number for number, rule in enumerate(CATALOGUE)}


class SarifReport(_Array):
    """One log with one run: the rules first, then the results, then how it went."""

    def begin(self) -> Printed:
        driver = {"name": "spec-ls", "semanticVersion": __version__, "rules": [_sarif_rule(rule) for rule in CATALOGUE]}
        yield '{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{'
        yield f'"tool": {_json({"driver": driver})}, "columnKind": "utf16CodeUnits",\n"results": ['

    def entry(self, checked: Checked, shown: Shown) -> Any:
        file = {"uri": _address(checked.name)}
        result: dict[str, Any] = {
            "ruleId": shown.rule,
            "ruleIndex": _NUMBERS[shown.rule],
            "level": _LEVELS[shown.severity],
            "message": {"text": shown.message},
            "locations": [{"physicalLocation": {"artifactLocation": file, "region": _sarif_region(shown.region)}}],
            "partialFingerprints": {"primaryLocationLineHash": shown.fingerprint},
            "properties": {"severity": shown.severity},
        }
        if shown.related:
            result["relatedLocations"] = [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": _address(_path(checked, path))},
                        "region": _sarif_region(region),
                    },
                    "message": {"text": message},
                }
                for path, region, message in shown.related
            ]
        fixes = [
            {"description": {"text": fix.title}, "artifactChanges": [{"artifactLocation": file, "replacements": made}]}
            for fix in shown.fixes
            if (made := [_replacement(*edit) for edit in fix.edits])
        ]
        return {**result, "fixes": fixes} if fixes else result

    def end(self, totals: Totals) -> Printed:
        yield f'\n], "invocations": [{_json({"executionSuccessful": not totals.failed})}]}}]}}\n'


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    weights: Iterable[Severity | None] = (rule.weights.review, rule.weights.approved, *rule.weights)
    weight = next((weight for weight in weights if weight), None)
    return {
        "id": rule.name,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{summary(rule)}."},
        "fullDescription": {"text": " ".join(rule.doc.partition("\nExample:")[0].split())},
        "help": {"text": remedy(rule), "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[weight]},
    }


def _sarif_region(region: Region) -> dict[str, int]:
    return {
        "startLine": region.line + 1,
        "startColumn": region.character + 1,
        "endLine": region.end_line + 1,
        "endColumn": region.end_character + 1,
    }


def _replacement(region: Region, text: str) -> dict[str, Any]:
    return {"deletedRegion": _sarif_region(region), "insertedContent": {"text": text}}


def _address(path: str) -> str:
    """A path as a URI: relative where it is that, so that it holds wherever the repository lies."""
    if os.path.isabs(path):
        return Path(path).as_uri()
    return quote(path.replace(os.sep, "/").removeprefix("./"), safe="/@+,;=!$&'()*~", errors="surrogateescape")


# --- annotations of hosts

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "information": "notice", "hint": "notice"}
_GITLAB: dict[Severity, str] = {"error": "major", "warning": "minor", "information": "info", "hint": "info"}


class GithubReport(Report):
    """Workflow commands of GitHub Actions; columns count code points from 1."""

    def file(self, checked: Checked) -> Printed:
        path = _property(_below(checked.name, "GITHUB_WORKSPACE"))
        for shown in checked.found:
            region, words = shown.region, "\n".join([shown.message, *notes(checked, shown)])
            where = f"file={path},line={region.line + 1},endLine={region.end_line + 1}"
            if region.line == region.end_line:  # else the host takes no columns
                where += f",col={region.start + 1},endColumn={max(region.end, region.start + 1)}"
            yield f"::{_COMMANDS[shown.severity]} {where},title={_property(shown.rule)}::{_data(words)}\n"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


class GitlabReport(_Array):
    """A Code Quality report of GitLab."""

    def entry(self, checked: Checked, shown: Shown) -> Any:
        path = _below(checked.name, "CI_PROJECT_DIR")
        name = f"{path}\0{shown.rule}\0{shown.fingerprint}"
        entry: dict[str, Any] = {
            "description": shown.message,
            "check_name": shown.rule,
            "fingerprint": hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest(),
            "severity": _GITLAB[shown.severity],
            "location": _lines(path, shown.region),
        }
        if shown.related:
            others = ((_path(checked, beside.path), beside.region) for beside in shown.related)
            entry["other_locations"] = [_lines(_below(name, "CI_PROJECT_DIR"), region) for name, region in others]
        return entry


def _lines(path: str, region: Region) -> dict[str, Any]:
    return {"path": path, "lines": {"begin": region.line + 1, "end": region.end_line + 1}}


def _below(path: str, variable: str) -> str:
    """A path from the folder on that a host checks out into, where it names one that the file lies in."""
    top = os.environ.get(variable)
    relative = os.path.relpath(path, top) if top else path
    return (path if relative.startswith("..") else relative).replace(os.sep, "/").removeprefix("./")


# --- JUnit

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class JunitReport(Report):
    """A suite a file with a case a finding, which fails where that is as heavy as --fail-on; without one, it passes."""

    def begin(self) -> Printed:
        yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="spec-ls">\n'

    def file(self, checked: Checked) -> Printed:
        if checked.kind == "other":
            return
        heavy = weighing(self.fail_on)
        failing = sum(shown.severity in heavy for shown in checked.found)
        unread = checked.kind == "unread"
        counts = f'tests="{max(len(checked.found), 1)}" failures="{failing}" errors="{int(unread)}"'
        name = _attribute(checked.name)
        yield f"<testsuite name={name} {counts}>\n"
        if not checked.found:
            error = f"<error message={_attribute(checked.why)}/>" if unread else ""
            yield f'<testcase classname={name} name="spec" file={name}>{error}</testcase>\n'
        for shown in checked.found:
            line, column = shown.region.line + 1, shown.region.start + 1
            yield f"<testcase classname={name} name={_attribute(f'{shown.rule} {line}:{column}: {shown.message}')}"
            yield f' file={name} line="{line}">'
            told = "\n".join([f"{checked.name}:{line}:{column}: {shown.message}", *notes(checked, shown)])
            words = escape(_NO_XML.sub("\ufffd", told))
            if shown.severity in heavy:
                kind = f'type="{shown.rule}" message={_attribute(f"{shown.severity}: {shown.message}")}'
                yield f"<failure {kind}>{words}</failure></testcase>\n"
            else:
                yield f"<system-out>{shown.severity}: {words}</system-out></testcase>\n"
        yield "</testsuite>\n"

    def end(self, totals: Totals) -> Printed:
        yield "</testsuites>\n"


def _attribute(text: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


REPORTS: dict[Format, type[Report]] = {
    "text": TextReport,
    "concise": ConciseReport,
    "json": JsonReport,
    "jsonl": LinesReport,
    "sarif": SarifReport,
    "github": GithubReport,
    "gitlab": GitlabReport,
    "junit": JunitReport,
}
