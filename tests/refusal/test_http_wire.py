"""What comes over the wire is one request or none: its head is bounded, and no second request hides in the first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from rendermap.limits import BODY_BYTES, HEAD_BYTES, HEADERS
from tests.builders.counted_service import CountedService
from tests.builders.hosted import connect, hosted

HIDDEN = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
"""Its answer would be told by its words."""

ADDRESS = "/arcgis/rest/info?f=json"
READS_S = 0.7


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with hosted(CountedService(tmp_path_factory.mktemp("wire"), {}).assembled) as port:
        yield port


def post(*headers: str, body: bytes = b"", line: str = f"POST {ADDRESS} HTTP/1.1") -> bytes:
    """A request as it is written.  headers: beside the host."""
    return "\r\n".join([line, "Host: maps.example", *headers, "", ""]).encode("latin-1") + body


def answers(port: int, sent: bytes) -> list[tuple[int, bytes]]:
    """(status, body) of every answer until nothing more comes.  The client does not close its side, for that ends all."""
    with connect(port) as client:
        client.settimeout(READS_S)
        with suppress(OSError):
            client.sendall(sent)
        read = b""
        with suppress(OSError):
            while chunk := client.recv(1 << 16):
                read += chunk
    found = []
    while match := re.match(rb"HTTP/1\.1 (\d{3}).*?\r\n\r\n", read, re.DOTALL):
        length = re.search(rb"content-length: (\d+)", match[0], re.IGNORECASE)
        end = match.end() + (int(length[1]) if length else 0)
        found.append((int(match[1]), read[match.end() : end]))
        read = read[end:]
    return found


# --- the head ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        post(f"X: {'x' * (2 * HEAD_BYTES.value + 400_000)}"),
        post("X: y", line=f"GET /{'x' * (2 * HEAD_BYTES.value + 400_000)} HTTP/1.1"),
        post(f"{'x' * (2 * HEAD_BYTES.value + 400_000)}: y"),
    ],
    ids=["value", "address", "name"],
)
def test_a_head_has_so_many_bytes(sent: bytes, port: int) -> None:
    """Whatever is long in it; the limit is told, and nothing more is read."""
    found = answers(port, sent)
    assert len(found) <= 1
    for status, body in found:
        assert status == 431 and json.loads(body)["error"]["message"] == HEAD_BYTES.sentence


def test_a_head_without_an_end_is_cut_off(port: int) -> None:
    """A client that goes on writing its head for ever is told as soon as it is too long, and its memory is given back."""
    with connect(port, b"GET / HTTP/1.1\r\nX: ") as client:
        sent = 0
        try:
            while sent < 50 << 20:
                sent += client.send(b"x" * 4096)
        except ConnectionError:
            pass
    assert sent < 20 << 20, "what the kernel buffers, and no more"


def test_a_head_has_so_many_headers(port: int) -> None:
    """One more than a hundred is refused, a hundred are read."""
    many = [f"X-{number}: y" for number in range(HEADERS.value)]
    found = answers(port, post(*many))
    assert [(status, json.loads(body)["error"]["message"]) for status, body in found] == [(431, HEADERS.sentence)]
    assert [status for status, _ in answers(port, post(*many[2:], "Connection: close"))] == [200]


def test_what_follows_a_body_is_counted_too(port: int) -> None:
    """Headers may come after a body in pieces."""
    trailers = "".join(f"X-{number}: y\r\n" for number in range(2 * HEADERS.value)).encode()
    found = answers(port, post("Transfer-Encoding: chunked", body=b"0\r\n" + trailers + b"\r\n"))
    assert len(found) <= 2 and 500 not in [status for status, _ in found]


def test_a_body_in_pieces_has_an_end(port: int) -> None:
    """Nobody says beforehand how long it is; it is refused when it is too long, whatever reads it."""
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for address in (ADDRESS, "/xyz/Demo/jobs/j/tilejson.json", "/health/live"):
        body = piece * (20 * BODY_BYTES.value // 0x10000) + b"0\r\n\r\n"
        found = answers(port, post("Transfer-Encoding: chunked", body=body, line=f"POST {address} HTTP/1.1"))
        assert len(found) <= 1 and all(status in (200, 405) for status, _ in found)


# --- one request or none ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        post(f"Content-Length: {len(HIDDEN)}", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", "Content-Length: 4", body=b"0\r\n\r\n" + HIDDEN),
        post("Content-Length: 0", f"Content-Length: {len(HIDDEN)}", body=HIDDEN),
        post(f"Content-Length: 0, {len(HIDDEN)}", body=HIDDEN),
        post("Content-Length: +0", body=HIDDEN),
        post("Content-Length: 0x0", body=HIDDEN),
        post("Content-Length: -1", body=HIDDEN),
        post("Content-Length: 99999999999999999999999999", body=HIDDEN),
        post("Content-Length : 0", body=HIDDEN),
        post("Content-Length:\t\x0b0", body=HIDDEN),
        post("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: identity, chunked, identity", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding : chunked", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"g\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"-1\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"0x1\r\nx\r\n0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"ffffffffffffffffff\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"1\r\nxx\r\n0\r\n\r\n" + HIDDEN),
        post("Transfer-Encoding: chunked", body=b"1\nx\n0\n\n" + HIDDEN),
        post("X: y\r\n Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n" + HIDDEN),
        post("X: a\x00b", body=HIDDEN),
        post("X: y\rZ: w", body=HIDDEN),
        post("X y", body=HIDDEN),
        post(": y", body=HIDDEN),
        post(line=f"POST {ADDRESS} HTTP/9.9", body=HIDDEN),
        post(line=f"POST {ADDRESS} HTTP/1.1 x", body=HIDDEN),
        post(line=f"P\x00ST {ADDRESS} HTTP/1.1", body=HIDDEN),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + HIDDEN,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,
    ],
)
def test_no_request_hides_in_another(sent: bytes, port: int) -> None:
    """What a proxy before us might read otherwise than we do is refused, and the connection with it."""
    found = answers(port, sent)
    assert b'{"status":"live"}' not in b"".join(body for _, body in found)
    assert [status for status, _ in found] in ([400], [])


def test_two_requests_in_a_row_are_two(port: int) -> None:
    """A client may send the next before the first is answered; the test above does not pass for want of this."""
    found = answers(port, post("Content-Length: 0") + HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert [status for status, _ in found] == [200, 200] and found[1][1] == b'{"status":"live"}'


@pytest.mark.parametrize(
    "body",
    [
        b"f=json&f=html&F=pjson",
        b"=&=&=",
        b"&" * 150,
        b"f=%ff%fe%00",
        b"\xff\xfe\x00",
        b"f=" + b"%" * 9999,
        b"a" * 100_000,
        b"f=json&dynamicLayers=" + b"[" * 5000,
        b'f=json&dynamicLayers=[{"id":0,"id":1,"id":2}]',
        b'f=json&bbox={"xmin":0,"xmin":1,"ymin":0,"xmax":2,"ymax":2}',
        b"f=json&bboxSR=" + b'{"wkid":' * 20 + b"1" + b"}" * 20,
        b'f=json&layerDefs={"0":"' + b"(" * 9000 + b'"}',
        b'f=json&size=1e999999,1&bbox={"xmin":1e999,"ymin":NaN,"xmax":Infinity,"ymax":-Infinity}',
        b"f=json&bbox=" + b"9" * 5000 + b",0,1,1",
    ],
)
def test_odd_bodies_are_no_failures(body: bytes, port: int) -> None:
    """Names that stand twice, values that are no text, nesting, numbers of thousands of digits: an answer in the dialect."""
    form = "Content-Type: application/x-www-form-urlencoded"
    line = "POST /arcgis/rest/services/Demo/MapServer/export HTTP/1.1"
    ((status, answer),) = answers(port, post(form, f"Content-Length: {len(body)}", "Connection: close", body=body, line=line))
    assert status < 500 and b"Reference" not in answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--B\r\n",
        b"--B\r\n\r\n--B--\r\n",
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\njson',
        b'--B\r\nContent-Disposition: form-data; name="f"\r\n' + b"X: y\r\n" * 5000 + b"\r\njson\r\n--B--\r\n",
        b'--B\r\nContent-Disposition: form-data; name="' + b"x" * 90_000 + b'"\r\n\r\n1\r\n--B--\r\n',
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="../../etc/passwd"\r\n\r\nx\r\n--B--\r\n',
        (b'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\njson\r\n') * 300 + b"--B--\r\n",
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "zip", "undefined", "x" * 2000])
def test_odd_forms_in_parts_are_no_failures(body: bytes, charset: str, port: int) -> None:
    """Nor is a spelling of text that there is not."""
    form = f"Content-Type: multipart/form-data; boundary=B; charset={charset}"
    ((status, answer),) = answers(port, post(form, f"Content-Length: {len(body)}", "Connection: close", body=body))
    assert status < 500 and b"Reference" not in answer
