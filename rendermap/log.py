"""The log: one event a line, that gives nothing away and that nobody outside can write into.

It names services, jobs and reference numbers.  Free text (``reason``, tracebacks, a dying worker's last words, what libraries say) may hold
file paths: above debug level every absolute path in it is cut to its last name.  Credentials are hidden at every level, and what a client
sent is on one line at every level, for a line of its own could pass for one of ours.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

FREE_TEXT = frozenset({"reason", "exception", "words", "stack"})
PAGES = frozenset({"exception", "stack"})
"""Texts of many lines, each of which is set in."""

CREDENTIALS = frozenset(
    {
        "token",
        "authorization",
        "x_esri_authorization",
        "x_api_key",
        "cookie",
        "password",
        "secret",
        "key",
        "api_key",
        "access_token",
        "client_secret",
    }
)
_PATH = re.compile(r"(?<![\w/.:])(?:/[^\s/\"'<>|:;,()]+)+/([^\s/\"'<>|:;,()]+)")
_FOREIGN_PATH = re.compile(r"(?:\b[A-Za-z]:|\\)\\[^\s\"'<>|]*\\([^\s\\\"'<>|:;,()]+)")
"""As Windows writes them; tools leave them in what they say."""


def _in_any_spelling(word: str) -> str:
    """A pattern for it as it may stand in an address, where each letter may be a percent sign and its number."""
    return "".join(f"(?:{letter}|%{ord(letter):02x}|%{ord(letter.upper()):02x})" for letter in word)


_NAMES = "|".join(map(_in_any_spelling, ("token", "signature", "sig", "key", "password", "secret", "code")))
_SLASHES, _EQUALS = "(?:/|%2f)+", "(?:=|%(?:25)*3d)"
_HIDDEN = (
    (re.compile(rf"((?:{_NAMES}){_EQUALS})[^&\s\"']+", re.IGNORECASE), r"\1***"),
    (re.compile(rf"({_SLASHES}{_in_any_spelling('links')}{_SLASHES})[^/?#\s\"']+", re.IGNORECASE), r"\1***"),
    # keys, tokens and links of ours, wherever they stand
    (re.compile(r"(rm[klt]_)[\w.-]+"), r"\1***"),
    (re.compile(r"\b(bearer|basic)(\s+)[^\s\"',]+", re.IGNORECASE), r"\1\2***"),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)?"), "***"),
    (re.compile(r"(://[^/\s:@\"']*:)[^/\s@\"']+@"), r"\1***@"),
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NOISE = ("Invalid HTTP request received.", "Unsupported upgrade request.")
"""What uvicorn warns of whenever anybody sends what is no request: anybody could fill a disk with it."""


def configure_logging(*, json: bool, level: str = "info", stream: TextIO | None = None, roots: Iterable[Path] = ()) -> None:
    """Set the log up for the process, that of libraries too.  json: one object per line, else for people.

    stream: standard error when None.  roots: folders that paths lie in; below them a path is known even with blanks in its folders' names.
    Raises ValueError when there is no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"there is no log level {level!r}")
    hiding: list[Processor] = [structlog.processors.format_exc_info, hide_credentials]
    if number > logging.DEBUG:
        hiding.append(partial(hide_paths, roots=tuple(sorted((f"{root.absolute()}/" for root in roots), key=len, reverse=True))))
    if not json:
        hiding.append(keep_on_one_line)
    written = _renderer(json, stream or sys.stderr)
    structlog.configure(
        processors=[*_facts(), *hiding, written],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        # standard error as it is when a line is written, not as it was when the log was set up
        logger_factory=lambda *_: structlog.PrintLogger(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    _configure_libraries(number, hiding, written, stream)


def _facts() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(json: bool, out: TextIO) -> Processor:
    if json:
        return structlog.processors.JSONRenderer()
    # tracebacks come as text, already hidden
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)


def _configure_libraries(number: int, hiding: list[Processor], written: Processor, stream: TextIO | None) -> None:
    """What uvicorn, asyncio and others say goes the same way, and below warning only at debug level."""
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_facts(), as_free_text],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *hiding, out_of_free_text, written],
        )
    )
    handler.addFilter(lambda record: number <= logging.DEBUG or record.msg not in _NOISE)
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(number, logging.WARNING))


class _Handler(logging.StreamHandler[Any]):
    """Ours among the handlers of the root logger.  Writes to standard error as it is then, when no stream is given."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._given = stream

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        self.stream = self._given or sys.stderr
        super().emit(record)


# --- processors ----------------------------------------------------------------------------------------------------------


def hide_credentials(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values named like a credential, and credentials inside other text, become ``***``."""
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if name.lower().replace("-", "_") in CREDENTIALS:
        return "***"
    if isinstance(value, dict):
        return {inner: _hidden(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", each) for each in value]
    if not isinstance(value, str):
        return value if isinstance(value, int | float | bool | None) else _hidden(name, str(value))
    for pattern, instead in _HIDDEN:
        value = pattern.sub(instead, value)
    return value


def hide_paths(_logger: object, _method: str, event: MutableMapping[str, Any], roots: tuple[str, ...] = ()) -> MutableMapping[str, Any]:
    """Absolute paths inside free text keep only their last name, or what is below a root."""
    for name in FREE_TEXT & event.keys():
        if isinstance(event[name], str):
            event[name] = _without_paths(event[name], roots)
    return event


def _without_paths(text: str, roots: tuple[str, ...]) -> str:
    for root in roots:
        text = text.replace(root, "/…/")
    return _FOREIGN_PATH.sub(r"…/\1", _PATH.sub(r"…/\1", text))


def keep_on_one_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Line feeds, escapes and signs that turn the direction of text are spelled out; tracebacks keep their lines, set in."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = "\n".join(f"  | {_spelled(line)}" for line in value.splitlines()) if name in PAGES else _spelled(value)
    return event


def _spelled(text: str) -> str:
    return _UNPRINTABLE.sub(lambda sign: sign[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def as_free_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a library says may name files."""
    event["reason"] = event.pop("event", "")
    return event


def out_of_free_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Back to where a line begins."""
    if "event" not in event:
        event["event"] = event.pop("reason", "")
    return event
