"""The formats of `spec-ls check`, each read by a reader that shares nothing with the writer."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
from jsonschema import Draft4Validator

from spec_ls.cli.formats import REPORTS, Format
from spec_ls.cli.judging import Checked, Judging, Options, check_text
from spec_ls.cli.report import Totals, shown_path
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.rules import CATALOGUE

EXAMPLES = Path(__file__).parents[1] / "examples"
SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0.schema.json"
NAMES = ("docs/delivery alerts, 100%: für 🚚.md", "docs/guest.md", "docs/clean.md", "docs/README.md", "gone.md")
HOSTILE = "29 June, 100%: 𝔪]]><b>\x1b[31m&amp; ::error::"


def sources() -> dict[str, str]:
    """A spec with many findings, hostile values and astral characters; another; one without; no spec."""
    alerts = (EXAMPLES / "delivery-alerts.md").read_text(encoding="utf-8")
    row = re.search(r"^\| \*\*Target Date\*\* \|.*$", alerts, re.M)
    assert row
    alerts = alerts.replace(row[0], f"| **🎯 Target Date** | {HOSTILE} |")
    alerts = alerts.replace("@lena", "lena").replace("\n", "\r\n")
    guest, clean = (
        (EXAMPLES / name).read_text(encoding="utf-8") for name in ("guest-checkout.md", "invoice-export.md")
    )
    return dict(zip(NAMES, (alerts, guest, clean, "# Our service\n"), strict=False))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from the specs of this repository."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> list[Checked]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("formats"))
        found = [check_text(name, text, False) for name, text in sources().items()]
    return [*found, Checked("gone.md", "unread", "there is no such file")]


def written(form: Format, checked: list[Checked], fail_on: str = "error") -> str:
    report, totals = REPORTS[form](fail_on), Totals()
    parts = [*report.begin()]
    for one in checked:
        totals.add(one)
        parts += report.file(one)
    parts += report.end(totals)
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def findings(checked: list[Checked]) -> list[tuple[str, str, str]]:
    """Path, rule and message of all that every format has to tell."""
    return [(one.name, shown.rule, shown.message) for one in checked for shown in one.found]


def test_there_is_something_to_tell(checked: list[Checked]) -> None:
    assert [one.kind for one in checked] == ["spec", "spec", "spec", "other", "unread"]
    assert len(findings(checked)) > 25
    assert {shown.severity for one in checked for shown in one.found} >= {"error", "warning", "hint"}


def test_concise_is_one_line_a_finding(checked: list[Checked]) -> None:
    lines = written("concise", checked).splitlines()
    read = [re.fullmatch(r"(.+\.md):(\d+):(\d+): (error|warning|information|hint)\[([a-z-]+)\] (.+)", x) for x in lines]
    assert [(one[1], one[5]) for one in read if one] == [found[:2] for found in findings(checked)]
    assert all(read)


def test_text_shows_each_file_together_and_the_numbers_at_the_end(checked: list[Checked]) -> None:
    *files, last = written("text", checked).split("\n\n")
    assert [file.split(" (")[0] for file in files] == list(NAMES[:2])
    assert re.match(
        r"\d+ errors, \d+ warnings, \d+ hints in 3 specs \(\d+ can be fixed: spec-ls fix\); 1 file is", last
    )
    for file in files:
        head, *lines = file.split("\n")
        assert re.fullmatch(r".+ \((Draft|Review)\): \d+ .+", head)
        lines = [line for line in lines if not re.match(r"    docs/.+:\d+:\d+: ", line)]  # what explains a finding
        assert len(lines) % 3 == 0
        assert all(re.fullmatch(r"\s*\^+", line) for line in lines[2::3])


def test_json_gives_edits_that_an_editor_would_make(checked: list[Checked]) -> None:
    records = json.loads(written("json", checked))
    assert [json.loads(line) for line in written("jsonl", checked).splitlines()] == records
    assert [(one["path"], one["rule"], one["message"]) for one in records] == findings(checked)
    texts = sources()
    mended = 0
    for one in records:
        for fix in (fix for fix in one["fixes"] if fix["certain"]):
            edits = [(edit["range"]["start"], edit["range"]["end"], edit["newText"]) for edit in fix["edits"]]
            starts = [((s["line"], s["character"]), (e["line"], e["character"]), new) for s, e, new in edits]
            after = spliced(texts[one["path"]], starts)
            left = check_text(one["path"], after, True).found
            before = next(found for found in checked if found.name == one["path"]).found
            alike = (one["rule"], one["message"])
            assert [(x.rule, x.message) for x in left].count(alike) < [(x.rule, x.message) for x in before].count(alike)
            mended += 1
    assert mended > 5


def spliced(text: str, edits: list[tuple[tuple[int, int], tuple[int, int], str]]) -> str:
    """The text after edits at lines and UTF-16 characters from zero."""
    starts = [0, *(match.end() for match in re.finditer("\r\n|\r|\n", text))]

    def offset(place: tuple[int, int]) -> int:
        units = text[starts[place[0]] :].encode("utf-16-le")[: 2 * place[1]]
        return starts[place[0]] + len(units.decode("utf-16-le"))

    for start, end, new in sorted(edits, reverse=True):
        text = text[: offset(start)] + new + text[offset(end) :]
    return text


# --- SARIF


@pytest.fixture(scope="module")
def sarif(checked: list[Checked]) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(written("sarif", checked))
    return log


def test_sarif_is_valid_by_the_published_schema(sarif: dict[str, Any], checked: list[Checked]) -> None:
    validator = Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator.check_schema(validator.schema)
    assert [*validator.iter_errors(sarif)] == []
    assert [*validator.iter_errors(json.loads(written("sarif", [])))] == []
    assert [*validator.iter_errors(sarif | {"version": "2.0.0"})]


def test_sarif_tells_all_that_there_is(sarif: dict[str, Any], checked: list[Checked]) -> None:
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.name for rule in CATALOGUE]
    assert all(rule["help"]["text"] and rule["help"]["markdown"].startswith(f"# {rule['id']}\n") for rule in rules)
    results = run["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    addresses = [urlparse(place["artifactLocation"]["uri"]) for place in places]
    assert {(address.scheme, address.query, address.fragment) for address in addresses} == {("", "", "")}
    read = [
        (unquote(address.path), result["ruleId"], result["message"]["text"])
        for address, result in zip(addresses, results, strict=True)
    ]
    assert read == findings(checked)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert {result["level"] for result in results} == {"error", "warning", "note"}
    assert run["invocations"] == [{"executionSuccessful": False}]


def test_sarif_fixes_change_what_they_say(sarif: dict[str, Any]) -> None:
    texts, mended = sources(), 0
    for result in sarif["runs"][0]["results"]:
        for fix in result.get("fixes", ()):
            assert fix["description"]["text"]
            (change,) = fix["artifactChanges"]
            edits = []
            for one in change["replacements"]:
                where = one["deletedRegion"]
                start, end = (where["startLine"], where["startColumn"]), (where["endLine"], where["endColumn"])
                edits.append(((start[0] - 1, start[1] - 1), (end[0] - 1, end[1] - 1), one["insertedContent"]["text"]))
            name = unquote(change["artifactLocation"]["uri"])
            after = check_text(name, spliced(texts[name], edits), True)
            left = [(shown.rule, shown.message) for shown in after.found].count(
                (result["ruleId"], result["message"]["text"])
            )
            alike = [one for one in sarif["runs"][0]["results"] if one["message"] == result["message"]]
            mended += left < len(alike)
    assert mended > 5


@pytest.mark.parametrize("form", ["json", "sarif", "gitlab"])
def test_fingerprints_survive_moved_lines_and_are_each_their_own(form: Format, checked: list[Checked]) -> None:
    def prints(found: Checked) -> list[str]:
        records = json.loads(written(form, [found]))
        if form == "sarif":
            return [one["partialFingerprints"]["primaryLocationLineHash"] for one in records["runs"][0]["results"]]
        return [one["fingerprint"] for one in records]

    text = sources()[NAMES[1]]
    start = text.index("## ")
    moved = f"{text[:start]}Some words more.\n\nAnd more.\n\n{text[start:]}"
    before, after = checked[1], check_text(NAMES[1], moved, True)
    assert [shown.region.line for shown in before.found] != [shown.region.line for shown in after.found]
    assert prints(before) == prints(after)
    assert len(set(prints(before))) == len(before.found)


# --- places beside a finding

SELF = "| **Owner** 🦉 | @zoë |\n| **Approvers** | @mira, @zoë |"


@pytest.fixture
def twins(tmp_path: Path) -> list[Checked]:
    """Two specs with one identifier, in a folder each; the second has its owner among its approvers."""
    alerts = (EXAMPLES / "delivery-alerts.md").read_text(encoding="utf-8")
    owned = re.sub(r"^\| \*\*Owner\*\*.*\n.*$", SELF, alerts, flags=re.M)
    (tmp_path / "späte 📦").mkdir()
    (tmp_path / "a.md").write_bytes(alerts.encode())
    (tmp_path / "späte 📦" / "b.md").write_bytes(
        owned.replace("**Spec ID**", "🎯 **Spec ID**").replace("\n", "\r\n").encode()
    )
    resolver, rules = Resolver(), frozenset(("duplicate-id", "self-approval"))
    judging = Judging(resolver, Outside(policy=resolver.policy, folders=(".",)), Options(select=rules))
    names = ("a.md", "späte 📦/b.md")
    return [judging.text(name, Path(name).read_bytes().decode(), True).checked for name in names]


def explained(checked: list[Checked]) -> list[tuple[str, int, int, str]]:
    """Where something explains a finding (path, line and column from 1), and its words."""
    return [
        (
            shown_path(beside.path) if beside.path else one.name,
            beside.region.line + 1,
            beside.region.start + 1,
            beside.message,
        )
        for one in checked
        for shown in one.found
        for beside in shown.related
    ]


def test_places_beside_a_finding_are_those_that_they_name(twins: list[Checked]) -> None:
    records = json.loads(written("json", twins))
    read = [(one["path"], one["range"], one["message"]) for record in records for one in record["related"]]
    for path, where, message in read:
        (start, end), name = (where["start"], where["end"]), message.split()[0].strip("@")
        line = Path(path).read_text(encoding="utf-8").splitlines()[start["line"]].encode("utf-16-le")
        assert line[2 * start["character"] : 2 * end["character"]].decode("utf-16-le").strip("@") == name
    assert [(path, message) for path, _, message in read] == [(path, words) for path, *_, words in explained(twins)]
    assert {message for *_, message in read} == {"SPEC-7 is here, too.", "@mira is the owner.", "@zoë is the owner."}


@pytest.mark.parametrize("form", ["text", "github", "junit"])
def test_people_read_what_explains_a_finding(form: Format, twins: list[Checked]) -> None:
    shown = written(form, twins).replace("%0A", "\n").replace("</", "\n</").splitlines()
    notes = [f"{path}:{line}:{column}: {message}" for path, line, column, message in explained(twins)]
    assert len(notes) == 4
    assert [line.strip() for line in shown if line.strip() in notes] == notes
    assert not [line for line in written("concise", twins).splitlines() if line in notes]


def test_programs_read_the_places_beside_a_finding(twins: list[Checked]) -> None:
    (run,) = json.loads(written("sarif", twins))["runs"]
    related = [one for result in run["results"] for one in result.get("relatedLocations", ())]
    places = [one["physicalLocation"] for one in related]
    read = [(unquote(one["artifactLocation"]["uri"]), one["region"]["startLine"]) for one in places]
    assert read == [(path, line) for path, line, *_ in explained(twins)]
    assert [one["message"]["text"] for one in related] == [message for *_, message in explained(twins)]
    others = [one for entry in json.loads(written("gitlab", twins)) for one in entry.get("other_locations", ())]
    assert [(one["path"], one["lines"]["begin"]) for one in others] == read


# --- hosts


def test_github_annotations_are_read_as_the_runner_reads_them(checked: list[Checked]) -> None:
    def plain(value: str) -> str:
        for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            value = value.replace(code, char)
        return value

    read = []
    for line in written("github", checked).splitlines():
        command, _, rest = line.removeprefix("::").partition(" ")
        properties, _, message = rest.partition("::")
        values = {key: plain(value) for key, value in (one.split("=", 1) for one in properties.split(","))}
        assert command in ("error", "warning", "notice")
        assert values.keys() >= {"file", "line", "endLine", "title"}
        assert values["line"] != values["endLine"] or int(values["endColumn"]) >= int(values["col"]) >= 1
        read.append((values["file"], values["title"], plain(message).split("\n")[0]))
    assert read == [(path, rule, re.sub(r"[\x00-\x1f]", "\ufffd", words)) for path, rule, words in findings(checked)]


def test_github_paths_count_from_the_checkout(
    checked: list[Checked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services").mkdir()
    monkeypatch.chdir(tmp_path / "services")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    assert "file=services/docs/guest.md," in written("github", checked[1:2])


def test_gitlab_reads_a_code_quality_report(checked: list[Checked]) -> None:
    records = json.loads(written("gitlab", checked))
    assert [(one["location"]["path"], one["check_name"], one["description"]) for one in records] == findings(checked)
    assert len({one["fingerprint"] for one in records}) == len(records)
    assert {one["severity"] for one in records} <= {"info", "minor", "major", "critical", "blocker"}
    assert all(one["location"]["lines"]["begin"] >= 1 for one in records)


@pytest.mark.parametrize("fail_on", ["error", "hint", "never"])
def test_junit_is_xml_with_a_case_a_finding(checked: list[Checked], fail_on: str) -> None:
    root = ElementTree.fromstring(written("junit", checked, fail_on).encode("utf-8"))
    assert root.tag == "testsuites"
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == [NAMES[0], NAMES[1], NAMES[2], NAMES[4]]
    failing = 0
    for suite in root:
        cases = suite.findall("testcase")
        failing += len(suite.findall("testcase/failure"))
        assert int(suite.get("tests", "")) == len(cases)
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))
        assert len({case.get("name") for case in cases}) == len(cases)
    severities = [shown.severity for one in checked for shown in one.found]
    assert failing == {"error": severities.count("error"), "hint": len(severities), "never": 0}[fail_on]
    assert len(suites[NAMES[2]]) == 1 and not list(suites[NAMES[2]][0])


def test_no_format_lets_a_document_steer_a_terminal(checked: list[Checked]) -> None:
    assert any("\x1b" in text for text in sources().values())
    for form in REPORTS:
        assert "\x1b" not in written(form, checked), form
