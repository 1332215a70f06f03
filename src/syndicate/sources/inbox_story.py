"""A request's body → the stories in it, each whole or with all that is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import Draft, Given, InputKind, PubStatus
from syndicate.sources.decoding import legal
from syndicate.sources.metadata import (
    KEYS,
    RefusedError,
    Stated,
    WrongValueError,
    as_count,
    nearest,
    state,
)
from syndicate.sources.ninjs_file import stated_in, version_in
from syndicate.sources.story_file import markdown
from syndicate.sources.wire_file import read_wire_xml
from syndicate.sources.wire_item import LONGEST, WireItem

BODIES = {"text": InputKind.BODY, "html": InputKind.HTML, "markdown": InputKind.HTML}
OWN_KEYS = KEYS | {"version", *BODIES}
_NINJS = {"uri", "standard", "headlines", "bodies", "bodyhtml", "bodytext", "bodyxhtml", "pubstatus"}
_TAKEN = "; the story was taken without it"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field, and what to do; ``field`` is ``None`` for the whole."""

    field: str | None
    detail: str
    fix: str | None = None


class NotTaken(Exception):
    """A story that cannot be taken: all that is wrong with it at once."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.detail for fault in faults))
        self.faults = faults


class Malformed(Exception):
    """A body that is no JSON in UTF-8, or no XML that can be taken: where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A story as a sender brought it. ``version`` counts its sender's versions, if it does.

    ``withdraws``: it says only that the story must not be used any more.
    """

    draft: Draft
    version: int | None = None
    withdraws: PubStatus | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What the stories of one inbox are read under."""

    source: str
    zone: ZoneInfo
    language: str | None = None
    keep_ids: bool = False


