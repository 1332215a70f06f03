"""What is on file of one partner, for ``partners show``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def lines(view: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """The same for people."""
    from syndicate.cli.common import ago

    yield f"{view['partner']}  {view['name'] or ''}".rstrip()
    yield f"  feeds {', '.join(view['feeds']) or 'none'}; {_terms(view)}"
    yield f"  confirms a takedown by {_BY[view['confirm']]}; contact {view['contact'] or 'none is named'}"
    for e in view["endpoints"]:
        yield f"  pushed to {e['name']} ({e['type']} to {e['host']}): {e['state'] or 'not started yet'}"
    for token in found["tokens"]:
        yield f"  token {token.id} {token.label!r}: last used {ago(token.last_used)}"
    yield f"  {_pull(found['pull'])}"
    if not (found["tokens"] or view["endpoints"]):
        way = f"`syndicate tokens add --partner {view['partner']} --label …`"
        yield f"  it has neither endpoint nor token: {way}"
    if found["unconfirmed"]:
        yield "takedowns it has not confirmed in its own word"
    for t in found["unconfirmed"]:
        told = f"took the withdrawal {t.told:%Y-%m-%d %H:%M:%S}" if t.told else "has not taken the withdrawal"
        yield f"  {t.article_id[:8]} {t.headline}: withdrawn {t.since:%Y-%m-%d %H:%M:%S}, {told}"
    if found["taken_back"]:
        yield "taken back from it by new terms, and not heard of yet"
    for u in found["taken_back"]:
        yield f"  {u.article_id[:8]} since {u.since:%Y-%m-%d %H:%M:%S}, {u.lane}"
    if found["confirmed"]:
        yield "what it confirmed last"
    for ack in found["confirmed"]:
        when = f"{ack.at:%Y-%m-%d %H:%M:%S}"
        yield f"  {ack.article_id[:8]} revision {ack.revision} {ack.action} {when}, token {ack.label!r}"


_BY = {"received": "taking the withdrawal", "removed": "its own word (acks)"}


def _terms(view: Mapping[str, Any]) -> str:
    words = [f"{view['content']} text" if view["content"] == "full" else "excerpts"]
    if view["excerpt_words"]:
        words.append(f"excerpts of {view['excerpt_words']} words")
    if not view["pictures"]:
        words.append("no pictures")
    return ", ".join([*words, f"delay {view['delay']}"])


def _pull(pull: Mapping[str, Any] | None) -> str:
    if pull is None:
        return "it never pulled"
    served = f"{pull['served_at']:%Y-%m-%d %H:%M:%S}" if pull["served_at"] else "never"
    taken = f"{pull['taken_at']:%Y-%m-%d %H:%M:%S}" if pull["taken_at"] else "never"
    return (
        f"pulls: offered up to number {pull['offered']}, "
        f"served up to {pull['served']} ({served}), took up to {pull['taken']} ({taken})"
    )
