"""pygls, made fit for service: the protocol and the server that the rest of the floor builds on.

Stock pygls 2.1.1 leaves requests unanswered, loses edits, goes deaf on odd frames and ends with the wrong code. What is
overridden here is overridden for one such fault, and the comment on the spot names it.

The life of a message: it is read, cut and parsed, cancellations are noted, and it is queued; the loop takes all that is
queued, in order, synchronously; when nothing is left, and nothing more to read, `WireServer.on_idle` runs. So a request
sees every change sent before it, and ten changes that came together are answered once. The loop reads for itself, since
a hop from one thread to another takes as long as a keystroke's work; while a handler keeps it, a thread reads on.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, Literal, NoReturn, TypeAlias, get_args

import attrs
import cattrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.feature_manager import is_thread_function
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import Workspace

from spec_ls.lsp.client import Client
from spec_ls.lsp.decoding import NOTHING_YET, Unreadable, describe, explain, make_converter, messages, parse, usable_id
from spec_ls.lsp.framing import FrameReader, Outbox, read_from, read_ready, wait_for_rest
from spec_ls.lsp.process import StderrHandler, claim_stdio, watch_process

logger = logging.getLogger(__name__)

_INVALID_REQUEST = types.ErrorCodes.InvalidRequest
_FLUSH_SECONDS = 2.0
_GRACE_SECONDS = 5.0
_TURN_SECONDS = 0.05
_REST_SECONDS = 0.02
_LOOK_SECONDS = 0.002
_LONG_SECONDS = 1.0
_MOST_QUEUED = 1000
_UNSET = object()


class Rendered(str):
    """A result as JSON text, ready to be sent."""

    __slots__ = ()


Deliver: TypeAlias = Callable[[bytes, str | None, bool], object]
"""Sends a JSON text, with the `key` and `droppable` of `send_raw`. From any thread."""


class _End:
    """What the reader thread queues when the stream has ended."""


# ---------------------------------------------------------------------------------------------------- the protocol


class WireProtocol(LanguageServerProtocol):
    """The protocol of one client: states, dispatch, answers."""

    _server: WireServer

    def __init__(self, server: WireServer, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        # The stock store keys documents by the unquoted URI, so that a%23b and a#b share a text, cuts lines where
        # LSP does not, and reads the disk for unopened ones. `WireServer.did_open` and kin replace it; notebooks go.
        for method in list(self.fm.builtin_features):
            if method.startswith("notebookDocument/"):
                del self.fm.builtin_features[method]
        self._of_texts: dict[str, Callable[[Any], object]] = {
            types.TEXT_DOCUMENT_DID_OPEN: server.did_open,
            types.TEXT_DOCUMENT_DID_CHANGE: server.did_change,
            types.TEXT_DOCUMENT_DID_CLOSE: server.did_close,
        }
        """These take params as plain JSON: typed, one odd member would lose the edit, at more than the edit costs."""
        self.deliver: Deliver | None = None
        self.state: Literal["new", "starting", "up", "down"] = "new"
        self.cancelled: set[object] = set()
        self._asked: dict[str, asyncio.Future[Any]] = {}
        self._asks = 0
        self._told: set[str] = set()
        self._plain: dict[Callable[..., Any], bool] = {}

    # -- in

    def take(self, message: object) -> None:
        """Handles one queue entry. Never raises: one message must not take the queue behind it along."""
        try:
            if isinstance(message, dict):
                self.handle_message(message)
            elif isinstance(message, _End):
                self._server.leave()
            elif isinstance(message, Unreadable):
                logger.warning("%s", message.reason)
                self._server.lost(message.body)
                self.reject(None, message.code, message.reason)
            else:
                self.reject(None, _INVALID_REQUEST, f"a message is an object, not {describe(message)}")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit and CancelledError of a handler, too
            self.failed("a message", error)

    def handle_message(self, message: Any) -> None:
        """Dispatches a parsed message. Only its top level is taken for a message.

        The stock reader structures every nested object with a "jsonrpc" key as a message of its own; null, 42, [] and
        a missing or odd member are an AttributeError and a popup, and get no answer.
        """
        method, msg_id = message.get("method"), message.get("id", _UNSET)
        is_notification = msg_id is _UNSET and isinstance(method, str) and message.get("jsonrpc") == "2.0"
        if is_notification and method in self._of_texts and self.state == "up":
            self._ctx_msg_id.set(None)
            try:
                self._of_texts[method](message.get("params"))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self.failed(method, error)
            return
        if "method" not in message and ("result" in message or "error" in message):
            self._take_response(message)  # in every state: stock pygls drops answers after `shutdown`
            return
        known = msg_id if msg_id is not _UNSET and usable_id(msg_id) else None
        if message.get("jsonrpc") != "2.0" or not isinstance(method, str) or (msg_id is not _UNSET and known is None):
            if method in (types.TEXT_DOCUMENT_DID_OPEN, types.TEXT_DOCUMENT_DID_CHANGE):
                self._server.lost(message.get("params"))
            reason = 'a message has "jsonrpc": "2.0", a method, and an id that is a string or an integer or absent'
            self.reject(known, _INVALID_REQUEST, reason)
        elif msg_id is _UNSET:
            self._take_notification(method, message.get("params"))
        else:
            self._take_request(known, method, message.get("params"))

    def _take_request(self, msg_id: Any, method: str, params: object) -> None:
        # Stock pygls answers -32603 with a traceback before `initialize`, accepts a second one and forgets all open
        # documents, and leaves requests after `shutdown` without an answer.
        if method == types.INITIALIZE and self.state == "new":
            self.state = "starting"
        elif self.state == "down":
            return self.reject(msg_id, _INVALID_REQUEST, "the server is shutting down")
        elif method == types.INITIALIZE:
            return self.reject(msg_id, _INVALID_REQUEST, "the server is initialized already")
        elif self.state != "up":
            return self.reject(msg_id, types.ErrorCodes.ServerNotInitialized, "the server is not initialized")
        # Stock pygls reads a cancellation only after the request that it cancels.
        if msg_id in self.cancelled and method not in (types.INITIALIZE, types.SHUTDOWN):
            self.cancelled.discard(msg_id)
            return self.reject(msg_id, types.LSPErrorCodes.RequestCancelled, f"{method} was cancelled")
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1] is None:
            # A notification with an id. Stock pygls runs it: an `exit` fails, a `didChange` is answered.
            self._server.lost(params)
            handler = None
        if handler is None:
            return self.reject(msg_id, types.ErrorCodes.MethodNotFound, f"unknown method {method}")
        try:
            structured = self._structure(method, params)
        except Exception as error:
            # Stock pygls structures before it looks at the id: invalid params get a popup and never an answer.
            reason = f"{method}: {explain(error)}"
            logger.warning("invalid params: %s", reason)
            if method == types.INITIALIZE:
                self.state = "new"
            return self.reject(msg_id, types.ErrorCodes.InvalidParams, reason)
        self._ctx_msg_id.set(msg_id)
        self._run(method, handler, structured, msg_id, partial(self._answer, msg_id, method))

    def _take_notification(self, method: str, params: object) -> None:
        if method == types.EXIT:
            return self._server.leave()
        if method == types.CANCEL_REQUEST:
            target: Any = params.get("id") if isinstance(params, dict) else None
            if usable_id(target):
                self.cancelled.discard(target)
                future = self._request_futures.get(target)
                if future is not None and not future.cancel():
                    # It runs in a thread, which cannot be stopped; stock pygls sends its result all the same.
                    self.cancelled.add(target)
                    if self._request_futures.get(target) is not future:  # it has ended just now
                        self.cancelled.discard(target)
            return
        if self.state != "up":
            logger.warning("dropped %s: the server is %s", method, self.state)
            return
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None or self.get_result_type(method) is not None:
            logger.debug("ignored notification %s", method)
            return
        try:
            structured = self._structure(method, params)
        except Exception as error:
            logger.warning("ignored %s: %s", method, explain(error))
            return
        self._ctx_msg_id.set(None)
        self._run(method, handler, structured, None, partial(self._note, method))

    def _take_response(self, message: dict[str, Any]) -> None:
        msg_id, error = message.get("id"), message.get("error")
        if not isinstance(msg_id, str):
            logger.warning("response to unknown request %r", msg_id)
        elif asked := self._asked.pop(msg_id, None):
            if error is not None:
                logger.warning("the client refused %s: %s", msg_id, error)
            if not asked.done():  # stock pygls raises InvalidStateError when the one who asked no longer waits
                asked.set_result(None if error is not None else message.get("result"))
        elif msg_id in self._result_types:  # sent by one of the request methods of pygls
            kind, future = self._result_types.pop(msg_id), self._request_futures.pop(msg_id, None)
            if future is None or future.done():
                return
            try:
                if error is not None:
                    raise JsonRpcException(str(error))
                future.set_result(self._converter.structure(message, kind).result if kind else message.get("result"))
            except Exception as reason:
                future.set_exception(reason)
        else:
            logger.debug("response to unknown request %r", msg_id)

    def _structure(self, method: str, params: object) -> Any:
        if method == types.WORKSPACE_DID_CHANGE_CONFIGURATION:
            return params  # settings are anybody's JSON
        if method == types.INITIALIZE:
            self._server.client = Client.of(params)
            self._server.take_options(params.get("initializationOptions") if isinstance(params, dict) else None)
            return self._initialize_params(params)
        kind: Any = types.METHOD_TO_TYPES.get(method, (None, None, None))[2]
        return params if kind is None else self._converter.structure(params, kind)

    def _initialize_params(self, params: object) -> types.InitializeParams:
        """`params` without the members that do not fit: a client must not go unserved for a capability it invented."""

        def structure(params: dict[str, Any]) -> types.InitializeParams:
            return self._converter.structure(params, types.InitializeParams)

        sound: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        # `Client` has read the capabilities. Typing them here takes 45 ms of every start, for what pygls reads of them:
        # rename and file operations, which are kept.
        given = {**params, "capabilities": _told_to_pygls(params)} if isinstance(params, dict) else {}
        try:
            return structure({**sound, **given})
        except Exception:
            for key, value in given.items():
                try:
                    structure({**sound, key: value})
                    sound[key] = value
                except Exception as error:
                    logger.warning("ignored in initialize: %s", explain(error))
            return structure(sound)

    # -- running handlers

    def _run(
        self, method: str, handler: Callable[..., Any], params: Any, msg_id: Any, done: Callable[[Future[Any]], None]
    ) -> None:
        key: Any = object() if msg_id is None else msg_id
        try:
            if self._is_plain(handler):
                # pygls asks what kind of function it is every time, and makes a future for each.
                result = handler(params)
                if msg_id is not None:
                    self._reply(msg_id, method, result)
            else:
                self._execute_handler(key, handler, done, args=(params,))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._request_futures.pop(key, None)
            if msg_id is None:
                self.failed(method, error)
            else:
                self._refuse(msg_id, method, error)

    def _is_plain(self, handler: Callable[..., Any]) -> bool:
        """Whether a handler is run by just calling it: it is no coroutine, no generator and not for a thread."""
        plain = self._plain.get(handler)
        if plain is None:
            other = (asyncio.iscoroutinefunction, inspect.isgeneratorfunction, is_thread_function)
            plain = self._plain[handler] = not any(is_other(handler) for is_other in other)
        return plain

    def _execute_handler(
        self, msg_id: Any, handler: Any, callback: Any, args: tuple[Any, ...] | None = None, kwargs: Any = None
    ) -> None:
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        # Stock pygls keeps a future for every didChange and every nested handler for ever: 2 KB an edit.
        if future := self._request_futures.get(msg_id):
            future.add_done_callback(lambda _: self._forget(msg_id, future))

    def _forget(self, msg_id: Any, future: Future[Any]) -> None:
        if self._request_futures.get(msg_id) is future:
            del self._request_futures[msg_id]

    def _answer(self, msg_id: Any, method: str, future: Future[Any]) -> None:
        """Sends what a request's handler returned or raised."""
        self._forget(msg_id, future)
        if future.cancelled() or msg_id in self.cancelled:
            self.cancelled.discard(msg_id)
            self.reject(msg_id, types.LSPErrorCodes.RequestCancelled, f"{method} was cancelled")
        elif error := future.exception():
            self._refuse(msg_id, method, error)
        else:
            self._reply(msg_id, method, future.result())

    def _reply(self, msg_id: Any, method: str, result: Any) -> None:
        if asyncio.iscoroutine(result):
            # A handler that takes what it needs at once and returns a coroutine for the rest. The body of an async
            # handler begins after the messages behind it: stock pygls lets it see edits later than its request.
            task = self._request_futures[msg_id] = asyncio.ensure_future(result)  # type: ignore[assignment]
            task.add_done_callback(partial(self._answer, msg_id, method))
        else:
            if method == types.INITIALIZE:
                self.state = "up"
            try:
                self._send_response(msg_id, result)
            except Exception as reason:  # a result that is no JSON
                self._refuse(msg_id, method, reason)

    def _note(self, method: str, future: Future[Any]) -> None:
        if not future.cancelled() and (error := future.exception()):
            self.failed(method, error)

    def _refuse(self, msg_id: Any, method: str, error: BaseException) -> None:
        if method == types.INITIALIZE:
            self.state = "new"
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            self.reject(msg_id, error.code, error.message)
        else:
            self.failed(method, error)
            # The stock answer carries the traceback, and with it the paths of the user's machine.
            reason = f"{self._server.name}: internal error in {method} (see the log)"
            self.reject(msg_id, types.ErrorCodes.InternalError, reason)

    def failed(self, where: str, error: BaseException) -> None:
        """Logs what should not have happened and tells the user, once per place: stock pygls pops up every time."""
        logger.error("internal error in %s", where, exc_info=error)
        if where not in self._told:
            self._told.add(where)
            self._server.tell(f"internal error in {where} (see the log)", types.MessageType.Error)

    # -- out

    def reject(self, msg_id: Any, code: int, reason: str) -> None:
        """Answers a request with an error; one that could not be read has the id None."""
        error = {"code": int(code), "message": reason}
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": error})

    def _send_response(self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None) -> None:
        if error is not None:
            self.reject(msg_id, error.code, error.message)
        elif isinstance(result, Rendered):
            self.send_raw(f'{{"jsonrpc":"2.0","id":{json.dumps(msg_id)},"result":{result}}}'.encode("ascii"))
        else:
            self._send_data({"jsonrpc": "2.0", "id": msg_id, "result": result})

    def notify(self, method: str, params: Any = None) -> None:
        """Sends a notification. Diagnostics take the place of those of the same document that still wait to be sent."""
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        key = getattr(params, "uri", None) if method == types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS else None
        self._send_data(message, key, droppable=key is None)

    def _send_data(self, data: Any, key: str | None = None, droppable: bool = False) -> None:
        # ASCII on purpose: a lone surrogate that came in as an escape goes out as one.
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode("ascii")
        self.send_raw(body, key, droppable)

    def send_raw(self, body: bytes, key: str | None = None, droppable: bool = False) -> None:
        """Sends a ready-made JSON text; what waits to be sent under the same `key` is dropped. From any thread."""
        if self.deliver is not None:
            self.deliver(body, key, droppable)

    async def ask(self, method: str, params: Any = None, timeout: float = 10.0) -> Any:
        """The client's result as plain JSON; None if it answers with an error, or not within `timeout` seconds.

        Stock requests wait for ever, and waiting for one in a sync handler stops the loop that would bring the answer.
        """
        self._asks += 1
        msg_id = f"{self._server.name}-{self._asks}"
        message = {"jsonrpc": "2.0", "id": msg_id, "method": method}
        if params is not None:
            message["params"] = params
        answer = self._asked[msg_id] = asyncio.get_running_loop().create_future()
        try:
            self._send_data(message)
            return await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            logger.warning("no answer to %s within %s s", method, timeout)
            self.notify(types.CANCEL_REQUEST, {"id": msg_id})
            return None
        finally:
            self._asked.pop(msg_id, None)

    # Stock pygls remembers the answers of these by protocol object, so that it is never freed.

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    # -- built-in methods

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        try:
            Workspace(params.root_uri, workspace_folders=params.workspace_folders or [])
        except Exception as error:  # a root that is no URI
            logger.warning("ignored workspace folders: %s", error)
            params.root_uri = params.root_path = params.workspace_folders = None
        result = yield from super().lsp_initialize(params)
        self._server.started(params)
        self._server.offer(result.capabilities)
        result.capabilities.position_encoding = types.PositionEncodingKind(self._server.client.encoding)
        if params.process_id is not None:
            watch_process(params.process_id, lambda: self._server.leave(1))
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        if handler := self.fm.features.get(types.SHUTDOWN):
            yield handler, args, None
        self._shutdown = True
        self.state = "down"
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != self.msg_id:
                future.cancel()

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        event = params.event
        self._server.folders_changed([one.uri for one in event.added], [one.uri for one in event.removed])


