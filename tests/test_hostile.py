"""Texts made to take long: every pattern and every feature takes time in proportion to the length of the text.

The patterns are found by themselves: those that modules of `spec_ls` hold, and those in calls such as `re.sub(…)`. Each
is fed texts made from its own parts, by the methods that the code calls on it, at one length and at four times that.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
import pkgutil
import random
import re
import re._constants as ops
import re._parser as parser
import time
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import spec_ls
from spec_ls.catalogue import Catalogue, card
from spec_ls.features import Person, Surroundings
from spec_ls.features.actions import actions
from spec_ls.features.completion import complete
from spec_ls.features.folding import folds
from spec_ls.features.format import format_edits, typed
from spec_ls.features.hover import hover
from spec_ls.features.linked import linked
from spec_ls.features.links import Addresses, links
from spec_ls.features.navigation import declarations, definitions, references
from spec_ls.features.refactor import refactorings
from spec_ls.features.selection import selections
from spec_ls.features.suppress import suppressions
from spec_ls.features.symbols import symbols
from spec_ls.features.tokens import tokens
from spec_ls.patterns import safe_pattern
from spec_ls.template import builtin
from spec_ls.template.read import read_template
from spec_ls.text import Point, Span
from spec_ls.workspace import Document, Replacement

PACKAGE = Path(spec_ls.__file__).parent
METHODS = {"search", "match", "fullmatch", "findall", "finditer", "sub", "subn", "split"}
LENGTHS = (16, 20, 25, 31, 39, 49, 61, 125, 250, 500, 4000)
"""Letters, in small steps at first: a pattern that tries all ways to cut up a text would not come back from a leap."""
QUICK = 0.003
"""Seconds. What is done with 4,000 letters by then is not quadratic: that takes a hundred times as long."""
ENOUGH = 0.1
"""Seconds that a whole document may take without a second look."""
SOAK = bool(os.environ.get("SPEC_LS_SOAK"))
VARIANTS = 12 if SOAK else 2
SEEDS = random.Random(time.time_ns() if SOAK else 7)
MOST = 8.0
"""How many times as long a text four times as long may take: 4 in proportion, 16 by its square."""

BUILT = {
    "(?:{stem})?[-_ #‐-―]*([0-9]{{1,9}})": "(?:SPEC|SPC)?[-_ #‐-―]*([0-9]{1,9})",
    r"(\W*){prefix}(?:[0-9]+|[XN#?]+)(?!\w)([\])}}]?[\s:.–—-]*)": (
        r"(\W*)SPEC\-(?:[0-9]+|[XN#?]+)(?!\w)([\])}]?[\s:.–—-]*)"
    ),
    r"({prefix})([0-9]{{1,9}})([-_. ]+)(?![0-9]{{2}}-[0-9]{{2}}\b)": (
        r"(SPEC\-)([0-9]{1,9})([-_. ]+)(?![0-9]{2}-[0-9]{2}\b)"
    ),
    " {{0,3}}{re.escape(fence)}{re.escape(fence[0])}*[ \\t]*[\\r\\n]*$": " {0,3}``````*[ \\t]*[\\r\\n]*$",
}
"""Patterns that are put together when they are used, as the source has them, and one that comes of it."""
GIVEN = {("spec_ls.patterns", "source"), ("spec_ls.patterns", "safe")}
"""Of the team's own patterns a letter, and the whole made safe: `OF_TEAMS` are such."""
OF_TEAMS = [
    "PAY-[0-9]+",
    "(PAY|PAYMENTS|CORE)-\\d+",
    "[A-Z][A-Z0-9]+-[0-9]{1,6}",
    "\\w+[- ]?#\\d+",
    "(?:[a-z ]+/)?[A-Z]+-\\d+|[^ab]+b",
    "\\S+\\s\\S",
]
"""Patterns that a team may configure."""


class Used(NamedTuple):
    """A pattern, where it stands, and by which methods it is used."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


# --- the patterns


def used_patterns() -> list[Used]:
    found: list[Used] = []
    for module in pkgutil.walk_packages([str(PACKAGE)], "spec_ls."):
        if module.name == "spec_ls.__main__":
            continue
        held = {
            name: value
            for name, value in vars(importlib.import_module(module.name)).items()
            if isinstance(value, re.Pattern)
        }
        path = PACKAGE.parent / module.name.replace(".", "/")
        source = path / "__init__.py" if module.ispkg else path.with_suffix(".py")
        methods = methods_in(ast.parse(source.read_text("utf-8")))
        found += [
            Used(f"{module.name}.{name}", pattern, methods.get(name) or handed_on(methods, held))
            for name, pattern in held.items()
        ]
        found += patterns_in_calls(module.name, source)
    return found


def methods_in(tree: ast.AST) -> dict[str, frozenset[str]]:
    """By which methods of patterns each name is used."""
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            found[node.value.id] = found.get(node.value.id, frozenset()) | {node.attr}
    return found


def handed_on(methods: Mapping[str, frozenset[str]], known: Container[str]) -> frozenset[str]:
    """The methods of a pattern that is used under another name: those of all names that are no known pattern's."""
    others = (used for name, used in methods.items() if name not in known and name != "re")
    return frozenset().union(*others) - {"split"}  # of strings


