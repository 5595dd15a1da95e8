"""The user's own settings: in `initializationOptions`, pushed, or asked for as `workspace/configuration`.

| key | |
| :--- | :--- |
| `maxBytes` | a number of bytes: of a longer document only that is said, from when it is next opened on |
| `features` | `{"hover": false}` switches a feature off, as `[features]` of a configuration does |
| `handle` | the user's own handle, such as `@mira`, where git does not know it |
| `templateFolders` | folders that templates may lie in besides; of `initializationOptions` alone |
| `positionEncoding` | `utf-8`, `utf-16` or `utf-32` where the client lists none; of `initializationOptions` alone |

What a repository may bring along (an editor's settings of a workspace) is not asked for folders.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from spec_ls.workspace import MOST_BYTES

if TYPE_CHECKING:
    from spec_ls.lsp.server import SpecLanguageServer

logger = logging.getLogger(__name__)

SECTION = "spec-ls"
KNOWN = ("maxBytes", "features", "handle", "templateFolders")
"""The names of all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds where nothing is said."""

    max_bytes: int = MOST_BYTES
    off: frozenset[str] = frozenset()
    handle: str = ""


def settings_of(value: object, base: Settings, features: Collection[str]) -> Settings:
    """`base` with what `value` says, as plain JSON that nobody has checked: of our section, or with it inside.

    Whatever has the wrong form is left out and logged; null, or a part of it, leaves `base` as it is. Never raises.
    """
    if isinstance(value, Mapping) and SECTION in value:
        value = value[SECTION]
    if value is None:
        return base
    if not isinstance(value, Mapping):
        logger.warning("ignored the settings: an object, not %s", type(value).__name__)
        return base
    takers: dict[str, Callable[[Settings, Any, Collection[str]], Settings | None]] = {
        "maxBytes": _max_bytes,
        "features": _features,
        "handle": _handle,
    }
    found = base
    for key, given in value.items():
        if key not in (*KNOWN, "positionEncoding"):
            logger.warning("ignored the setting %r: there are %s", key, ", ".join(KNOWN))
        elif key in takers and given is not None:
            taken = takers[key](found, given, features)
            if taken is None:
                logger.warning("ignored the setting %s: it has another form", key)
            found = taken or found
    return found


def _max_bytes(base: Settings, given: Any, features: Collection[str]) -> Settings | None:
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        return None
    return replace(base, max_bytes=given)


def _features(base: Settings, given: Any, features: Collection[str]) -> Settings | None:
    if not isinstance(given, Mapping):
        return None
    for name, is_on in given.items():
        if name not in features or not isinstance(is_on, bool | None):
            logger.warning("ignored the setting features.%s: true or false for one of %s", name, ", ".join(features))
        elif is_on is not None:
            base = replace(base, off=base.off - {name} if is_on else base.off | {name})
    return base


def _handle(base: Settings, given: Any, features: Collection[str]) -> Settings | None:
    from spec_ls.values import handle_of

    if not isinstance(given, str) or (given and handle_of(given) != given):
        return None
    return replace(base, handle=given)


# --- kept up with the client


def registration() -> types.Registration:
    """What a client is asked for that tells of changed settings only where it was asked to."""
    method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
    return types.Registration("spec-ls-settings", method, {"section": SECTION})


async def ask(server: SpecLanguageServer, pushed: object = None) -> None:
    """Asks the client for the settings; where it knows of none, those count that it `pushed`."""
    answer = await server.ask(types.WORKSPACE_CONFIGURATION, {"items": [{"section": SECTION}]})
    asked = answer[0] if isinstance(answer, list) and answer else None
    server.take_settings(pushed if asked is None else asked)


def on_changed(server: SpecLanguageServer, params: Any) -> None:
    """Settings of the user count as soon as they change."""
    pushed = params.get("settings") if isinstance(params, dict) else None
    if server.client.configuration:
        server.begin(ask(server, pushed))
    else:
        server.take_settings(pushed)
