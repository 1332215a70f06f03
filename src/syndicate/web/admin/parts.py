"""What pages are built of. Everything put in is escaped; nothing here knows what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup

from syndicate.formats.text import clean, line
from syndicate.model import direction

NOTHING = Markup("")
HOME = "/admin/"


def join(parts: Iterable[Markup]) -> Markup:
    """One after the other."""
    return Markup("").join(parts)


def address(path: str, **query: object) -> str:
    """``address("lanes", name="a/b")`` → ``"/admin/lanes?name=a%2Fb"``; what is empty is left out."""
    known = {key: str(value) for key, value in query.items() if value not in (None, "")}
    return f"{HOME}{path}" + (f"?{urlencode(known)}" if known else "")


def link(where: str, words: object) -> Markup:
    """A link."""
    return Markup('<a href="{}">{}</a>').format(where, words)


def said(text: str, language: str, element: str = "span") -> Markup:
    """A story's words in their own language and direction."""
    form = Markup('<{0} lang="{1}" dir="{2}">{3}</{0}>')
    return form.format(element, language, direction(language), line(text))


# -- times ---------------------------------------------------------------------------------


def span(seconds: float) -> str:
    """A length of time in one unit."""
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 or seconds == 0 else f"{seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Clock:
    """Times as people read them: how long ago, and the whole time in the outlet's zone where one points."""

    now: datetime
    zone: ZoneInfo

    def ago(self, at: datetime | None) -> Markup:
        """``5 min ago``, ``in 2 h``."""
        if at is None:
            return Markup("<span class=none>never</span>")
        seconds = (self.now - at).total_seconds()
        words = f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"
        return self._time(at, "just now" if 0 <= seconds < 1 else words)

    def at(self, at: datetime | None) -> Markup:
        """The whole time."""
        return self._time(at, self.words(at)) if at else Markup("<span class=none>never</span>")

    def words(self, at: datetime) -> str:
        """``2026-11-24 21:03:05``."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def _time(self, at: datetime, words: str) -> Markup:
        form = Markup('<time datetime="{}" title="{} {}">{}</time>')
        return form.format(at.isoformat(timespec="seconds"), self.words(at), self.zone.key, words)


# -- signs -----------------------------------------------------------------------------------

_SIGNS = {"good": "●", "wait": "◆", "bad": "▲", "off": "○"}
"""Shape and word say the same as the colour."""


def badge(tone: str, words: str) -> Markup:
    """A state: ``good``, ``wait``, ``bad`` or ``off``."""
    form = Markup('<span class="badge {}"><span class=sign aria-hidden=true>{}</span> {}</span>')
    return form.format(tone, _SIGNS[tone], words)


# -- tables ----------------------------------------------------------------------------------


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> Markup:
    """A table; on a narrow screen each row is a card. The first cell of a row is its head."""
    if not rows:
        return Markup("<p class=empty>{}</p>").format(empty)
    heads = join(Markup("<th scope=col role=columnheader>{}</th>").format(c) for c in columns)
    form = Markup(
        "<table role=table><caption class=hidden>{}</caption>"
        "<thead role=rowgroup><tr role=row>{}</tr></thead>"
        "<tbody role=rowgroup>{}</tbody></table>"
    )
    return form.format(caption, heads, join(_row(columns, row) for row in rows))


def _row(columns: Sequence[str], row: Sequence[object]) -> Markup:
    first = Markup("<th scope=row role=rowheader>{}</th>").format(row[0])
    form = Markup('<td role=cell data-label="{}">{}</td>')
    rest = join(form.format(c, _cell(v)) for c, v in zip(columns[1:], row[1:], strict=True))
    return Markup("<tr role=row>{}{}</tr>").format(first, rest)


def _cell(value: object) -> object:
    return Markup("<span class=none>–</span>") if value is None or value == "" else value


def facts(pairs: Iterable[tuple[str, object]]) -> Markup:
    """Names and values; what has no value is left out."""
    form = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    rows = [form.format(name, value) for name, value in pairs if value not in (None, "", NOTHING)]
    return Markup("<dl class=facts>{}</dl>").format(join(rows)) if rows else NOTHING


def bullets(rows: Iterable[object], name: str = "plain") -> Markup:
    """A list."""
    return Markup("<ul class={}>{}</ul>").format(name, join(Markup("<li>{}</li>").format(r) for r in rows))


def section(head: str, *inner: Markup, name: str, live: bool = False, level: int = 2) -> Markup:
    """A part of a page. A ``live`` one is kept up to date by the script."""
    form = Markup(
        '<section id="{0}" aria-labelledby="{0}-head"{1}><h{2} id="{0}-head">{3}</h{2}>{4}</section>'
    )
    return form.format(name, Markup(" data-live") if live else "", level, head, join(inner))


def more(where: str | None, words: str) -> Markup:
    """The way to the next page."""
    return Markup('<p class=more><a href="{}">{}</a></p>').format(where, words) if where else NOTHING


# -- forms -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forms:
    """Forms that change something: each carries this visitor's token. Who only reads gets none."""

    token: str
    allowed: bool = True

    def form(self, path: str, inner: Markup, *, name: str = "act") -> Markup:
        """A form around its fields."""
        if not self.allowed:
            return NOTHING
        form = Markup(
            '<form method=post action="{}" class="{}"><input type=hidden name=csrf value="{}">{}</form>'
        )
        return form.format(path, name, self.token, inner)

    def button(self, path: str, words: str, label: str, **fields: object) -> Markup:
        """One button that does one thing; ``label`` says to what."""
        hidden = join(hidden_field(key, value) for key, value in fields.items())
        button = Markup('<button aria-label="{}">{}</button>').format(label, words)
        return self.form(path, hidden + button, name="one")


def hidden_field(name: str, value: object) -> Markup:
    """What a form says without asking."""
    return Markup('<input type=hidden name="{}" value="{}">').format(name, value)


def text_field(
    name: str, label: str, value: str = "", *, hint: str = "", rows: int = 1, language: str = "", **more: str
) -> Markup:
    """A labelled field; ``language``: its words are a story's."""
    own = Markup(' lang="{}" dir="{}"').format(language, direction(language)) if language else NOTHING
    extra = own + join(Markup(' {}="{}"').format(key.rstrip("_"), word) for key, word in more.items())
    told = Markup('<span class=hint id="{}-hint">{}</span>').format(name, hint) if hint else NOTHING
    by = Markup(' aria-describedby="{}-hint"').format(name) if hint else NOTHING
    if rows > 1:
        form = Markup('<textarea id="{0}" name="{0}" rows={1}{2}{3}>\n{4}</textarea>')
        field = form.format(name, rows, by, extra, clean(value))
    else:
        field = Markup('<input id="{0}" name="{0}" value="{1}"{2}{3}>').format(name, clean(value), by, extra)
    return Markup('<p class=field><label for="{}">{}</label>{}{}</p>').format(name, label, told, field)


def choice(name: str, label: str, options: Mapping[str, str], chosen: str) -> Markup:
    """One of several, by value."""
    form = Markup('<option value="{}"{}>{}</option>')
    rows = join(form.format(k, Markup(" selected") if k == chosen else "", v) for k, v in options.items())
    whole = Markup('<p class=field><label for="{0}">{1}</label><select id="{0}" name="{0}">{2}</select></p>')
    return whole.format(name, label, rows)


def filters(path: str, *fields: Markup) -> Markup:
    """A form that only looks."""
    form = Markup('<form method=get action="{}" class=filters role=search>{}<button>Show</button></form>')
    return form.format(address(path), join(fields))
