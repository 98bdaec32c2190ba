"""Damage of requests, drawn from a seeded chance: values, names, paths, encodings, headers, methods, bodies, and the bytes themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from urllib.parse import quote

from tests.fuzz.mutations import WORDS, damaged_text
from tests.fuzz.questions import Question

SCRIPT = "<script>alert(7)</script>"
INJECTED = "X-Injected: yes"
EVIL_HOST = "evil.example"
LONG, LONGEST_TARGET, LONGEST_BODY = 5_000, 300_000, 2_000_000
ODD = (
    *(word for word in WORDS if len(word) < 100), "", " ", "\t", "a" * LONG, "-" * 70, "1e400", "-0", "0x10", "1,2", "1,2,3,4,5,6",
    "nan,nan,nan,nan", "0,0,0,0", "1e308,1e308,-1e308,-1e308", "100000,100000", "0.0001,0.0001", "9" * 400, "١٢٣", "½", "𝟏", "ﬀ",
    "\ufeff1", "\u0000", "\x7f", "a\r\nb", f"a\r\n{INJECTED}", SCRIPT, f'"><img src=x onerror=alert(7)>{SCRIPT}', "';alert(7)//",
    "{{7*7}}", "${7*7}", "%(x)s", "{0}", "%n%s%x", "' OR 1=1 --", "1; DROP TABLE x", "..", "../../../../etc/passwd", "..\\..\\x",
    "/dev/zero", "\\\\?\\C:\\", "CON", "nul", "aux.txt", "a.", "a ", "http://127.0.0.1:9/", "//evil.example/x", "file:///etc/passwd",
    "javascript:alert(7)", "data:text/html,x", "show:", "show:0,0,0,0", "hide:0", "include:" + "1," * 900, "{}", "[]",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", '{"a":' * 40, '{"xmin":1e999}', '{"wkid":-1}', '{"wkid":102100,"latestWkid":"x"}',
    '{"wkt":"PROJCS["}', "EPSG:0", "3857", "4326", "2193", "32616", "100000", "+proj=longlat +nadgrids=/etc/passwd",
    "urn:ogc:def:crs:EPSG::4326", "default", "true", "TRUE",
)  # fmt: skip
NAMES = (
    "f", "bbox", "bboxSR", "imageSR", "size", "dpi", "format", "transparent", "layers", "layerDefs", "dynamicLayers", "time", "mapScale",
    "rotation", "callback", "token", "service", "ratio", "background", "_", "__proto__", "", "f[]", "bbox[0]", "gdbVersion",
    "datumTransformation", "clipping", "mosaicRule", "returnGeometry", "where", "username", "password", "client", "expiration", "referer",
)  # fmt: skip
METHODS = ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get", "Get", "GET", "FOO", "CONNECT")
STEPS = (
    "..", ".", "", " ", "%2e%2e", "%2E%2e%2f", "..%5c", "%00", "%", "%zz", "%c0%ae%c0%ae", "%ff%fe", ";x=y", "~", "null", "jobs",
    "MapServer", "GPServer", "export", "0", "-1", "99999999999", "j" + "0" * 32, "J" + "F" * 32, "con", "a" * 300, "é", "%E2%80%AE",
    "links", "arcgis",
)  # fmt: skip
HEADERS = {
    "Host": ("evil.example", "evil.example:99999", "[::1]", "", "a b", "maps.example	", f'"{SCRIPT}', "x" * 300, "127.0.0.1:0",
        "maps.example,evil"),
    "X-Forwarded-Host": ("evil.example", "a,b", SCRIPT, "evil.example/x?y", "", "x" * 400, "é", "[::1", "maps.example:99999999"),
    "X-Forwarded-Proto": ("https", "javascript", "ftp", "https,http", "", "https://evil", "HTTPS"),
    "X-Forwarded-Prefix": ("/gis", "//evil.example", "/../..", "gis", "/a" * 50, "/é", "/%2e%2e", "\\evil"),
    "X-Forwarded-For": ("1.2.3.4", "::1", "evil", "1.2.3.4, 5.6.7.8", "x" * 500, "", "1.2.3.4:80", SCRIPT),
    "Authorization": ("Bearer", "Bearer ", "Bearer x", "bearer a.b.c", "Basic dTpw", "Digest x", "Negotiate", "Bearer " + "A" * 9000,
        "Bearer é", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer rmk_x", "Bearer rmt_x", "Bearer rmt_", "\x00"),
    "X-Esri-Authorization": ("Bearer x", "Bearer ", "token"),
    "X-API-Key": ("rmk_", "rmk_fuzzed ", "é", "x" * 9000, "", "rmt_x"),
    "Range": ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=0-,1-,2-", "bytes=" + "0-1," * 900, "lines=1",
        "bytes=99999999999999999999-", "x"),
    "If-None-Match": ("*", '"x"', 'W/"x"', '"""""""""', ",", "x" * 9000, '"a", "b"', "é", ""),
    "If-Modified-Since": ("x", "Wed, 01 Jan 2020 00:00:00 GMT", "-1", ""),
    "Accept": ("text/html", "*/*;q=x", "image/tiff", "text/html;" * 500, "é", "", "application/json, text/html"),
    "Accept-Encoding": ("gzip", "br;q=9", "identity;q=0", "x" * 900),
    "Content-Type": ("application/json", "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300, "text/xml", "application/x-www-form-urlencoded; charset=utf-7", "é", "", "/",
        "multipart/mixed; boundary=b"),
    "Content-Encoding": ("gzip", "deflate", "x"),
    "Cookie": ("a=b", "=;=;=", "x" * 9000, SCRIPT, "token=rmk_fuzzed"),
    "Origin": ("null", "https://evil.example", SCRIPT, "é", "x" * 5000, ""),
    "Referer": ("https://evil.example/x", "é", "javascript:x", "x" * 5000),
    "Access-Control-Request-Headers": ("x-esri-authorization", SCRIPT, "é", "x" * 900),
    "X-HTTP-Method-Override": ("DELETE",),
    "X-Original-URL": ("/metrics", "/jobs/Land/Register"),
    "Forwarded": ("host=evil.example;proto=https", "for=x"),
    "X-Request-ID": ("a" * 900, SCRIPT, "é"),
}  # fmt: skip
FRAMING = {
    "Transfer-Encoding": ("chunked", "identity", "chunked, chunked", "x", " chunked"),
    "Content-Length": ("0", "1", "-1", "x", "1,1", "99999999999999999999"),
    "Expect": ("100-continue", "x"),
    "Connection": ("close", "upgrade", "x"),
    "Upgrade": ("websocket", "h2c"),
    "TE": ("trailers",),
    "HTTP2-Settings": ("AAAA",),
}  # fmt: skip
LETTERS = ("\x00", "\x7f", " ", "\t", "é", "\udcff", "#", "?", "&", "%", "\\", "^", "`", "{", "|", "0", ".", "/", "\r\n")

