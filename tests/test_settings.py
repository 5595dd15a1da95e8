"""The user's own settings, at the start, pushed and asked for; odd ones. Progress under a token of the client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from annotated.run import base_lines
from stdio import Message, Stdio

from spec_ls.config import FEATURES as NAMES
from spec_ls.config import UserSettings
from spec_ls.lsp.client import Client
from spec_ls.lsp.settings import KNOWN, Settings, settings_of

URI = "file:///specs/a.md"
TEXT = "\n".join(base_lines("draft")).replace("| Draft |", "| Drafft |")
FEATURES = ["hover", "diagnostics"]


class User(Stdio):
    """A client with a spec open; `settings` is what it answers for `workspace/configuration`."""

    def start(self, capabilities: object = None, **params: object) -> None:
        self.initialize(capabilities, **params)

    def open(self) -> None:
        item = {"uri": URI, "languageId": "markdown", "version": 1, "text": TEXT}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def hover(self) -> Any:
        place = {"textDocument": {"uri": URI}, "position": {"line": 5, "character": 18}}
        return self.request("textDocument/hover", place)["result"]

    def push(self, params: object) -> None:
        self.notify("workspace/didChangeConfiguration", params)

    def tell(self, result: object, start: int = 0) -> Message:
        """Answers the question for settings."""
        asked = self.wait_for(lambda one: one.get("method") == "workspace/configuration", start=start)
        assert asked["params"] == {"items": [{"section": "spec-ls"}]}
        self.send({"jsonrpc": "2.0", "id": asked["id"], "result": result})
        return asked


@pytest.fixture
def user() -> Iterator[User]:
    with User() as made:
        yield made


def published(user: User, count: int, start: int = 0) -> None:
    user.wait_for(
        lambda one: (
            one.get("method") == "textDocument/publishDiagnostics" and len(one["params"]["diagnostics"]) == count
        ),
        start=start,
    )


def test_settings_are_pushed(user: User) -> None:
    """Over those of the start, which hold again where null is pushed."""
    user.start(initializationOptions={"features": {"hover": False}})
    user.open()
    assert user.hover() is None
    user.push({"settings": {"spec-ls": {"features": {"hover": True}}}})
    assert user.hover()
    published(user, 1)
    for nothing in ({"settings": None}, {}, None, {"settings": []}, {"settings": {"spec-ls": None}}):
        user.push({"settings": {"features": {"hover": True}}})
        assert user.hover()
        user.push(nothing)
        assert user.hover() is None, nothing
    start = len(user.received)
    user.push({"settings": {"features": {"diagnostics": False}}})
    published(user, 0, start)
    user.push({"settings": {"features": {"diagnostics": True}}})
    published(user, 1, start)


def test_settings_are_asked_for(user: User) -> None:
    said = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
    user.start({"workspace": said})
    registered = user.wait_for(lambda one: one.get("method") == "client/registerCapability")
    assert [(one["method"], one["registerOptions"]) for one in registered["params"]["registrations"]] == [
        ("workspace/didChangeConfiguration", {"section": "spec-ls"})
    ]
    user.send({"jsonrpc": "2.0", "id": registered["id"], "result": None})
    user.open()
    silent, loud = ({"features": {"hover": is_on, "diagnostics": is_on}} for is_on in (False, True))
    user.tell([silent])
    published(user, 0)
    assert user.hover() is None
    for result, pushed, shows in (([None], None, True), (None, silent, False), ([loud], silent, True)):
        start = len(user.received)
        user.push({"settings": pushed})
        user.tell(result, start)
        published(user, 1 if shows else 0, start)
        assert bool(user.hover()) == shows, (result, pushed)


@pytest.mark.parametrize(
    "odd",
    [
        7,
        [],
        "x",
        {"maxBytes": 0},
        {"maxBytes": True},
        {"maxBytes": "9"},
        {"features": []},
        {"features": {"hovver": False, "hover": "no", "diagnostics": None}},
        {"handle": "mira"},
        {"handle": 3},
        {"unheard": {"of": 1}},
        {"spec-ls": 3},
        {"maxBytes": None, "features": None, "handle": None},
    ],
)
def test_odd_settings_are_left_out(odd: object) -> None:
    base = Settings(max_bytes=7, off=frozenset(["hover"]), handle="@zoë")
    assert settings_of(odd, base, FEATURES) == base


def test_what_is_said_counts_and_the_rest_stays() -> None:
    base = Settings(off=frozenset(["hover"]))
    said = {"maxBytes": 9, "features": {"hover": True, "diagnostics": False, "odd": False}, "handle": "@zoë"}
    wanted = Settings(max_bytes=9, off=frozenset(["diagnostics"]), handle="@zoë")
    assert settings_of(said, base, FEATURES) == settings_of({"spec-ls": said}, base, FEATURES) == wanted


def test_the_handle_of_the_settings_signs(user: User) -> None:
    said = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}
    user.start({"textDocument": said}, initializationOptions={"handle": "@zoë"})
    user.open()
    line = TEXT.split("\n").index("- [ ] Product Approval")
    place = {"line": line, "character": 8}
    params = {"textDocument": {"uri": URI}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}
    titles = [one["title"] for one in user.request("textDocument/codeAction", params)["result"]]
    assert "Sign off as @zoë" in titles


def test_progress_under_the_client_s_own_token(user: User) -> None:
    user.start({"textDocument": {"diagnostic": {}}})
    user.open()
    params = {"previousResultIds": [], "workDoneToken": "mine", "partialResultToken": 5}
    assert user.request("workspace/diagnostic", params)["result"] == {"items": []}
    told = [one["params"] for one in user.received if one.get("method") == "$/progress"]
    assert [one["value"].get("kind") for one in told if one["token"] == "mine"] == ["begin", "report", "end"]
    (part,) = [one["value"]["items"] for one in told if one["token"] == 5]
    assert [report["uri"] for report in part] == [URI]
    assert not [one for one in user.received if one.get("method") == "window/workDoneProgress/create"]


@pytest.mark.parametrize(
    ("listed", "option", "encoding"),
    [
        (None, "utf-8", "utf-8"),
        ([], "utf-32", "utf-32"),
        (["utf-16"], "utf-8", "utf-16"),
        (None, "latin-1", "utf-16"),
        (None, ["utf-8"], "utf-16"),
    ],
)
def test_a_client_that_lists_no_encoding_may_name_its_own(listed: object, option: object, encoding: str) -> None:
    said = {"general": {"positionEncodings": listed}}
    assert Client.of({"capabilities": said, "initializationOptions": {"positionEncoding": option}}).encoding == encoding


def test_the_settings_are_those_that_editors_show() -> None:
    """The model is for editors; what it takes for granted is what holds where nothing is said."""
    shown = UserSettings().model_dump(by_alias=True)
    assert tuple(shown) == KNOWN
    assert settings_of(shown, Settings(), NAMES) == Settings()
