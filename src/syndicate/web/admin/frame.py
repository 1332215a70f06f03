"""The frame of every page: head, navigation, main part, foot; and the one style sheet and script."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

from markupsafe import Markup

from syndicate.config import Settings
from syndicate.formats.html.house import House
from syndicate.formats.text import clean, line
from syndicate.web.admin.gate import Visitor
from syndicate.web.admin.parts import HOME, NOTHING, Forms, address, hidden_field, join

PLACES = (
    ("", "Front"),
    ("articles", "Articles"),
    ("feeds", "Feeds"),
    ("sources", "Sources"),
    ("lanes", "Lanes"),
    ("attempts", "Attempts"),
    ("partners", "Partners"),
    ("hub", "Hub"),
    ("audit", "Audit log"),
)
SECONDS = 5
"""How often the script looks for something new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page's own part. ``place``: which of ``PLACES`` it belongs to; ``live``: kept fresh by the script."""

    title: str
    main: Markup
    place: str = ""
    live: bool = False
    status: int = 200


@dataclass(frozen=True)
class Look:
    """The outlet's look, as these pages wear it: colour and font, without its own sheet and logo."""

    settings: Settings

    @cached_property
    def house(self) -> House:
        """Its pages' colours and fonts."""
        return House(
            self.settings.publisher, self.settings.look.model_copy(update={"css": None, "logo": None})
        )

    @cached_property
    def sheet(self) -> str:
        """The pages' style and these pages' own after it."""
        return self.house.style + read_file("admin.css")

    @cached_property
    def version(self) -> str:
        """Changes with style or script, so that browsers may keep both."""
        return hashlib.sha256((self.sheet + read_file("admin.js")).encode()).hexdigest()[:12]


@lru_cache(maxsize=4)
def read_file(name: str) -> str:
    """One of this folder's files."""
    return files("syndicate.web.admin").joinpath(name).read_text(encoding="utf-8")


def framed(shown: Shown, look: Look, visitor: Visitor | None, note: Markup = NOTHING) -> bytes:
    """The whole document; without a visitor nobody is logged in."""
    whole = Markup(
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        '<meta name=color-scheme content="light dark"><meta name=robots content=noindex>'
        "<title>{title} · {outlet}</title>"
        '<link rel=icon href="{icon}"><link rel=stylesheet href="{style}">{script}</head>'
        '<body class=admin><a class=skip href="#main">Skip to the page</a><div class=edge></div>'
        "{top}<main id=main tabindex=-1>{note}<h1>{title}</h1>{main}</main></body></html>"
    )
    known = visitor is not None
    page = whole.format(
        title=line(shown.title),
        outlet=line(look.settings.publisher.name),
        icon=look.house.icon,
        style=f"{HOME}style.css?v={look.version}",
        script=_script(look, shown.live) if known else NOTHING,
        top=_top(shown, look, visitor) if visitor is not None else _name(look),
        note=note,
        main=shown.main,
    )
    return clean(str(page)).encode()


def _script(look: Look, live: bool) -> Markup:
    form = Markup('<script src="{}" defer{}></script>')
    return form.format(
        f"{HOME}script.js?v={look.version}", Markup(' data-seconds="{}"').format(SECONDS) if live else ""
    )


def _name(look: Look) -> Markup:
    form = Markup('<header class=masthead><p class=name><a href="{}">{}</a></p></header>')
    return form.format(HOME, line(look.settings.publisher.name))


def _top(shown: Shown, look: Look, visitor: Visitor) -> Markup:
    here = Markup(" aria-current=page")
    item = Markup('<li><a href="{}"{}>{}</a></li>')
    items = join(item.format(address(p), here if p == shown.place else "", words) for p, words in PLACES)
    reads = Markup(" <span class=soft>(reads only)</span>") if visitor.read_only else NOTHING
    out = Markup("<button>Log out</button>")
    leave = (
        NOTHING
        if visitor.by_proxy
        else Forms(visitor.forms.token).form(f"{HOME}logout", hidden_field("leave", "yes") + out, name="one")
    )
    form = Markup(
        '<header class=masthead><p class=name><a href="{}">{}</a></p>'
        "<div class=who><span>{}{}</span>{}</div>"
        '<nav class=sections aria-label="Pages"><ul>{}</ul></nav></header>'
    )
    return form.format(HOME, line(look.settings.publisher.name), visitor.name, reads, leave, items)


def told(words: str, *, bad: bool = False, fix: str | None = None) -> Markup:
    """What came of what somebody did."""
    more = Markup(" <span>{}</span>").format(fix) if fix else NOTHING
    role, tone = ("alert", "bad") if bad else ("status", "good")
    return Markup('<div class="told {}" role={}><p><strong>{}</strong>{}</p></div>').format(
        tone, role, words, more
    )
