"""An RSS channel without its items: the specification, the profile, and rule R1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from syndicate.formats.checks import dates, extensions, links, markup
from syndicate.formats.checks.findings import ATOM, DC, DCTERMS, error, is_absolute, name_of, shown, warning
from syndicate.formats.checks.rss_item import (
    Check,
    Children,
    attributes,
    by_tag,
    category,
    email,
    once,
    unknown,
    web_address,
)
from syndicate.model import Finding

_NEEDED = ("title", "link", "description", "language", "lastBuildDate")
_ONCE = frozenset(
    {
        *_NEEDED, "copyright", "managingEditor", "webMaster", "pubDate", "generator", "docs", "cloud",
        "ttl", "image", "rating", "textInput", "skipHours", "skipDays",
    }
)  # fmt: skip
_CLOUD = ("domain", "port", "path", "registerProcedure", "protocol")
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "category": frozenset({"domain"}),
    "cloud": frozenset(_CLOUD),
}
_DOUBLED = (
    ("pubDate", f"{DC}date"),
    ("language", f"{DC}language"),
    ("copyright", f"{DC}rights"),
    ("managingEditor", f"{DC}creator"),
    ("webMaster", f"{DC}publisher"),
    ("lastBuildDate", f"{DCTERMS}modified"),
    ("category", f"{DC}subject"),
)
_DAYS_WORDS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
_DAYS = frozenset(_DAYS_WORDS.split())
_MOST: Mapping[str, int] = {"width": 144, "height": 400}


def channel(root: Any, now: datetime | None, address: str | None = None) -> Iterator[Finding]:
    """Everything about a document but its items. ``address``: where it was fetched from."""
    yield from _root(root)
    yield from extensions.namespaces(root)
    element = root.find("channel")
    if element is None:
        yield error("R1", "there is no channel", "put <channel> into <rss>, and all else into that", root)
        return
    children = {tag: found for tag, found in by_tag(element).items() if tag != "item"}
    for needed in _NEEDED:
        if not any((x.text or "").strip() for x in children.get(needed, ())):
            yield error("R1", f"the channel has no {needed}", f"give it a <{needed}>", element)
    yield from once(element, children, _ONCE)
    for core, other in _DOUBLED:
        if core in children and other in children:
            words = f"<{name_of(children[other][0])}> says the same as <{core}> beside it"
            yield error("R8", words, f"keep <{core}> alone", children[other][0])
    for found in children.values():
        for child in found:
            yield from _child(child, children, now)
    yield from links.of_feed(children.get(f"{ATOM}link", []), "R1", element, address)


def _root(root: Any) -> Iterator[Finding]:
    if root.get("version") != "2.0":
        fix = 'write <rss version="2.0"> and what version 2.0 asks for'
        yield error("RSS", f"the version is {shown(root.get('version'))}, and not 2.0", fix, root)
    others = [x for x in root.iterchildren("*") if x.tag != "channel"]
    if others or len(root.findall("channel")) > 1:
        yield error(
            "RSS", "<rss> has more in it than one channel", "keep one <channel>", (others or [root])[0]
        )


def _child(child: Any, children: Children, now: datetime | None) -> Iterator[Finding]:
    check = _CHECKS.get(child.tag)
    if child.tag in ("lastBuildDate", "pubDate"):
        yield from dates.rfc822(child.text, child.tag, now, child)
    elif check is not None:
        yield from check(child)
    elif child.tag == "image":
        yield from _image(child, children)
    elif child.tag[0] == "{":
        yield from extensions.check(child, now)
    elif child.tag not in ("generator", "rating"):
        yield unknown(child)
    if child.attrib and child.tag[0] != "{":
        yield from attributes(child, _ATTRIBUTES)


def _plain(child: Any) -> Iterator[Finding]:
    yield from markup.plain(child.text or "", child.tag, "PROFILE", child)


def _language(child: Any) -> Iterator[Finding]:
    if (child.text or "").strip():
        yield from links.language(child.text, "language", child)


def _ttl(child: Any) -> Iterator[Finding]:
    if not _is_number(child.text, 1, 10**6):
        words = f"the ttl {shown(child.text)} is no whole number of minutes"
        yield error("RSS", words, "write how many minutes readers may wait, as in 60", child)


def _skip_hours(child: Any) -> Iterator[Finding]:
    hours = [(x.text or "").strip() for x in child.iterchildren("*")]
    if any(x.tag != "hour" for x in child.iterchildren("*")) or any(not _is_number(h, 0, 23) for h in hours):
        yield error(
            "RSS", "skipHours holds other things than hours from 0 to 23", "write <hour>3</hour>", child
        )
    if len({int(h) if h.isdigit() else h for h in hours}) != len(hours) or len(hours) > 24:
        yield error("RSS", "skipHours names an hour twice", "name each hour once", child)


def _skip_days(child: Any) -> Iterator[Finding]:
    days = [(x.text or "").strip() for x in child.iterchildren("*")]
    if any(x.tag != "day" for x in child.iterchildren("*")) or not set(days) <= _DAYS:
        yield error("RSS", "skipDays holds other things than days", "write <day>Friday</day>", child)
    if len(set(days)) != len(days):
        yield error("RSS", "skipDays names a day twice", "name each day once", child)


def _cloud(child: Any) -> Iterator[Finding]:
    missing = [name for name in _CLOUD if not child.get(name)]
    if missing or not _is_number(child.get("port"), 1, 65535):
        fix = "give domain, port, path, registerProcedure and protocol; or leave it out, and name a hub"
        yield error("RSS", f"the cloud lacks {', '.join(missing) or 'a port from 1 to 65535'}", fix, child)


def _text_input(child: Any) -> Iterator[Finding]:
    yield warning("PROFILE", "readers do nothing with textInput", "leave it out", child)


def _image(image: Any, children: Children) -> Iterator[Finding]:
    """url, title and link; no larger than 144 by 400; named like the channel."""
    found = by_tag(image)
    for needed in ("url", "title", "link"):
        if len(found.get(needed, ())) != 1 or not (found[needed][0].text or "").strip():
            yield error("RSS", f"the image needs one {needed}", f"give it a <{needed}>", image)
    for child in image.iterchildren("*"):
        yield from _image_child(child)
    for name in ("title", "link"):
        ours = [(x.text or "").strip() for x in (*found.get(name, ()), *children.get(name, ()))]
        if len(ours) == 2 and ours[0] != ours[1]:
            words = f"the image's {name} is not the channel's"
            yield warning("PROFILE", words, f"let it be {shown(ours[1])}", image)


def _image_child(child: Any) -> Iterator[Finding]:
    if child.tag in ("url", "link"):
        yield from web_address(child)
    elif child.tag in _MOST:
        most = _MOST[child.tag]
        if not _is_number(child.text, 1, most):
            words = f"the image's {child.tag} {shown(child.text)} is not from 1 to {most}"
            yield error("RSS", words, "scale the picture down, or leave the sizes out", child)
    elif child.tag[0] != "{" and child.tag not in ("title", "description"):
        yield unknown(child)


def _docs(child: Any) -> Iterator[Finding]:
    if not is_absolute((child.text or "").strip()):
        yield warning(
            "RSS", "docs is no address", "let it be https://www.rssboard.org/rss-specification", child
        )


def _is_number(text: str | None, least: int, most: int) -> bool:
    digits = (text or "").strip()
    return digits.isascii() and digits.isdigit() and len(digits) < 10 and least <= int(digits) <= most


_CHECKS: Mapping[str, Check] = {
    "category": category,
    "cloud": _cloud,
    "copyright": _plain,
    "description": _plain,
    "docs": _docs,
    "language": _language,
    "link": web_address,
    "managingEditor": email,
    "skipDays": _skip_days,
    "skipHours": _skip_hours,
    "textInput": _text_input,
    "title": _plain,
    "ttl": _ttl,
    "webMaster": email,
}
