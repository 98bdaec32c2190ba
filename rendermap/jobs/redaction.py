"""Takes the server's paths out of what tools wrote: messages, inputs and values are read by strangers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

SHOWN, SHOWN_SECRET = "[path]", "[secret]"

_FOLDER = "\x00"
"""Stands for one of the server's own folders while a text is looked through."""
_SEPARATOR = r"(?:\\{0,4}/{1,4}|\\{1,4}|%(?:25)?(?:2F|5C))"
_STEP = rf"{_SEPARATOR}(?:\.{_SEPARATOR})*"
_SYSTEM = "srv|home|tmp|var|usr|opt|mnt|etc|root|proc"

_NAME = r"""[^\s\\/'"`<>|]"""
_PLAIN_WORD = rf"(?!{_NAME}*\.[A-Za-z]\w{{1,4}}[ ]){_NAME}*[^\s\\/'\"`<>|,;:.!?][ ]"
_UNIT = rf"{_NAME}?(?:$|\s(?!{_NAME}*\.[A-Za-z]\w{{1,4}}\b))"
"""What is left of one after its slash, as in 3 m/s; no unit is ``Files/x y.tif``."""
_ROOT = rf"""(?:
      (?<![A-Za-z0-9_])[A-Za-z]:[\\/]+                          # C:\ or C:/
    | (?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:/{{2,}}          # a database, a bucket, an address with a password
    | (?<![A-Za-z0-9])file:/+
    | {_FOLDER}[\\/]*
    | (?<=\w)/(?=(?:{_SYSTEM})/)                                  # whatever word is before it
    | (?<![\w./\\%-])(?:{_SYSTEM})/(?={_NAME}+/{_NAME})           # from the root, which is left away
    | \\\\(?={_NAME})                                           # \\server
    | (?<![\w.)\]}}%°²³/\\~])(?:~\w*|\.{{1,2}})?(?!(?<=[<\[])/\w+\s*[>\]])/{{1,2}}(?={_NAME})
)"""
_REST = rf"""
      (?:{_NAME}+[\\/]+ | (?:{_PLAIN_WORD}){{1,6}}{_NAME}+(?<![:=,(])(?:\\[\\/]*|/[\\/]*(?!{_UNIT})))*  # blanks, but no units
      (?:(?:{_PLAIN_WORD}){{1,4}}{_NAME}*\.[A-Za-z]\w{{1,4}}\b | {_NAME}*)
"""
_PATH = re.compile(
    rf"""
      (?P<kept> (?<![A-Za-z0-9+.-])(?:https?|ftps?)://(?![^\s/]*@)[^\s'"`<>|{_FOLDER}]+ )
    | (?P<quote>['"`])(?P<before>\w+:)?{_ROOT}[^'"`\n]*(?P=quote)
    | {_ROOT}{_REST}
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ROOTED = re.compile(
    rf"""
    (?<=(?P<mark>['"]))/(?=(?:{_SYSTEM})/\w)[^'"\n]*(?=(?P=mark))
  | (?: {_FOLDER}[\\/]*
      | (?<![A-Za-z0-9_])[A-Z]:[\\/]+(?=\w)
      | \bfile:/+(?=\w)
      | (?<!\\)\\\\(?=\w+\\\w)
      | (?<![\w./%])/(?=(?:{_SYSTEM})/\w)
    ){_REST}
    """,
    re.VERBOSE,
)
"""What can only be a place on a server: values are for programs, which take a ``</b>`` or an ``/a`` for what it is."""
_OWN = re.compile(rf"{_FOLDER}[\\/]*{_REST}", re.VERBOSE)
_IN_ADDRESS = re.compile(r"(?<==)(?:/|[A-Za-z]:[\\/])[^\s/&#]+[\\/][^\s&#]*")
_WORD = re.compile(r"""[^\s'"`<>|,;()=]+""")
_JOB_FOLDER = re.compile(rf"_gpserver{_SEPARATOR}|(?<![\w%])scratch(?:\.gdb)?{_SEPARATOR}", re.IGNORECASE)
_RELATIVE = re.compile(r"[\w.-]+(?:\\{1,2}[\w.-]+)+\.[A-Za-z]\w{1,4}")
_SECRET = re.compile(r"\b((?:password|passwd|pwd)[\"']?\s{0,3}[=:]\s{0,3})[^\s&;,]+", re.IGNORECASE)
_SPELT = (("\\/", "/"), ("%2F", "/"), ("%2f", "/"), ("%3A", ":"), ("%3a", ":"), ("%5C", "\\"), ("%5c", "\\"))
_TRAILING = re.compile(r"[.,;:!?)\]}]+$")


def without_paths(text: str, folders: Iterable[Path] = ()) -> str:
    """A text with every path left out, for ``[path]``, and passwords; http and ftp addresses, fractions, dates and units stay.

    A path without quotes ends where its name can no longer go on: blanks belong to it while a folder or a file's suffix follows.
    In doubt more is left out rather than less.  folders: the server's own, which are found however they are spelt.
    """
    marked = _plainly_spelt(_marked(_SECRET.sub(rf"\1{SHOWN_SECRET}", text), folders))
    return _WORD.sub(_leave_out_relative, _PATH.sub(_leave_out, marked))


def without_own_paths(text: str, folders: Iterable[Path] = ()) -> str:
    """A text for programs, in which only what can be nothing else than a path of a server is left out."""
    return _ROOTED.sub(_shown, _marked(text, folders))


def without_folders(text: str, folders: Iterable[Path] = ()) -> str:
    """A text as a client sent it, but for paths below the server's own folders."""
    return _OWN.sub(_shown, _marked(text, folders))


def value_without_paths(value: object, clean: Callable[[str], str] = without_own_paths) -> object:
    """A JSON value with every text in it, keys included, as clean leaves it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [value_without_paths(each, clean) for each in value]
    if isinstance(value, dict):
        return {clean(str(key)): value_without_paths(each, clean) for key, each in value.items()}
    return value


def _marked(text: str, folders: Iterable[Path]) -> str:
    """The text with the server's own folders marked, in whatever spelling they stand in it."""
    text = text.replace(_FOLDER, "")
    for folder in folders:
        if len(folder.parts) > 2:
            spelt = "".join(f"{_STEP}{_spellings(part)}" for part in folder.parts[1:])
            text = re.sub(rf"{spelt}(?![\w-])", _FOLDER, text, flags=re.IGNORECASE)
    return text


def _spellings(name: str) -> str:
    """As it is, as in an address, and as in JSON."""
    return f"(?:{'|'.join(re.escape(spelt) for spelt in dict.fromkeys((name, quote(name), json.dumps(name)[1:-1])))})"


def _plainly_spelt(text: str) -> str:
    """The text with slashes and colons that were escaped as they are, where that shows more paths than are seen without it."""
    plain = text
    for spelt, char in _SPELT:
        plain = plain.replace(spelt, char)
    return plain if plain != text and _count_paths(plain) > _count_paths(text) else text


def _count_paths(text: str) -> int:
    return sum(not found["kept"] or bool(_IN_ADDRESS.search(found[0])) for found in _PATH.finditer(text))


def _leave_out(found: re.Match[str]) -> str:
    if found["kept"]:
        return _IN_ADDRESS.sub(SHOWN, found["kept"])
    if quote_mark := found["quote"]:
        return f"{quote_mark}{found['before'] or ''}{SHOWN}{quote_mark}"
    return _shown(found)


def _leave_out_relative(found: re.Match[str]) -> str:
    """A word that is a way down into a job's folder, or to a file with backslashes."""
    word = found[0]
    is_path = "://" not in word and (_JOB_FOLDER.search(word) or _RELATIVE.fullmatch(_TRAILING.sub("", word)))
    return _shown(found) if is_path else word


def _shown(found: re.Match[str]) -> str:
    trailing = _TRAILING.search(found[0])
    return SHOWN + (trailing[0] if trailing else "")