Damage = Callable[[Random, Question, Sequence[Question]], Question]


def damaged(chance: Random, good: Question, others: Sequence[Question]) -> Question:
    """A request with one to four damages.  others: to borrow from."""
    made = good
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        made = chance.choices(list(DAMAGES), list(DAMAGES.values()))[0](chance, made, others)
        # what is multiplied again and again must not fill the memory: beyond this all is refused alike
        made = replace(made, target=made.target[:LONGEST_TARGET], body=made.body[:LONGEST_BODY])
    return made


# --- query and form ----------------------------------------------------------------------------------------------------


def _pairs(question: Question) -> tuple[str, list[str]]:
    path, _, query = question.target.partition("?")
    return path, query.split("&") if query else []


def _with(question: Question, path: str, pairs: Sequence[str]) -> Question:
    return replace(question, target=path + ("?" + "&".join(pairs) if pairs else ""))


def _value(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    path, pairs = _pairs(question)
    if not pairs:
        return _name(chance, question, others)
    at = chance.randrange(len(pairs))
    name, _, value = pairs[at].partition("=")
    pairs[at] = f"{name}={_new(chance, value)}"
    return _with(question, path, pairs)


def _new(chance: Random, value: str) -> str:
    """Another value: odd, tweaked, or odd and written as it should not be."""
    match chance.randrange(6):
        case 0 | 1:
            return _spelt(chance, chance.choice(ODD))
        case 2:
            return re.sub(
                r"\d+", lambda found: str(int(found[0][:30]) * chance.choice((-1, 0, 2, 10, 1000)) + chance.choice((0, 1))), value, count=2
            )
        case 3:
            return quote(damaged_text(chance, value, chance.choice(ODD)).encode("utf-8", "replace"), safe="")
        case 4:
            return value[: chance.randrange(len(value) + 1)] + _spelt(chance, chance.choice(ODD)) + value
        case _:
            return (value + chance.choice(("", ","))) * chance.choice((2, 3, 50))


def _spelt(chance: Random, text: str) -> str:
    raw = text.encode("utf-8", "replace")
    match chance.randrange(8):
        case 0:
            return quote(quote(raw, safe=""), safe="")
        case 1:
            return "".join(f"%{byte:02x}" for byte in raw)
        case 2:
            return raw.decode("utf-8", "replace").replace(" ", "+").replace("\r", "").replace("\n", "").replace("\x00", "") + chance.choice(
                ("%", "%f", "%zz", "%ff")
            )
        case _:
            return quote(raw, safe=chance.choice(("", "/:,;@", "'()*")))


def _name(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    path, pairs = _pairs(question)
    match chance.randrange(5):
        case 0 if pairs:
            del pairs[chance.randrange(len(pairs))]
        case 1 if pairs:
            pairs += [chance.choice(pairs)] * chance.choice((1, 2, 300))
        case 2 if pairs:
            at = chance.randrange(len(pairs))
            pairs[at] = chance.choice((pairs[at].upper(), pairs[at].lower(), pairs[at].swapcase(), pairs[at].replace("=", "", 1)))
        case 3:
            pairs.append(chance.choice((chance.choice(_pairs(chance.choice(others))[1] or ["x"]), "&", "=", "=" * 40, ";")))
        case _:
            pairs.insert(chance.randrange(len(pairs) + 1), f"{chance.choice(NAMES)}={_spelt(chance, chance.choice(ODD))}")
    return _with(question, path, pairs)


def _body(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    text = question.body.decode("latin-1") or question.target.partition("?")[2]
    match chance.randrange(6):
        case 0:
            body = bytes(chance.randrange(256) for _ in range(chance.choice((1, 30, 3000))))
        case 1:
            body = damaged_text(chance, text, chance.choice(others).body.decode("latin-1")).encode("utf-8", "replace")
        case 2:
            body = (text + "&").encode("utf-8", "replace")
            body *= min(chance.choice((2, 300)), LONGEST_BODY // len(body) + 1)
        case 3:
            body = b"[" * chance.choice((10, 100_000))
        case 4:
            body = (
                "&".join(f"{chance.choice(NAMES)}={_spelt(chance, chance.choice(ODD))}" for _ in range(chance.choice((1, 5, 250))))
            ).encode("utf-8", "replace")
        case _:
            body = text.encode("utf-8", "replace")[: chance.randrange(len(text) + 1)]
    return replace(question, method=chance.choice(("POST", "POST", "POST", "PUT", question.method)), body=body)


# --- path, method, headers ---------------------------------------------------------------------------------------------


def _path(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    path, pairs = _pairs(question)
    steps = path.split("/")
    at = chance.randrange(1, len(steps)) if len(steps) > 1 else 0
    match chance.randrange(8):
        case 0:
            steps[at] = chance.choice(STEPS)
        case 1:
            steps.insert(at, chance.choice(STEPS))
        case 2:
            del steps[at]
        case 3:
            to = chance.randrange(len(steps))
            steps[at], steps[to] = steps[to], steps[at]
        case 4:
            steps[at] = chance.choice(
                (steps[at].upper(), steps[at].lower(), steps[at].swapcase(), steps[at] + chance.choice(STEPS), _spelt(chance, steps[at]))
            )
        case 5:
            steps = steps[:at] + chance.choice(others).target.partition("?")[0].split("/")[at:]
        case 6:
            steps += [chance.choice(STEPS)] * chance.choice((1, 2, 60))
        case _:
            steps[at] = _spelt(chance, chance.choice(ODD)) or "x"
    return _with(question, "/".join(steps) or "/", pairs)


def _method(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    del others
    return replace(question, method=chance.choice(METHODS))


def _header(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    name = chance.choice(list(HEADERS))
    header = (chance.choice((name, name, name.lower(), name.upper())), chance.choice(HEADERS[name]))
    kept = tuple(each for each in question.headers if each[0].lower() != name.lower() or chance.random() < 0.2)
    borrowed = chance.choice(others).headers if chance.random() < 0.2 else ()
    return replace(question, headers=(*kept, header, *(each for each in borrowed if each[0].lower() != name.lower())))


def _framing(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    """What tells where a request ends, and so may leave the other side waiting."""
    del others
    name = chance.choice(list(FRAMING))
    return replace(question, headers=(*question.headers, (name, chance.choice(FRAMING[name]))), is_whole=False)


def _splice(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    path, pairs = _pairs(question)
    return _with(question, path, [*pairs, *_pairs(chance.choice(others))[1]])


def _letters(chance: Random, question: Question, others: Sequence[Question]) -> Question:
    """Letters of the target, whatever they mean."""
    del others
    target = list(question.target)
    for _ in range(chance.choice((1, 1, 3, 10))):
        at = chance.randrange(len(target))
        target[at] = chance.choice(
            ("\x00", "\x7f", " ", "\t", "é", "\udcff", "#", "?", "&", "%", "\\", "^", "`", "{", "|", "0", ".", "/", "\r\n")
        )
    return replace(question, target="".join(target), is_whole=False)


DAMAGES: dict[Damage, int] = {_value: 30, _name: 14, _path: 18, _header: 16, _body: 9, _method: 5, _splice: 4, _letters: 5, _framing: 3}
"""How, and how often."""
