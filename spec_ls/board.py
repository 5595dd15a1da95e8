"""The board: all specs of a workspace by their status, as Markdown, as JSON, or as a page of HTML with a picture."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from spec_ls.catalogue import Card
from spec_ls.markup import escape
from spec_ls.moves import posix
from spec_ls.past import clock, left, since
from spec_ls.pipeline import as_svg
from spec_ls.spec import Spec
from spec_ls.template.annotations import STAGES
from spec_ls.template.model import Template
from spec_ls.values import count

_NONE = "No status"
COLUMNS = ("Spec", "Title", "Owner", "Progress", "Target", "Review")

Address = Callable[[str], str]
"""The address of a spec by its path."""


class Review(NamedTuple):
    """Since when a spec is in review and by whom, which may be empty; where its template says how many `hours` that may
    take, when they are over, and what is left of them in words."""

    since: datetime
    who: str = ""
    hours: int | None = None
    due: datetime | None = None
    left: str = ""
    is_overdue: bool = False

    def __str__(self) -> str:
        return self.left or f"since {self.since:%Y-%m-%d}"


def review_of(spec: Spec) -> Review | None:
    """The review that a spec is in; None where it is in none, or nobody knows since when."""
    running, known = clock(spec), spec.known
    begun = running.since if running else since(spec)
    if spec.stage != "review" or begun is None:
        return None
    who = begun.move.who if begun.move else ""
    if running is None or known.now is None:
        return Review(begun.at, who)
    return Review(
        begun.at, who, running.hours, running.deadline, left(running, known.now), running.deadline <= known.now
    )


@dataclass(frozen=True, slots=True)
class Board:
    """The cards, what is known of the reviews that specs are in (by path), and the templates that judge them."""

    cards: tuple[Card, ...]
    today: date
    reviews: Mapping[str, Review] = field(default_factory=dict)
    templates: tuple[Template, ...] = ()


def columns(board: Board) -> list[tuple[str, list[Card]]]:
    """The cards by status: those of an earlier stage first, then as the templates have them, then by name; in each by
    identifier and path."""
    states = dict.fromkeys(state.name for template in board.templates for state in template.states)
    order = {name: at for at, name in enumerate(states)}
    found: dict[tuple[int, int, str], list[Card]] = {}
    for card in board.cards:
        stage = STAGES.index(card.stage) if card.status else -1
        found.setdefault((stage, order.get(card.status, len(order)), card.status), []).append(card)
    return [(key[2] or _NONE, sorted(found[key], key=_by_id)) for key in sorted(found)]


def _by_id(card: Card) -> tuple[bool, str, str]:
    return not card.id, card.id, card.path


def days_left(card: Card, today: date) -> int | None:
    """The days until the target date, less than none behind it; None where there is no such date."""
    try:
        return (date.fromisoformat(card.target) - today).days
    except ValueError:
        return None


def is_late(card: Card, today: date) -> bool:
    """Whether the target date has passed, and the spec is neither done nor set aside."""
    days = days_left(card, today)
    return days is not None and days < 0 and card.stage not in ("done", "parked")


def target(card: Card, today: date) -> str:
    """The target date with how far it is: `2026-03-20, in 5 days`; of what is done or set aside the date alone."""
    days = days_left(card, today)
    if days is None or card.stage in ("done", "parked"):
        return card.target
    if days < 0:
        return f"{card.target}, {count(-days, 'day')} late"
    return f"{card.target}, {('today', 'tomorrow')[days] if days < 2 else f'in {days} days'}"


def cells(board: Board, card: Card) -> list[str]:
    """What the columns say of a spec, each on one line."""
    samples = f", {count(card.samples, 'sample')} left" if card.samples else ""
    progress = f"{card.filled} of {count(card.total, 'section')}{samples}"
    name = card.id or posix(card.path).rpartition("/")[2]
    said = (name, card.title, card.owner, progress, target(card, board.today), str(board.reviews.get(card.path, "")))
    return [" ".join(cell.split()) for cell in said]


def shown_columns(board: Board, group: Sequence[Card]) -> int:
    """How many of the columns some spec of a group has something in: the last is for reviews."""
    return len(COLUMNS) - (not any(card.path in board.reviews for card in group))


# --- Markdown and JSON


def as_markdown(board: Board, address: Address) -> str:
    """The board as Markdown: a table a status."""
    lines = ["# Specs", ""]
    for status, group in columns(board):
        width = shown_columns(board, group)
        lines += [f"## {escape(status)} ({len(group)})", "", _row(COLUMNS[:width]), _row(["---"] * width)]
        for card in group:
            name, *rest = map(escape, cells(board, card)[:width])
            lines.append(_row([f"[{name}](<{address(card.path).translate({60: '%3C', 62: '%3E'})}>)", *rest]))
        lines.append("")
    return "\n".join(lines) if len(lines) > 2 else "# Specs\n\nThere are none yet.\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def as_json(board: Board, shown: Address) -> str:
    """The board as JSON; `shown` says how a path is written. `docs/json.md` describes it."""
    specs = [_spec(board, card, shown) for _, group in columns(board) for card in group]
    templates = [
        {
            "name": template.name,
            "statuses": [
                {
                    "name": state.name,
                    "stage": state.stage,
                    "moves": list(state.moves),
                    "specs": number,
                }
                for state, number in zip(template.states, counts(board, template), strict=True)
            ],
        }
        for template in board.templates
    ]
    made = {"date": board.today.isoformat(), "specs": specs, "templates": templates}
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _spec(board: Board, card: Card, shown: Address) -> dict[str, Any]:
    review = board.reviews.get(card.path)
    return {
        "path": shown(card.path),
        "id": card.id,
        "title": card.title,
        "status": card.status,
        "stage": card.stage,
        "template": card.template,
        "owner": card.owner,
        "approvers": list(card.approvers),
        "progress": {"filled": card.filled, "sections": card.total, "samples": card.samples},
        "target": card.target,
        "days_left": days_left(card, board.today),
        "review": None if review is None else _review(review),
    }


def _review(review: Review) -> dict[str, Any]:
    due = review.due.isoformat(timespec="seconds") if review.due else None
    return {
        "since": review.since.isoformat(timespec="seconds"),
        "by": review.who,
        "hours": review.hours,
        "due": due,
        "overdue": review.is_overdue,
    }


def counts(board: Board, template: Template) -> list[int]:
    """How many specs of a template have each of its statuses."""
    found = [card.status for card in board.cards if card.template == template.name]
    return [found.count(state.name) for state in template.states]


# --- HTML

_LIGHT = (
    "--page:#fff;--text:#1f2328;--muted:#59636e;--line:#d1d9e0;--soft:#f6f8fa;--link:#0969da;--late:#b3261e;"
    "--draft:#8c959f;--review:#bf8700;--approved:#0969da;--done:#1a7f37;--parked:#a40e26"
)
_DARK = (
    "--page:#0d1117;--text:#e6edf3;--muted:#9198a1;--line:#3d444d;--soft:#161b22;--link:#58a6ff;--late:#ff7b72;"
    "--draft:#9198a1;--review:#d29922;--approved:#58a6ff;--done:#3fb950;--parked:#f85149"
)
_STYLE = f"""
:root{{color-scheme:light dark}}
body{{{_LIGHT}}}
@media (prefers-color-scheme:dark){{body:not(.vscode-light){{{_DARK}}}}}
body.vscode-dark,body.vscode-high-contrast:not(.vscode-high-contrast-light){{{_DARK}}}
body{{margin:0 auto;padding:1.5rem 1.25rem 3rem;max-width:72rem;background:var(--page);color:var(--text);
font:15px/1.5 system-ui,sans-serif}}
h1{{font-size:1.6rem;margin:0}}
h2{{font-size:1.1rem;margin:2.2rem 0 .5rem}}
h2::before{{content:"";display:inline-block;width:.65em;height:.65em;margin-right:.5em;border-radius:50%;
background:var(--stage,var(--muted))}}
h2 span,.sum,.rest{{color:var(--muted);font-weight:400}}
.sum{{margin:.2rem 0 1.2rem}}
.wide{{overflow-x:auto}}
figure{{margin:1.2rem 0 0}}
figcaption{{color:var(--muted);font-size:.85rem}}
svg{{display:block}}
table{{border-collapse:collapse;width:100%;min-width:44rem;table-layout:fixed}}
th{{color:var(--muted);font-weight:600;font-size:.8rem;text-align:left}}
th,td{{padding:.45rem .7rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}}
th:nth-child(1){{width:13%}}th:nth-child(3){{width:12%}}th:nth-child(4){{width:21%}}
th:nth-child(5){{width:14%}}th:nth-child(6){{width:16%}}
a{{color:var(--link);text-decoration:none}}a:hover,a:focus{{text-decoration:underline}}
.bar{{display:block;height:.35rem;margin-top:.35rem;max-width:8rem;border-radius:.2rem;background:var(--line)}}
.bar i{{display:block;height:100%;border-radius:inherit;background:var(--stage,var(--muted))}}
.late{{color:var(--late);font-weight:600}}
.rest{{display:block;font-size:.85rem}}
"""


def as_html(board: Board, address: Address) -> str:
    """The board as a page that needs nothing else: a picture of each template's statuses, and a table a status."""
    day = f"{board.today:%Y-%m-%d}"
    parts = ['<!doctype html><html lang="en"><meta charset="utf-8"><title>Specs</title>']
    parts.append('<meta name="viewport" content="width=device-width,initial-scale=1">')
    parts.append(f'<style>{_STYLE}</style><h1>Specs</h1><p class="sum">{_summary(board)} · {day}</p>')
    for template in board.templates:
        picture = as_svg(template, counts(board, template))
        if picture:
            name = f"<figcaption>{html.escape(template.name)}</figcaption>" if len(board.templates) > 1 else ""
            parts.append(f'<figure class="wide">{name}{picture}</figure>')
    for status, group in columns(board):
        width = shown_columns(board, group)
        stage = f' style="--stage:var(--{group[0].stage})"' if status != _NONE else ""
        heads = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS[:width])
        parts.append(f"<section{stage}><h2>{html.escape(status)} <span>{len(group)}</span></h2>")
        parts.append(f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>')
        parts += [_html_row(board, card, address, width) for card in group]
        parts.append("</tbody></table></div></section>")
    return "\n".join(parts if board.cards else [*parts, "<p>There are none yet.</p>"]) + "\n"


def _summary(board: Board) -> str:
    late = sum(is_late(card, board.today) for card in board.cards)
    overdue = sum(review.is_overdue for review in board.reviews.values())
    said = [count(len(board.cards), "spec")]
    said += [f"{late} late"] if late else []
    said += [f"{count(overdue, 'review')} overdue"] if overdue else []
    return " · ".join(said)


def _html_row(board: Board, card: Card, address: Address, width: int) -> str:
    name, title, owner, progress, _, review = map(html.escape, cells(board, card))
    share = round(100 * card.filled / card.total) if card.total else 0
    day, _, distance = html.escape(" ".join(target(card, board.today).split())).partition(", ")
    late = ' class="rest late"' if is_late(card, board.today) else ' class="rest"'
    known = board.reviews.get(card.path)
    shown = [
        f'<a href="{html.escape(address(card.path))}">{name}</a>',
        title,
        owner,
        f'{progress}<span class="bar"><i style="width:{share}%"></i></span>' if card.total else progress,
        f"{day}<span{late}>{distance}</span>" if distance else day,
        f'<span class="late">{review}</span>' if known is not None and known.is_overdue else review,
    ]
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in shown[:width])}</tr>"