def patterns_in_calls(module: str, source: Path) -> Iterator[Used]:
    """The patterns of `re.match(…)` and the like, and those compiled inside functions."""
    tree = ast.parse(source.read_text("utf-8"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if not isinstance(call.func.value, ast.Name) or call.func.value.id != "re":
                continue
            if call.func.attr not in METHODS | {"compile"}:
                continue
            compiled = call.func.attr == "compile"
            if compiled and isinstance(call.args[0], ast.Name) and (module, call.args[0].id) in GIVEN:
                continue
            methods = frozenset({call.func.attr})
            if compiled:  # and used there, or where it is handed to
                methods = handed_on(methods_in(function), ()) or handed_on(methods_in(tree), ())
            assert methods, f"{module}, line {call.lineno}: cannot tell how the pattern is used"
            flags = [argument for argument in (*call.args, *(word.value for word in call.keywords))]
            flag = sum(getattr(re, one.attr) for one in flags if isinstance(one, ast.Attribute) and one.attr in "IMSX")
            for pattern in texts_of(call.args[0], function):
                where = f"{module}, line {call.lineno}"
                yield Used(where, re.compile(pattern, flag), methods)


def texts_of(node: ast.expr, function: ast.AST) -> list[Any]:
    """The patterns that an expression may be: a constant, one in `BUILT`, or the constants of a loop's variable."""
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        source = "".join(
            part.value.replace("{", "{{").replace("}", "}}")
            if isinstance(part, ast.Constant)
            else "{" + ast.unparse(part.value) + "}"  # type: ignore[attr-defined]
            for part in node.values
        )
        assert source in BUILT, f"add an instance of this pattern to BUILT: {source}"
        return [BUILT[source]]
    if isinstance(node, ast.Name):
        loops = [
            loop.iter
            for loop in ast.walk(function)
            if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and loop.target.id == node.id
        ]
        constants = [one for loop in loops for one in ast.walk(loop) if isinstance(one, ast.Constant)]
        assert constants, f"cannot tell which patterns {node.id} may be"
        return [one.value for one in constants]
    if isinstance(node, ast.BinOp):  # bytes around an escaped prefix
        parts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, bytes)]
        return [parts[0] + b"SPEC-" + parts[1]]
    raise AssertionError(f"cannot tell which pattern this is: {ast.unparse(node)}")


# --- texts made from a pattern's parts

LETTERS = " \txa1*_`[](){}<>@#|\\:-+.,/!&\"'=~É…\n\u2028"
CLASSES = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


def is_in(letter: str, items: Any) -> bool:
    inside = any(
        (op is ops.LITERAL and ord(letter) == value)
        or (op is ops.RANGE and value[0] <= ord(letter) <= value[1])
        or (op is ops.CATEGORY and re.match(CLASSES[value], letter))
        for op, value in items
    )
    return inside != (items[0][0] is ops.NEGATE)


def sample(tree: Any, chance: random.Random) -> str:
    """A text that a parsed pattern matches, look-arounds and back-references left out."""
    parts: list[str] = []
    for op, value in tree:
        if op is ops.LITERAL:
            parts.append(chr(value))
        elif op is ops.NOT_LITERAL:
            parts.append("x" if value != ord("x") else "y")
        elif op is ops.ANY:
            parts.append("x")
        elif op is ops.IN:
            there = [letter for letter in LETTERS if is_in(letter, value)]
            there += [chr(one) for kind, one in value if kind is ops.LITERAL and not is_in("\x07", value)]
            parts.append(chance.choice(there) if there else "é")
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            least, most, inner = value
            for _ in range(max(least, min(int(most), chance.choice([1, 1, 2])))):
                parts.append(sample(inner, chance))
        elif op is ops.SUBPATTERN:
            parts.append(sample(value[3], chance))
        elif op is ops.ATOMIC_GROUP:
            parts.append(sample(value, chance))
        elif op is ops.BRANCH:
            parts.append(sample(chance.choice(value[1]), chance))
    return "".join(parts)