def load(body: bytes) -> Any:
    """Strict JSON: UTF-8, no key twice, no NaN. Raises Malformed."""
    try:
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"the body is not UTF-8: byte {error.start}") from None
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Malformed(f"the body is no JSON: line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"the body is no JSON: {legal(str(error))[:200]}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two embargoes under one key a parser would keep the last, and nobody knows which was meant."""
    table = dict(pairs)
    if len(table) < len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key, count in times.items() if count > 1)
        raise ValueError(f"the key {twice[:40]!r} stands there twice")
    return table


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def read_sent(item: Any, desk: Desk, own_id: str | None = None) -> Sent:
    """One story. ``own_id`` is the one in the request's address. Raises NotTaken."""
    if not isinstance(item, dict):
        raise NotTaken(Fault(None, "a story is a JSON object", "send {…}, or a list of them"))
    if _NINJS & {key.replace("_", "").lower() for key in item}:
        stated, kind, text, version = _ninjs(item, desk.zone)
    else:
        stated, kind, text, version = _own(item, desk.zone)
    known = _own_id(stated, own_id)
    given = stated.given
    _fits(known, given)
    withdraws = given.status if given.status not in (None, PubStatus.USABLE) and not text.strip() else None
    if withdraws is None and not text.strip():
        raise NotTaken(Fault("text", "there is no text", "give one of text, html, markdown"))
    if given.language is None and desk.language:
        given = replace(given, language=desk.language)
    draft = _draft(desk, known, kind, text, given)
    return Sent(draft=draft, version=version, withdraws=withdraws, warnings=stated.doubts)


def read_sent_xml(body: bytes, desk: Desk, own_id: str | None = None) -> list[Sent | NotTaken]:
    """The items in NewsML-G2 or NITF: each whole, taken back, or with what is wrong. Raises Malformed."""
    try:
        wire = read_wire_xml(body, desk.zone)
    except RefusedError as error:
        raise Malformed(error.reason + (f"; {error.fix}" if error.fix else "")) from None
    found: list[Sent | NotTaken] = [_of_wire(item, desk, own_id) for item in wire.items]
    found += [_killed(named, desk) for named in wire.kills]
    return [*found, *(NotTaken(Fault(None, words)) for words in wire.refused)]


def _of_wire(item: WireItem, desk: Desk, own_id: str | None) -> Sent | NotTaken:
    try:
        known = _own_id(Stated(own_id=item.own_id, given=item.given), own_id)
    except NotTaken as not_taken:
        return not_taken
    withdraws = item.status if item.status is not PubStatus.USABLE else None
    given = replace(item.given, language=item.given.language or desk.language, status=withdraws)
    draft = _draft(desk, known, InputKind.HTML, item.body, given)
    further = tuple((f"id:{desk.source}", name) for name in item.also)
    draft = replace(draft, aliases=(*draft.aliases, *further))
    return Sent(draft=draft, version=item.version, withdraws=withdraws, warnings=item.doubts)


def _killed(named: str, desk: Desk) -> Sent:
    draft = _draft(desk, named, InputKind.HTML, "", Given(status=PubStatus.CANCELED))
    return Sent(draft=draft, withdraws=PubStatus.CANCELED)


def _draft(desk: Desk, own_id: str, kind: InputKind, text: str, given: Given) -> Draft:
    return Draft(
        source=desk.source,
        source_id=own_id,
        kind=kind,
        text=text,
        given=given,
        base_url=given.url,
        origin=own_id,
        guid=own_id if desk.keep_ids else None,
        aliases=(("url", given.url),) if given.url else (),
    )


def _own(item: Mapping[str, Any], zone: ZoneInfo) -> tuple[Stated, InputKind, str, int | None]:
    """The project's own form: front matter's keys, and the text."""
    faults = [*_faults(item, zone)]
    version = item.get("version")
    try:
        number = as_count(version) if version not in (None, "") else None
    except WrongValueError as error:
        faults.append(Fault("version", f"version {error}"))
    bodies = [name for name in BODIES if item.get(name) is not None]
    if len(bodies) > 1:
        faults.append(Fault(bodies[1], f"there are {' and '.join(bodies)}", "give one of them"))
    faults += [Fault(b, f"{b} must be text") for b in bodies if not isinstance(item[b], str)]
    if faults:
        raise NotTaken(*faults)
    stated = state({k: v for k, v in item.items() if k in KEYS}, zone)
    if not bodies:
        return stated, InputKind.BODY, "", number
    text = item[bodies[0]]
    return stated, BODIES[bodies[0]], markdown(text) if bodies[0] == "markdown" else text, number


def _faults(item: Mapping[str, Any], zone: ZoneInfo) -> Iterator[Fault]:
    """Every key by itself, so that all that is wrong is said at once."""
    base = {"url": item["url"]} if isinstance(item.get("url"), str) else {}
    for key, value in item.items():
        if key not in OWN_KEYS:
            name = legal(key[:40])
            yield Fault(name, f"unknown key {name!r}{nearest(key, OWN_KEYS)}", "correct it, or leave it out")
        elif key in KEYS:
            table = {**base, key: value} if key in ("image", "media") else {key: value}
            try:
                doubts = [d for d in state(table, zone).doubts if d.startswith(key)]
            except RefusedError as error:
                yield Fault(key, error.reason)
            else:
                yield from (Fault(key, doubt.removesuffix(_TAKEN)) for doubt in doubts)


def _ninjs(item: Mapping[str, Any], zone: ZoneInfo) -> tuple[Stated, InputKind, str, int | None]:
    try:
        stated, text = stated_in(item, zone)
    except RefusedError as error:
        raise NotTaken(Fault(error.reason.split(" ")[0], error.reason, error.fix)) from None
    except RecursionError:
        raise NotTaken(Fault(None, "the story is nested too deeply")) from None
    return stated, InputKind.HTML, text, version_in(item)


def _own_id(stated: Stated, own_id: str | None) -> str:
    if own_id is not None and stated.own_id not in (None, own_id):
        raise NotTaken(Fault("id", "it is another id than the one in the address", "leave it out there"))
    known = own_id or stated.own_id or stated.given.url
    if not known:
        raise NotTaken(Fault("id", "the story has no id", "give it the one it has in your system"))
    return known


def _fits(own_id: str, given: Given) -> None:
    names = {"id": own_id, "url": given.url, "original_url": given.original_url}
    names["translation_of"] = given.translation_of
    faults = [
        Fault(name, f"{name} is longer than {LONGEST} bytes", "shorten it")
        for name, value in names.items()
        if value and len(value.encode("utf-8", "replace")) > LONGEST
    ]
    if faults:
        raise NotTaken(*faults)
