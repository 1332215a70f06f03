"""Brings together what was found: one credit by precedence (rule 5), the body, the markup, the excerpt."""

from __future__ import annotations

import html as html_entities
import re
from dataclasses import replace

from syndicate.editorial.clean import paragraphs_to_markup, sanitise
from syndicate.editorial.excerpt import excerpt
from syndicate.editorial.markup import Page
from syndicate.editorial.work import Claim, Line, Work, ends_sentence
from syndicate.model import Credit, CreditRole, Draft, Evidence, NoticeKind, Picture, Reading

_RANK = (
    "dateline",
    "republished",
    "copyright",
    "trailing",
    "byline",
    "provided",
    "metadata",
    "partner",
    "contributor",
)
_STATED = frozenset({"republished", "copyright", "dateline", "trailing", "byline"})
_LISTS = {"li": "ul", "dt": "dl", "dd": "dl"}
_KEPT = frozenset({"h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "dt", "dd"})


def compose(
    work: Work, draft: Draft, text: str, page: Page, excerpt_words: int, excerpt_chars: int
) -> Reading:
    """The reading of a draft."""
    credit, conflict = _credit(work)
    body = "\n\n".join(_paragraphs(work.lines))
    return Reading(
        headline=work.headline,
        byline=tuple(work.byline),
        credit=credit,
        dateline=work.dateline,
        caption=work.caption,
        image_credit=work.image_credit,
        image=_picture(work, page),
        section=work.section,
        publisher=work.publisher,
        notice=work.notice,
        notice_text=work.notice_text,
        conflict=conflict,
        desk=work.desk,
        contributors=tuple(work.contributors),
        translator=work.translator,
        language=work.language,
        published=page.published,
        body=body,
        markup=_markup(work.lines, draft.base_url) if page.lines else paragraphs_to_markup(body),
        excerpt=""
        if work.notice is NoticeKind.KILL
        else excerpt(body, work.language, words=excerpt_words, chars=excerpt_chars),
        evidence=tuple(_located(work.evidence, text)),
    )


def _credit(work: Work) -> tuple[Credit, str | None]:
    ranked = sorted(work.claims, key=lambda claim: _RANK.index(claim.slot))
    named = [claim for claim in ranked if claim.names]
    generic = next((c for c in ranked if c.role is CreditRole.GENERIC), None)
    if not named:
        role = CreditRole.GENERIC if generic else None
        line = generic.line if generic else work.credit_printed
        return Credit(role=role, line=line, original_url=work.original_url, note=work.note), None
    printed = [name for claim in work.claims for name in claim.names]
    names = tuple(dict.fromkeys((*named[0].names, *printed)))
    conflict = _conflict(named)
    return (
        Credit(
            agency=named[0].names[0],
            agencies=names,
            role=_role(named),
            line=_line(named),
            original_url=work.original_url,
            note=work.note,
        ),
        conflict,
    )


def _conflict(named: list[Claim]) -> str | None:
    """Two places that credit different agencies: an editor decides (rule 5)."""
    stated = [c for c in named if c.slot in _STATED and c.role is not CreditRole.CONTRIBUTOR]
    for other in stated[1:]:
        if not set(other.names) & set(stated[0].names):
            first, second = ", ".join(stated[0].names), ", ".join(other.names)
            return f"the {stated[0].slot} credits {first}, the {other.slot} {second}"
    return None


def _role(named: list[Claim]) -> CreditRole:
    first = named[0]
    if first.slot == "dateline":
        return CreditRole.SOURCE
    same = [c.role for c in named if set(c.names) & set(first.names) and c.role]
    if CreditRole.REPUBLISHED in same:
        return CreditRole.REPUBLISHED
    return first.role or CreditRole.SOURCE


def _line(named: list[Claim]) -> str | None:
    """The credit as printed: a stated source before a tag, for the originator."""
    first = named[0]
    same = [c for c in named if set(c.names) & set(first.names)]
    explicit = [c for c in same if c.explicit]
    return (explicit or same)[0].line


def _paragraphs(lines: list[Line]) -> list[str]:
    """Lines of one paragraph are joined: by a space where a sentence runs on, else by a line end."""
    found: list[list[str]] = []
    last: int | None = None
    for line in lines:
        if found and line.paragraph == last:
            runs_on = not ends_sentence(found[-1][-1]) and line.text[:1] not in "—–-•"
            found[-1] += [" " if runs_on else "\n", line.text]
        else:
            found.append([line.text])
        last = line.paragraph
    return ["".join(pieces) for pieces in found]


def _markup(lines: list[Line], base_url: str | None) -> str:
    parts: list[str] = []
    open_list = ""
    for line in lines:
        inner = _inner(line)
        wanted = _LISTS.get(line.tag, "")
        if wanted != open_list:
            parts.append((f"</{open_list}>" if open_list else "") + (f"<{wanted}>" if wanted else ""))
            open_list = wanted
        tag = line.tag if line.tag in _KEPT else "p"
        parts.append(inner if line.tag == "table" else f"<{tag}>{inner}</{tag}>")
    parts.append(f"</{open_list}>" if open_list else "")
    return sanitise("\n".join(p for p in parts if p), base_url)


def _inner(line: Line) -> str:
    """A line's markup with the same taken off its ends as was taken off its text."""
    if not line.html:
        return html_entities.escape(line.text, quote=False)
    if line.text == line.raw:
        return line.html
    at = line.raw.find(line.text)
    if at < 0:
        return html_entities.escape(line.text, quote=False)
    return _trimmed(line.html, _visible(line.raw[:at]), _visible(line.raw[at + len(line.text) :]))


def _visible(text: str) -> int:
    return sum(not c.isspace() for c in text)


def _trimmed(markup: str, front: int, back: int) -> str:
    tokens = re.findall(r"<[^<>]*>|&#?\w{1,10};|.", markup, re.DOTALL)
    for order, count in ((range(len(tokens)), front), (range(len(tokens) - 1, -1, -1), back)):
        for i in order:
            if count <= 0:
                break
            if len(tokens[i]) > 1 and tokens[i][0] == "<":
                continue
            count -= not html_entities.unescape(tokens[i]).isspace()
            tokens[i] = ""
    joined = "".join(tokens).strip()
    return re.sub(r"<(\w+)[^<>]*>\s*</\1>", "", joined).strip()


def _picture(work: Work, page: Page) -> Picture | None:
    if page.image is None:
        return None
    return replace(page.image, caption=work.caption, credit=work.image_credit)


def _located(evidence: list[Evidence], text: str) -> list[Evidence]:
    """Evidence with the place of its words in the draft, where they stand there verbatim."""
    found: list[Evidence] = []
    for item in dict.fromkeys(evidence):
        at = text.find(item.words) if item.words else -1
        found.append(replace(item, start=at, end=at + len(item.words)) if at >= 0 else item)
    return found