def _told_to_pygls(params: dict[str, Any]) -> dict[str, Any]:
    """The capabilities of `initialize` that pygls decides by."""
    capabilities = params.get("capabilities")
    if not isinstance(capabilities, dict):
        return {}
    told: dict[str, Any] = {}
    for area, names in (("textDocument", ("rename", "synchronization")), ("workspace", ("fileOperations",))):
        said = capabilities.get(area)
        if isinstance(said, dict):
            told[area] = {name: said[name] for name in names if name in said}
    return told


# ---------------------------------------------------------------------------------------------------- the server


class WireServer(LanguageServer):
    """A server of one client, on stdio or message by message. Features are registered as with pygls; the hooks below
    are for subclasses."""

    protocol: WireProtocol

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version, protocol_cls=WireProtocol, converter_factory=make_converter)
        self.client = Client()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: set[asyncio.Future[Any]] = set()
        self._inbox: deque[object] = deque()
        self._woken = False
        self._busy = False
        self._messages: Iterator[object] | None = None
        """What the loop reads; None while a thread does."""
        self._ended = False
        self._reading = threading.Lock()
        self._turns = 0
        """How often the loop has begun or ended to handle what is queued: odd while it does."""
        self._outbox: Outbox | None = None
        self._log: Outbox | None = None
        self._left: Callable[[], object] | None = None
        """Called when the client wants to leave, where the process lives on."""
        self.has_left = False
        self._warming: Iterator[Callable[[], object]] | None = None
        self._next_warming: asyncio.TimerHandle | None = None

    # -- hooks

    def started(self, params: types.InitializeParams) -> None:
        """The client has said who it is and what it opens; nothing of it is shown yet."""

    def folders_changed(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Folders of the workspace were added and removed, by their URIs."""

    def offer(self, capabilities: types.ServerCapabilities) -> None:
        """What is about to be offered to the client, to be cut down to what it can use."""

    def take_options(self, options: Any) -> None:
        """The initializationOptions, as plain JSON that nobody has checked."""

    def did_open(self, params: Any) -> None:
        """textDocument/didOpen, as plain JSON that nobody has checked."""

    def did_change(self, params: Any) -> None:
        """textDocument/didChange, as plain JSON that nobody has checked."""

    def did_close(self, params: Any) -> None:
        """textDocument/didClose, as plain JSON that nobody has checked."""

    def on_idle(self) -> None:
        """Runs on the loop when all that had come in has been handled, once for all of it."""

    def lost(self, remains: object) -> None:
        """A message was given up: `remains` are its raw bytes or its params. It may have been an edit."""

    def warm_up(self) -> Iterator[Callable[[], object]]:
        """Small jobs, a few milliseconds each, that make first uses fast; run one by one while nothing is queued."""
        converter = self.protocol._converter
        seen: set[object] = set()
        for method in list(self.protocol.fm.features):
            params = types.METHOD_TO_TYPES.get(method, (None, None, None, None))[2]
            for kind in _classes(params, seen):  # what is inside first: a job each
                yield partial(converter.get_structure_hook, kind)

    # -- for handlers

    def settle(self) -> None:
        """Runs `on_idle` now if no message waits; else it runs behind them anyway."""
        if not self.is_waited_for():
            self._guard("on_idle", self.on_idle)

    def is_cancelled(self) -> bool:
        """Whether the client no longer wants the request that is being handled; for loops in slow handlers."""
        self._look_ahead()
        return self.protocol.msg_id in self.protocol.cancelled

    def is_waited_for(self) -> bool:
        """Whether messages wait to be handled or come in. `on_idle` may stop half-way then: it runs again."""
        self._look_ahead()
        return bool(self._inbox)

    async def ask(self, method: str, params: Any = None, timeout: float = 10.0) -> Any:
        """The client's result as plain JSON; None if it answers with an error, or not within `timeout` seconds."""
        return await self.protocol.ask(method, params, timeout)

    def begin(self, job: Coroutine[Any, Any, object]) -> None:
        """Has a coroutine run beside all that comes, such as one that waits for the user; what it raises is logged."""
        task = asyncio.ensure_future(job)
        self._jobs.add(task)  # the loop itself forgets tasks that nobody holds
        task.add_done_callback(self._jobs.discard)

    def send_raw(self, body: bytes, key: str | None = None, droppable: bool = False) -> None:
        """Sends a ready-made JSON text; what waits to be sent under the same `key` is dropped. From any thread."""
        self.protocol.send_raw(body, key, droppable)

    def tell(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Writes a line into the client's log for this server; nothing before `initialize` is answered."""
        if self.protocol.state in ("up", "down"):
            line = f"{self.name}: {message}"
            self.protocol.notify(types.WINDOW_LOG_MESSAGE, types.LogMessageParams(type=kind, message=line))

    def report_server_error(self, error: Exception, source: Any) -> None:
        # The stock method opens a popup for every malformed message and every failed notification.
        logger.error("%s: %s", getattr(source, "__name__", source), error)

    # -- life

    def serve_stdio(self) -> NoReturn:
        """Serves the client on stdin and stdout until it leaves, then ends the process.

        Not `start_io`: its loop swallows the exit code and waits for handlers to end, and it reads stdin with the
        threads that run handlers, so that slow handlers make it deaf.
        """
        source, sink = claim_stdio()
        log = Outbox(2, on_broken=lambda: None)
        if not logging.root.handlers:
            logging.root.addHandler(StderrHandler(log))
        outbox = self._outbox = Outbox(sink, on_broken=self.leave)
        self.protocol.deliver = outbox.send_frame
        self._log = log
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        # Stock pygls prints what a callback or a task raises to stderr only: diagnostics just stop.
        loop.set_exception_handler(self._on_loop_error)
        self._warming = self.warm_up()
        gc.enable()
        gc.set_threshold(50_000, 20, 50)  # documents are made of many small objects and of no cycles
        gc.freeze()  # a full collection with the protocol types loaded takes 34 ms, after this some µs
        sys.setswitchinterval(0.001)  # else the threads that read and write wait 5 ms behind a busy loop
        self._begin_to_read(loop, source)
        while True:
            try:
                loop.run_forever()
            except KeyboardInterrupt:
                self.leave()
            except SystemExit:  # of a task; its request has been answered
                logger.exception("a handler tried to end the server")

    def serve_messages(self, deliver: Deliver, left: Callable[[], object]) -> None:
        """Serves a client on the running loop, beside others: what it sends is given to `receive`, and `left` is called
        once it wants to leave. Then, and when it is gone without a word, `close` is due.
        """
        self._loop = asyncio.get_running_loop()
        self.protocol.deliver, self._left = deliver, left

    def receive(self, body: bytes) -> None:
        """Takes one message, a JSON text, of the client of `serve_messages`."""
        self._put(parse(body)[0])
        self._wake()

    def close(self) -> None:
        """Lets go of a client of `serve_messages`, and of all that is under way for it."""
        self.has_left, self._loop, self.protocol.deliver = True, None, None
        self._inbox.clear()
        running: list[Future[Any] | asyncio.Future[Any]] = [*self._jobs, *self.protocol._request_futures.values()]
        for job in running:
            job.cancel()

    def leave(self, code: int | None = None) -> None:
        """Sends what is queued, at most 2 seconds long, and ends the process: with 0 after `shutdown`, else with 1.

        From any thread. Nothing else runs: pygls waits for handlers in threads, 7.9 s behind one that sleeps 6.
        A process that serves others lives on.
        """
        if self._left is not None:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._left)
            return
        if code is None:
            code = 0 if self.protocol.state == "down" else 1
        for outbox, seconds in ((self._outbox, _FLUSH_SECONDS), (self._log, _FLUSH_SECONDS / 4)):
            if outbox is not None:
                outbox.flush(seconds)
        os._exit(code)

    def _begin_to_read(self, loop: asyncio.AbstractEventLoop, source: int) -> None:
        """Has `source` read: by the loop itself, or by a thread where a loop cannot (Windows; a file as stdin)."""
        try:
            loop.add_reader(source, self._on_readable)
        except (NotImplementedError, OSError):
            threading.Thread(target=self._read_for_the_loop, args=(source,), name="reader", daemon=True).start()
        else:
            self._messages = messages(FrameReader(read_ready(source), wait=wait_for_rest(source)))
            threading.Thread(target=self._read_behind_a_handler, name="reader", daemon=True).start()

    def _on_readable(self) -> None:
        self._take_in()
        self._drain()

    def _take_in(self) -> None:
        """Queues what can be read without waiting, up to a limit."""
        if self._messages is None or not self._reading.acquire(blocking=False):
            return
        try:
            for message in self._messages:
                if message is NOTHING_YET:
                    return
                self._put(message)
                if len(self._inbox) > _MOST_QUEUED:
                    return
            self._end()
        finally:
            self._reading.release()

    def _read_behind_a_handler(self) -> None:
        """Reads while one thing keeps the loop for long: the client may cancel that, or leave."""
        turns = 0
        while True:
            time.sleep(_LONG_SECONDS)
            if turns == self._turns and turns % 2:
                self._take_in()
                self._wake()
            turns = self._turns

    def _read_for_the_loop(self, source: int) -> None:
        """Reads and wakes the loop: once for all that came in together, before the next read waits."""
        read = read_from(source)

        def wake_and_read(size: int) -> bytes:
            if self._inbox:
                self._wake()
            return read(size)

        for message in messages(FrameReader(wake_and_read)):
            self._put(message)
        self._end()
        self._wake()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._put(_End())
            threading.Thread(target=self._end_soon, name="exit", daemon=True).start()

    def _put(self, message: object) -> None:
        # Read ahead: the queue may take a while to get there.
        if isinstance(message, dict) and message.get("jsonrpc") == "2.0" and "id" not in message:
            method = message.get("method")
            if method == types.CANCEL_REQUEST:
                params = message.get("params")
                target = params.get("id") if isinstance(params, dict) else None
                if usable_id(target):
                    self.protocol.cancelled.add(target)
            elif method == types.EXIT and self._left is None:
                threading.Thread(target=self._end_soon, name="exit", daemon=True).start()
        self._inbox.append(message)

    def _wake(self) -> None:
        if not self._woken and self._loop is not None:
            self._woken = True
            self._loop.call_soon_threadsafe(self._drain)

    def _look_ahead(self) -> None:
        """Queues what can be read now, for a handler that asks."""
        self._take_in()
        if self._inbox:
            self._wake()

    def _end_soon(self) -> None:
        """Ends the process even if a handler keeps the loop from doing so."""
        time.sleep(_GRACE_SECONDS)
        self.leave()

    def _drain(self) -> None:
        if self._loop is None:  # the client has left
            return
        self._woken = False
        if self._next_warming is not None:
            self._next_warming.cancel()
            self._next_warming = None
        self._turns += 1
        try:
            self._handle_queued()
        finally:
            self._turns += 1
        if self._warming is not None and self.protocol.state == "up":
            self._next_warming = self._loop.call_later(_REST_SECONDS, self._warm)

    def _handle_queued(self) -> None:
        assert self._loop is not None
        now = time.monotonic()
        turn_ends, look_ahead = now + _TURN_SECONDS, now + _LOOK_SECONDS
        while self._inbox:
            self._busy = True
            self.protocol.take(self._inbox.popleft())
            now = time.monotonic()
            if now > turn_ends and self._inbox:
                self._wake()  # tasks and timers get their turn
                return
            if now > look_ahead or not self._inbox:
                look_ahead = now + _LOOK_SECONDS
                self._take_in()
        if self._busy:
            self._busy = False
            self._guard("on_idle", self.on_idle)

    def _warm(self) -> None:
        assert self._loop is not None
        if self._warming is None or self._inbox:
            return
        job = next(self._warming, None)
        if job is None:
            self._warming = None
            gc.freeze()
        else:
            self._guard("warm_up", job)
            self._next_warming = self._loop.call_later(0.001, self._warm)

    def _guard(self, where: str, job: Callable[[], object]) -> None:
        try:
            job()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.protocol.failed(where, error)

    def _on_loop_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context.get("message"))
        self.protocol.failed("a background task", error)


def _classes(kind: Any, seen: set[object]) -> Iterable[type]:
    """The attrs classes that a value of `kind` may be made of, those inside others first."""
    if attrs.has(kind):
        if kind not in seen:
            seen.add(kind)
            for field in attrs.fields(kind):
                yield from _classes(field.type, seen)
            yield kind
    else:
        for part in get_args(kind):
            yield from _classes(part, seen)