def repeated(tree: Any) -> Iterator[Any]:
    """Whatever a parsed pattern repeats."""
    for op, value in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            yield value[2]
            yield from repeated(value[2])
        elif op is ops.SUBPATTERN:
            yield from repeated(value[3])
        elif op is ops.ATOMIC_GROUP:
            yield from repeated(value)
        elif op is ops.BRANCH:
            for branch in value[1]:
                yield from repeated(branch)
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            yield from repeated(value[1])


def attacks(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Texts in three parts: a beginning, what is repeated, and an end that must not match."""
    chance = random.Random(SEEDS.random())
    source = pattern.pattern
    is_text = isinstance(source, str)
    tree = parser.parse(source, pattern.flags) if is_text else parser.parse(source.decode("latin-1"))
    pumps = {sample(tree, chance) for _ in range(VARIANTS)}
    for one in repeated(tree):
        pumps |= {sample(one, chance) for _ in range(VARIANTS)}
    pumps.discard("")
    listed = sorted(pumps)
    pumps |= {chance.choice(listed) + chance.choice(listed) for _ in range(2 * VARIANTS if listed else 0)}
    pumps |= {*" a1([*_x", "a ", "* ", "[x](", "[x][", "@a/", "-a"}
    whole = sample(tree, chance)
    heads = {"", whole, whole[: len(whole) // 2], whole[:1]}
    return [(head, pump, tail) for head in sorted(heads) for pump in sorted(pumps) for tail in ("", "\0x!")]


def seconds(job: Callable[[], object]) -> float:
    """Of this thread's own: what else the machine does is of no account, nor how many objects other tests have left."""
    gc.disable()
    try:
        start = time.thread_time()
        job()
        return time.thread_time() - start
    finally:
        gc.enable()


def use(pattern: re.Pattern[Any], method: str, text: str) -> float:
    given: Any = text if isinstance(pattern.pattern, str) else text.encode()
    if method in ("sub", "subn"):
        return seconds(lambda: pattern.sub(given[:0], given))
    if method == "finditer":
        return seconds(lambda: list(pattern.finditer(given)))
    return seconds(lambda: getattr(pattern, method)(given))


def is_slow(pattern: re.Pattern[Any], method: str, attack: tuple[str, str, str]) -> bool:
    head, pump, tail = attack

    def fastest(length: int, times: int = 5) -> float:
        return min(use(pattern, method, head + pump * (length // len(pump)) + tail) for _ in range(times))

    return any(
        fastest(length, 1) > QUICK and (long := fastest(length)) > QUICK and long > MOST * fastest(length // 4)
        for length in LENGTHS
    )


USED = used_patterns()


def test_the_patterns_are_found() -> None:
    """In every way in which they may stand in the source."""
    where = " ".join(one.where for one in USED)
    assert len(USED) > 100
    assert "spec_ls.values._LINKED" in where and "spec_ls.template.annotations._COMMENT" in where
    assert "spec_ls.index, line" in where and "spec_ls.rules.invalid_id, line" in where


@pytest.mark.parametrize(
    ("source", "method"),
    [
        (r"\s+$", "search"),
        (r"x*y", "sub"),
        (r"[^\W_]*[a-z]*:", "match"),
        (r"(a|b|ab|ba)*c", "match"),
        (r"(\w+\s*)+:", "match"),
    ],
)
def test_a_pattern_that_takes_long_is_caught(source: str, method: str) -> None:
    pattern = re.compile(source)
    assert any(is_slow(pattern, method, attack) for attack in attacks(pattern))


@pytest.mark.parametrize("used", USED, ids=lambda used: used.where)
def test_a_pattern_takes_time_in_proportion_to_the_text(used: Used) -> None:
    for method in used.methods:
        for attack in attacks(used.pattern):
            assert not is_slow(used.pattern, method, attack), f"{used.pattern.pattern!r}.{method}: {attack}"


@pytest.mark.parametrize("source", OF_TEAMS)
def test_a_pattern_of_a_team_takes_time_in_proportion_to_the_text(source: str) -> None:
    pattern = safe_pattern(source)
    for attack in attacks(pattern):
        assert not is_slow(pattern, "finditer", attack), attack


# --- whole documents

WORD = "<!-- spec-ls: template=product-spec -->\n"
TABLE = f"{WORD}# T\n\n| Metadata | Value |\n|---|---|\n"
SEED = builtin().source
AROUND = Surroundings(today=date(2026, 3, 2), people=(Person("@ines", "CODEOWNERS"),), ids=frozenset({"SPEC-007"}))

FAMILIES: dict[str, Callable[[int], str]] = {
    "quotes in each other": lambda n: WORD + "> " * n + "x\n",
    "lists in each other": lambda n: WORD + "- " * n + "x\n",
    "quoted lines": lambda n: WORD + "> x\n" * n,
    "one line": lambda n: SEED + "\n" + "a b: *c* [x] " * n,
    "rows of one field": lambda n: TABLE + "| **Spec ID** | SPEC-001 |\n" * n,
    "rows of nothing": lambda n: TABLE + "| x | y |\n" * n,
    "columns": lambda n: f"{TABLE}|{' x |' * n}\n",
    "escaped bars": lambda n: TABLE + "|" + "\\|" * n + " | y |\n",
    "headings that are due once": lambda n: WORD + "## 1. Executive Summary\n" * n,
    "headings with numbers": lambda n: WORD + "".join(f"## {n - at}. Topic\n" for at in range(n)),
    "headings that nearly match": lambda n: WORD + "".join(f"## Technicel Desing {at % 7}\n" for at in range(n)),
    "titles": lambda n: WORD + "# x\n" * n,
    "stories": lambda n: SEED.replace("## 3", "".join(f"### Story {at}: x\n\ntext\n\n" for at in range(n)) + "## 3"),
    "fences that stay open": lambda n: WORD + "```\n" + "~~~\n# x\n" * n,
    "fences of any length": lambda n: WORD + "".join("`" * (3 + at % 50) + "\n" for at in range(n)),
    "comments that stay open": lambda n: WORD + "text <!-- " * n,
    "comments for spec-ls": lambda n: WORD + "<!-- spec-ls: keep -->\n\n" * n,
    "HTML that stays open": lambda n: WORD + "<div>\n" * n + "<a " * n,
    "brackets": lambda n: WORD + "".join(f"{one * n}\n## {one * n}\n- {one * n}\n" for one in ("[", "[a](", "![[")),
    "emphasis": lambda n: WORD + f"## {'*a _b ' * n}\n- {'**a ' * n}\n{'*' * n}a{'*' * n}\n{'_a__b' * n}",
    "code marks": lambda n: WORD + "".join("`" * at + " " for at in range(1, int((8 * n) ** 0.5))),
    "backslashes and entities": lambda n: WORD + "\\" * n + "\n" + "&amp" * n + "\n## " + "\\" * n,
    "link definitions": lambda n: WORD + "".join(f"[{at}]: x\n" for at in range(n)) + '[a]: x "\n' * n,
    "YAML lists in each other": lambda n: "---\nSpec ID: SPEC-1\na: " + "[" * n + "\n---\n",
    "YAML in one line": lambda n: "---\nSpec ID: SPEC-1\nApprovers: [" + "@a, " * n + "]\n---\n",
    "handles": lambda n: f"{TABLE}| **Spec ID** | SPEC-1 |\n| **Owner** | {'@a/' * n} |\n| **Approvers** | {'@a,' * n}",
    "white space in values": lambda n: TABLE + "".join(
        f"| **{name}** | x{' ' * n}x |\n" for name in ("Spec ID", "Status", "Owner", "Target Date", "Epic/Ticket")
    ),
    "open values": lambda n: TABLE + "".join(
        f"| **{name}** | {one * n} |\n"
        for name, one in (("Spec ID", "1"), ("Status", "*"), ("Owner", "[a]("), ("Target Date", "("), ("Epic", "[a]["))
    ),
    "labelled lines": lambda n: WORD + "# T\n" + "**Owner**: @x\n" * n,
    "labelled items": lambda n: SEED.replace("## 5", "- **Feature Flag**: x\n" * n + "\n## 5"),
    "bold titles": lambda n: SEED + "\n" + "**Goals**\n\n" * n,
    "checks": lambda n: SEED + "\n" + "- [ ] PII review complete?\n" * n,
    "criteria": lambda n: SEED + "\n### Story 3: x\n" + "**Acceptance Criteria:**\n\n- x\n\n" * n,
    "items in each other": lambda n: SEED + "\n" + "- x\n  - y\n    - z\n" * n,
    "guidance": lambda n: WORD + "*x*\n\n" * n + "*x " * n + "*\n",
    "NUL": lambda n: WORD + "\0" * n + "\n" + "# \0\n" * n,
    "control characters": lambda n: WORD + "\x0b\x0c\x1c\x85\u2028" * n + "\n# \x0c" + "\x0c" * n,
    "line ends": lambda n: WORD + "\r" * n + "\n" * n,
    "white space": lambda n: (
        f"{WORD}# a{' ' * n}b\n\n- **a{' ' * n}b**: c\n\na{' ' * n}b: c\n\n-{chr(9) * n}x\n#{' ' * n}\n"
    ),
    "marks of headings": lambda n: WORD + "#" * n + "\n# " + "#" * n + " x\n" + "##x\n" * n,
    "underlines": lambda n: WORD + "x\n===\n" * n + "x\n" * n + "---\n",
    "combining and astral": lambda n: WORD + "# e" + "\u0301" * n + "\n" + "🚀" * n + "\ud83d" * n + "\n",
    "TOML": lambda n: "+++\n" + 'a = [\n"b",\n' * min(n, 300) + "+++\n\n" + WORD,
    "HTML tables": lambda n: WORD + "<table>\n<tr><th>a\n\n" * n + "<table><tr><td>a</td><td><b>" * n + "</table>\n",
    "terms": lambda n: WORD + "a\n: b\n\n" * n + "a\n" + ": b\n" * n,
    "columns of one row": lambda n: WORD + "| a | b | c |\n|---|---|---|\n| d | e | f |\n\n" * n,
    "labels on a line": lambda n: WORD + "**a**: b · **c**: d | " * n + "\n\n" + "key: value\n\n" * n,
    "boxes": lambda n: SEED.replace("Draft / Review /", "[ ] a " * n),
    "approvers": lambda n: SEED.replace("@reviewer1, @reviewer2", "a and ," * n),
}  # fmt: skip


def look_at(text: str) -> None:
    """What an editor asks of a document, and a letter typed at its end. Nothing may raise."""
    document = Document(text)
    spec, problems = document.spec, document.problems()
    symbols(spec, None, document.problems())
    folds(spec)
    format_edits(spec)
    own = card(spec, "")
    tokens(spec, own.mentions, document.judge.findings())
    links(spec, own, Catalogue(), Addresses(OF_TEAMS[3], "https://x.example/{ticket}", "https://x.example/{handle}"))
    lines = spec.text.lines
    longest = max(range(len(lines)), key=lambda line: len(lines[line]))
    for line in {0, len(lines) // 2, longest}:
        for offset in {0, len(spec.text.content(line)) // 2, len(spec.text.content(line))}:
            point = Point(line, offset)
            hover(spec, point, AROUND, document.problems)
            complete(spec, point, AROUND, True)
            selections(spec, [point])
            linked(spec, point)
            definitions(spec, point, own.mentions, AROUND.catalogue)
            declarations(spec, point)
            references(spec, point, own.mentions, AROUND.catalogue)
            typed(spec, point, "\n")
            typed(spec, point, "|")
    middle = Span(len(lines) // 2, 0, len(lines) // 2, 0)
    actions(spec, problems, middle, AROUND)
    suppressions(spec, problems, middle)
    refactorings(spec, middle, AROUND)
    refactorings(spec, Span(0, 0, *spec.text.end), AROUND)
    document.change(Replacement(Span(*spec.text.end, *spec.text.end), "x"))
    document.problems()
    assert not document.judge.crashed


@pytest.mark.parametrize("family", FAMILIES)
def test_a_hostile_text_takes_time_in_proportion_to_its_length(family: str) -> None:
    make, many = FAMILIES[family], 6000 if SOAK else 500
    look_at(make(4))  # what is made once
    if seconds(lambda: look_at(make(many))) < ENOUGH:
        return
    short, long = (min(seconds(lambda n=n: look_at(make(n))) for _ in range(3)) for n in (many // 4, many))  # type: ignore[misc]
    assert long < ENOUGH or long < MOST * short, f"{short:.3f} s, then {long:.3f} s"


@pytest.mark.parametrize(
    "line",
    [
        "<!-- spec-ls: keep ",
        "# <!-- optional ",
        "| **Owner** | @x <!-- a ",
        "- **Owner**: @x <!--",
        "a # spec-ls: b <!--",
    ],
)
def test_comments_that_stay_open_in_a_template(line: str) -> None:
    """On one line and on many, in its head and in a section."""

    def read(text: str) -> float:
        return min(seconds(lambda: read_template(text, "t")) for _ in range(2))

    for shape in ("{0}", "{0}\n", f"{SEED}{{0}}", f"{SEED}\n{{0}}\n"):
        before, behind = shape.split("{0}")
        repeated = line + behind.strip(" ")
        short, long = read(before + repeated * 1_000), read(before + repeated * 4_000)
        assert long < ENOUGH or long < MOST * short, f"{shape[-5:]}: {short:.3f} s, then {long:.3f} s"
