"""The specs of a workspace and what each depends on: the graph, its cycles, and how other programs draw it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from spec_ls.catalogue import Card, Catalogue, Mention


class Edge(NamedTuple):
    """That `source` depends on the spec with the identifier `name`; `target` is None where there is no such spec.

    `mention` is where it says so first.
    """

    source: Card
    name: str
    target: Card | None
    mention: Mention


def edges(catalogue: Catalogue) -> Iterator[Edge]:
    """What each spec depends on, once, in the order of the paths and of the text. Of several specs with one identifier
    the first counts."""
    for card in catalogue.cards:
        seen: set[str] = set()
        for mention in card.needs():
            key = mention.text.casefold()
            if key not in seen:
                seen.add(key)
                yield Edge(card, mention.text, next(iter(catalogue.by_id(key)), None), mention)


def cycles(catalogue: Catalogue) -> list[tuple[Card, ...]]:
    """The groups of specs that depend on each other, directly or through others; each in the order of the paths.

    Tarjan's strongly connected components (1972), in time proportional to specs and dependencies.
    """
    needed: dict[str, list[str]] = {}
    for edge in edges(catalogue):
        if edge.target is not None:
            needed.setdefault(edge.source.path, []).append(edge.target.path)
    found = [group for group in _components(needed) if len(group) > 1 or group[0] in needed.get(group[0], ())]
    by_path = {card.path: card for card in catalogue.cards}
    return sorted((tuple(by_path[path] for path in sorted(group)) for group in found), key=lambda group: group[0].path)


def _components(needed: dict[str, list[str]]) -> Iterator[list[str]]:
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    for root in needed:
        work = [(root, iter(needed[root]))] if root not in order else []
        while work:
            path, following = work[-1]
            if path not in order:
                order[path] = lowest[path] = len(order)
                stack.append(path)
                waiting.add(path)
            for target in following:
                if target not in order:
                    work.append((target, iter(needed.get(target, ()))))
                    break
                if target in waiting:
                    lowest[path] = min(lowest[path], order[target])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[path])
                if lowest[path] == order[path]:
                    group = [stack.pop()]
                    while group[-1] != path:
                        group.append(stack.pop())
                    waiting.difference_update(group)
                    yield group


# --- as other programs draw it


def as_json(catalogue: Catalogue, shown: Callable[[str], str]) -> str:
    """The graph as JSON: `specs` with their facts and by which they are needed, `dependencies` from path to identifier
    (and path), `cycles` of paths. `shown` says how a path is written."""
    drawn = list(edges(catalogue))
    needed_by: dict[str, list[str]] = {}
    for edge in drawn:
        if edge.target is not None:
            needed_by.setdefault(edge.target.path, []).append(shown(edge.source.path))
    specs = [
        {
            "path": shown(card.path),
            "id": card.id,
            "title": card.title,
            "status": card.status,
            "owner": card.owner,
            "needed_by": needed_by.get(card.path, []),
        }
        for card in catalogue.cards
    ]
    found = [
        {
            "from": shown(edge.source.path),
            "id": edge.name,
            "to": shown(edge.target.path) if edge.target else None,
            "line": edge.mention.span.start_line + 1,
        }
        for edge in drawn
    ]
    rounds = [[shown(card.path) for card in group] for group in cycles(catalogue)]
    made: dict[str, Any] = {"specs": specs, "dependencies": found, "cycles": rounds}
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


_STAGE_COLOURS = {
    "draft": ("#eaeef2", "#24292f"),
    "review": ("#fff8c5", "#4d2d00"),
    "approved": ("#ddf4ff", "#0a3069"),
    "done": ("#dafbe1", "#033a16"),
    "parked": ("#ffebe9", "#82071e"),
}
"""Fill and text by the stage of the status."""


class _Node(NamedTuple):
    name: str
    lines: Sequence[str]
    stage: str
    """Empty for an identifier that no spec has."""


def _drawn(catalogue: Catalogue) -> tuple[list[_Node], list[tuple[str, str]]]:
    """The specs that depend on others or are needed, and the arrows between them."""
    nodes: dict[str, _Node] = {}
    arrows = []

    def name_of(card: Card | None, identifier: str) -> str:
        key = card.path if card else identifier.casefold()
        if key not in nodes:
            lines = [card.id or "?", card.title, card.status] if card else [identifier, "no such spec"]
            nodes[key] = _Node(f"n{len(nodes) + 1}", [line for line in lines if line], card.stage if card else "")
        return nodes[key].name

    for edge in edges(catalogue):
        arrows.append((name_of(edge.source, ""), name_of(edge.target, edge.name)))
    return list(nodes.values()), arrows


def as_mermaid(catalogue: Catalogue) -> str:
    """The graph in Mermaid's language; arrows lead from a spec to what it depends on."""
    nodes, arrows = _drawn(catalogue)
    lines = ["flowchart LR"]
    for node in nodes:
        label = "<br>".join(map(_in_mermaid, node.lines))
        lines.append(f'  {node.name}["{label}"]' + (f":::{node.stage}" if node.stage else ":::unknown"))
    lines += [f"  {source} --> {target}" for source, target in arrows]
    lines += [f"  classDef {stage} fill:{fill},color:{text}" for stage, (fill, text) in _STAGE_COLOURS.items()]
    return "\n".join([*lines, "  classDef unknown stroke-dasharray:4", ""])


def _in_mermaid(words: str) -> str:
    """Words inside a quoted label: its own marks as entities, line ends as blanks."""
    kept = " ".join(words.split())
    return "".join(f"#{ord(char)};" if char in '"#<>&`;\\' else char for char in kept)


def as_dot(catalogue: Catalogue) -> str:
    """The graph in Graphviz' language; arrows lead from a spec to what it depends on."""
    nodes, arrows = _drawn(catalogue)
    lines = ["digraph specs {", "  rankdir=LR;", "  node [shape=box, style=filled];"]
    for node in nodes:
        fill, text = _STAGE_COLOURS.get(node.stage, ("#ffffff", "#57606a"))
        dashed = "" if node.stage else ', style="dashed"'
        label = "\\n".join(map(_in_dot, node.lines))
        lines.append(f'  {node.name} [label="{label}", fillcolor="{fill}", fontcolor="{text}"{dashed}];')
    lines += [f"  {source} -> {target};" for source, target in arrows]
    return "\n".join([*lines, "}", ""])


def _in_dot(words: str) -> str:
    return " ".join(words.split()).replace("\\", "\\\\").replace('"', '\\"')
