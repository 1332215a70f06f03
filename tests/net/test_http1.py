"""The two readers of answers, byte for byte."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.net import http1
from syndicate.net.http1 import DONE, H11, Exchange, Fast, Head, Malformed, Unsendable

READERS = [pytest.param(H11, id="h11")]
if http1.httptools is not None:
    READERS.append(pytest.param(Fast, id="httptools"))
both = pytest.mark.parametrize("kind", READERS)
HOST = [(b"Host", b"a.example")]


def read(kind: type, *parts: bytes) -> tuple[int | None, bytes, bool, Exchange]:
    """``(status, body, whole, reader)`` after these parts came in."""
    reader = kind()
    reader.begin(b"GET", b"/", HOST, b"")
    status, body, whole = None, b"", False
    for part in parts:
        reader.feed(part)
        while not whole and (event := reader.next()) is not None:
            if isinstance(event, Head):
                status = event.status
            elif event is DONE:
                whole = True
            else:
                body += event
    return status, body, whole, reader


ANSWERS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello": (200, b"hello", True),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n": (
        200,
        b"hello",
        True,
    ),
    b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 9\r\n\r\n": (503, b"", True),
    b"HTTP/1.1 204 No Content\r\n\r\n": (204, b"", True),
    b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n': (304, b"", True),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 202 Taken\r\nContent-Length: 1\r\n\r\n!": (202, b"!", True),
}


@both
@pytest.mark.parametrize(("answer", "expected"), ANSWERS.items())
def test_an_answer_whole_and_in_single_bytes(kind, answer, expected):
    *found, reader = read(kind, answer)
    assert tuple(found) == expected
    assert reader.reusable()
    *found, _ = read(kind, *(answer[n : n + 1] for n in range(len(answer))))
    assert tuple(found) == expected


@both
@given(cuts=st.lists(st.integers(1, 120), max_size=6), number=st.integers(0, len(ANSWERS) - 1))
def test_however_an_answer_is_cut_it_says_the_same(kind, cuts, number):
    answer, expected = list(ANSWERS.items())[number]
    edges = [0, *sorted({c for c in cuts if c < len(answer)}), len(answer)]
    *found, _ = read(kind, *(answer[a:b] for a, b in itertools.pairwise(edges)))
    assert tuple(found) == expected


@both
def test_a_body_that_ends_with_the_connection(kind):
    *found, reader = read(kind, b"HTTP/1.1 200 OK\r\n\r\nall of", b" it", b"")
    assert tuple(found) == (200, b"all of it", True)
    assert not reader.reusable()


@both
@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nCont", b""),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",),
        (b"nonsense\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, b""),
    ],
    ids=["short", "short-chunk", "bad-chunk", "two", "minus", "cut", "upgrade", "none", "long", "endless"],
)
def test_a_malformed_answer_is_never_whole(kind, parts):
    with pytest.raises(Malformed):
        read(kind, *parts)


@both
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokgarbage",
    ],
    ids=["close", "http-1.0", "second-answer", "garbage"],
)
def test_a_connection_that_said_more_or_goodbye_is_not_used_again(kind, answer):
    *found, reader = read(kind, answer)
    assert tuple(found) == (200, b"ok", True)
    assert not reader.reusable()


@both
@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (b"/", [(b"X", b"a\r\nEvil: 1")]),
        (b"/", [(b"X", b"a\nb")]),
        (b"/", [(b"X", b"a\0b")]),
        (b"/", [(b"X y", b"a")]),
        (b"/", [(b"X:", b"a")]),
        (b"/", [(b"", b"a")]),
        (b"/ HTTP/1.1\r\nEvil: 1", []),
        (b"/a b", []),
    ],
)
def test_a_request_that_would_say_something_else_is_not_sent(kind, target, headers):
    with pytest.raises(Unsendable):
        kind().begin(b"GET", target, [*HOST, *headers], b"")


@both
def test_a_request_as_it_is_sent(kind):
    headers = [*HOST, (b"Content-Length", b"4"), (b"webhook-id", b"m1")]
    sent = kind().begin(b"POST", b"/in?a=1", headers, b"body")
    head = (b"POST /in?a=1 HTTP/1.1", b"Host: a.example", b"Content-Length: 4", b"webhook-id: m1")
    assert sent == b"\r\n".join([*head, b"", b""]), "the body follows by itself"


def test_an_answer_to_head_has_no_body_to_wait_for():
    reader = http1.exchange("HEAD")
    reader.begin(b"HEAD", b"/", HOST, b"")
    reader.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    head, end = reader.next(), reader.next()
    assert isinstance(head, Head)
    assert end is DONE
    assert reader.reusable()
