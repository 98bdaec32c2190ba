"""Takes the server's paths out of what tools wrote: messages, inputs and values are read by strangers."""

from __future__ import annotations

import re

SHOWN = "[path]"

_NAME = r"""[^\s\\/'"`<>|]"""
_PLAIN_WORD = rf"(?!{_NAME}*\.[A-Za-z]\w{{1,4}}[ ]){_NAME}*[^\s\\/'\"`<>|,;:.!?][ ]"
_ROOT = rf"""(?:
      (?<![A-Za-z0-9_])[A-Za-z]:[\\/]+                          # C:\ or C:/
    | (?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:/{{2,}}          # a database, a bucket, an address with a password
    | (?<![A-Za-z0-9])file:/*
    | \\\\(?={_NAME})                                           # \\server
    | (?<![\w.)\]}}%°²³/\\~])(?:~\w*|\.{{1,2}})?(?!(?<=[<\[])/\w+\s*[>\]])/{{1,2}}(?={_NAME})
)"""
_PATH = re.compile(
    rf"""
      (?P<kept> (?<![A-Za-z0-9+.-])(?:https?|ftps?)://(?![^\s/]*@)[^\s'"`<>|]+ )
    | (?P<quote>['"`])(?P<before>\w+:)?{_ROOT}[^'"`\n]*(?P=quote)
    | {_ROOT}
      (?:{_NAME}+[\\/]+ | (?:{_PLAIN_WORD}){{1,6}}{_NAME}+(?<![:=,(])[\\/]+(?!{_NAME}?(?:\s|$)))*  # blanks, but no units
      (?:(?:{_PLAIN_WORD}){{1,4}}{_NAME}*\.[A-Za-z]\w{{1,4}}\b | {_NAME}*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TRAILING = re.compile(r"[.,;:!?)\]}]+$")


def without_paths(text: str) -> str:
    """A text with every path left out, for ``[path]``; http and ftp addresses, fractions, dates and units stay.

    A path without quotes ends where its name can no longer go on: blanks belong to it while a folder or a file's suffix follows.
    In doubt more is left out rather than less.
    """
    return _PATH.sub(_leave_out, text)


def value_without_paths(value: object) -> object:
    """A JSON value with every text in it, keys included, as `without_paths` leaves it."""
    if isinstance(value, str):
        return without_paths(value)
    if isinstance(value, list | tuple):
        return [value_without_paths(each) for each in value]
    if isinstance(value, dict):
        return {without_paths(str(key)): value_without_paths(each) for key, each in value.items()}
    return value


def _leave_out(found: re.Match[str]) -> str:
    if found["kept"]:
        return found["kept"]
    if quote := found["quote"]:
        return f"{quote}{found['before'] or ''}{SHOWN}{quote}"
    trailing = _TRAILING.search(found[0])
    return SHOWN + (trailing[0] if trailing else "")
