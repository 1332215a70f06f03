"""Why a server gave nothing to read, and what to do about it, in words an editor understands."""

from __future__ import annotations

from datetime import timedelta

from syndicate.errors import SourceError

_LATER = "nothing is lost: it is asked again by itself; if this lasts, tell those who run the server"
_STATUS = {
    400: ("the server does not understand the request", "look whether the address is complete"),
    401: ("the server wants to know who asks", "set username and password, or bearer"),
    402: ("the server wants to be paid", "ask the server's owner for access"),
    403: ("the server refuses us", "ask its owner to let us in: a robot filter may stand before it"),
    404: ("there is nothing at this address", "open the address in a browser; it may have been renamed"),
    406: ("the server has nothing in a form that can be read here", "open the address in a browser"),
    408: ("the server waited too long for us", _LATER),
    410: ("it is gone for good", "ask the publisher for the new address, or take the source out"),
    421: ("the server does not answer for this name", "look whether the host in the address is right"),
    429: ("we asked too often", "it is asked again when the server allows; a longer interval helps"),
    451: ("it may not be shown for legal reasons", "ask the publisher"),
}  # fmt: skip
_REASONS = (
    ("cannot be resolved", "look for a slip in the host's name; if it is right, its name server is down"),
    ("no address", "look for a slip in the host's name"),
    ("refused", "nobody answers at this host and port: look at the address, or ask those who run the server"),
    ("certificate", "look whether the host in the address is right; else tell those who run it"),
    ("agreement on TLS", "the server's https is out of order; tell those who run it"),
    ("not public", "if it stands in your own network, list that network in [network] allow"),
    ("port", "only the usual ports are asked"),
    ("malformed", "look for a slip in the address"),
    ("not one of http", "write the whole address, with https://"),
)  # fmt: skip


class FetchError(SourceError):
    """A server gave nothing that can be read.

    ``status`` is the HTTP status, ``None`` where no answer came or it could
    not be decoded; ``retry_after`` is how long the server asks to be left alone.
    ``body`` is the beginning of what a refusal came with, as it was sent: for
    sources that know their server's words, never to be shown.
    """

    def __init__(
        self,
        message: str,
        *,
        fix: str | None = None,
        status: int | None = None,
        retry_after: timedelta | None = None,
        body: bytes = b"",
    ) -> None:
        super().__init__(message, fix=fix)
        self.body = body
        self.status = status
        self.retry_after = retry_after


def of_status(host: str, status: int, retry_after: timedelta | None = None, body: bytes = b"") -> FetchError:
    """What an HTTP status other than success means."""
    words, fix = _STATUS.get(status, _other(status))
    return FetchError(
        f"{host}: {words} (status {status})", fix=fix, status=status, retry_after=retry_after, body=body
    )


def _other(status: int) -> tuple[str, str]:
    if status >= 500:
        return "the server is in trouble", _LATER
    if status >= 400:
        return "the server refuses the request", "open the address in a browser"
    return "the server gave no document", "open the address in a browser"


def of_silence(reason: str) -> FetchError:
    """What it means that no answer came; ``reason`` as ``Unreachable`` words it."""
    fix = next((fix for words, fix in _REASONS if words in reason), _LATER)
    return FetchError(reason, fix=fix)


def html_instead(host: str, wanted: str) -> FetchError:
    """A page for people stands where ``wanted`` (``"a feed"``) should be."""
    return FetchError(
        f"{host}: a web page came instead of {wanted}",
        fix="open the address in a browser: it may be an error or log-in page, or the site itself",
        status=200,
    )


def empty(host: str, wanted: str) -> FetchError:
    """Nothing stands where ``wanted`` should be."""
    return FetchError(f"{host}: the answer is empty where {wanted} should be", fix=_LATER, status=200)
