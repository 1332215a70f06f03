"""What a site's robots.txt lets us ask for (RFC 9309). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

LARGEST = 512_000
"""Bytes that are read of it (RFC 9309, section 2.5)."""
_TOKEN = re.compile(r"[A-Za-z_-]+")
_LONGEST = 2_000
_SITEMAPS = 1_000
_KEPT = "/:?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: a path with ``*`` and perhaps ``$`` at its end, and whether it allows."""

    pattern: str
    allows: bool


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of the one group that is for us. ``delay``: seconds between requests, if stated.

    ``sitemaps``: the addresses it names, whoever asks (sitemaps.org).
    """

    rules: tuple[Rule, ...] = ()
    delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """The longest rule that fits decides, ``allow`` at a tie; what none fits is allowed (2.2.2)."""
        parts = urlsplit(url)
        path = _plain((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        if path == "/robots.txt":
            return True
        fitting = [rule for rule in self.rules if _fits(rule.pattern, path)]
        return max(fitting, key=lambda r: (len(r.pattern), r.allows)).allows if fitting else True


EVERYTHING = Robots()
NOTHING = Robots((Rule("/", allows=False),))


def read_robots(text: str, token: str) -> Robots:
    """The group for the product ``token``, else the one for all; groups of one name are one (2.2.1)."""
    groups: dict[str, list[Rule]] = {}
    delays: dict[str, float] = {}
    agents: list[str] = []
    sitemaps: list[str] = []
    in_rules = False
    for key, value in _lines(text):
        if key == "user-agent":
            agents = [] if in_rules else agents
            in_rules = False
            agents.append(_agent(value))
            groups.setdefault(agents[-1], [])
        elif key in ("allow", "disallow"):
            in_rules = True
            if value and len(value) <= _LONGEST:
                rule = Rule(_plain(value), key == "allow")
                for agent in agents:
                    groups[agent].append(rule)
        elif key == "crawl-delay":
            in_rules = True
            seconds = _seconds(value)
            delays.update({agent: seconds for agent in agents if seconds is not None})
        elif key == "sitemap" and len(value) <= _LONGEST and len(sitemaps) < _SITEMAPS:
            sitemaps.append(value)
    name = token.lower() if token.lower() in groups else "*"
    return Robots(tuple(groups.get(name, ())), delays.get(name), tuple(dict.fromkeys(sitemaps)))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower().replace("useragent", "user-agent"), value.strip()


def _agent(value: str) -> str:
    if value.startswith("*"):
        return "*"
    found = _TOKEN.match(value)
    return found[0].lower() if found else ""


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _plain(path: str) -> str:
    """Percent-encoded alike on both sides (2.2.2): letters plain, everything beyond ASCII encoded."""
    return quote(unquote(path, errors="surrogateescape"), safe=_KEPT, errors="surrogateescape")


def _fits(pattern: str, path: str) -> bool:
    """Whether a rule's path fits from the start; ``*`` is anything, ``$`` at the end is the end."""
    anchored = pattern.endswith("$")
    first, *rest = (pattern[:-1] if anchored else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for number, part in enumerate(rest):
        if anchored and number == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not anchored or at == len(path)
