"""The one sentence that says in a story's visible text whose story it is.

Hardly any reader shows a feed's source elements, so the credit must stand in
the text as well: exactly one sentence, worded by role and in the story's
language, or in the agency's own words where its terms give them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from syndicate.config import Rights
from syndicate.editorial.wording import enumerate_names, wording
from syndicate.model import Credit, CreditRole, CreditView

PLACE = "{agency}"

WHOLE_STORY = frozenset({CreditRole.SOURCE, CreditRole.REPUBLISHED})
"""The roles in which the whole text is the agency's."""


class AgencyLike(Protocol):
    """What a credit needs to know of an agency: see ``editorial.agencies.AgencyRecord``."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def feed(self) -> str | None: ...
    @property
    def excerpt_words(self) -> int | None: ...
    @property
    def full_text(self) -> bool: ...
    @property
    def role(self) -> CreditRole | None: ...
    @property
    def credit(self) -> Mapping[str, str]: ...
    @property
    def pictures(self) -> bool: ...
    @property
    def rights(self) -> str | None: ...
    @property
    def terms(self) -> Rights | None: ...


def credit_view(credit: Credit, language: str, agency: AgencyLike | None = None) -> CreditView | None:
    """The credit as every output shows it, or ``None`` where nothing is known.

    ``agency`` is the directory's record of ``credit.agency``. Nobody is
    credited on a guess: without an agency, and without the role ``generic``,
    there is no credit. ``CreditView.agency`` is empty for a generic credit.
    """
    role = _role(credit, agency)
    if role is None:
        return None
    sentence = _template(role, language, agency)
    names = _names(credit, agency, language)
    original = _agencys_own(credit, role, agency)
    target = original or (agency.url if agency else None)
    named = role is not CreditRole.GENERIC
    return CreditView(
        agency=_primary(credit, agency) if named else "",
        role=role,
        sentence=sentence.replace(PLACE, "".join(names)),
        markup=_markup(sentence, names, target if named else None),
        agency_url=agency.url if agency and named else None,
        agency_feed=agency.feed if agency and role in WHOLE_STORY else None,
        original_url=original,
    )


def _role(credit: Credit, agency: AgencyLike | None) -> CreditRole | None:
    if credit.agency:
        stated = credit.role or (agency.role if agency else None) or CreditRole.SOURCE
        # "Agencies" with a name beside it is that agency's material.
        return CreditRole.CONTRIBUTOR if stated is CreditRole.GENERIC else stated
    return CreditRole.GENERIC if credit.role is CreditRole.GENERIC else None


def _template(role: CreditRole, language: str, agency: AgencyLike | None) -> str:
    own = _own_words(agency, language, role)
    if own:
        return own.strip()
    return wording(language)["source" if role is CreditRole.REPUBLISHED else role.value]


def _own_words(agency: AgencyLike | None, language: str, role: CreditRole) -> str | None:
    """The agency's own wording for this role (``en.contributor``), else its wording of a whole
    story or of the agency's usual role; for the whole language tag, else for its language."""
    if agency is None or role is CreditRole.GENERIC:
        return None
    tags = dict.fromkeys((language, language.split("-")[0]))
    for tag in tags:
        if words := agency.credit.get(f"{tag}.{role.value}"):
            return words
    if role not in WHOLE_STORY and role is not agency.role:
        return None
    return next((agency.credit[tag] for tag in tags if agency.credit.get(tag)), None)


def _primary(credit: Credit, agency: AgencyLike | None) -> str:
    return agency.name if agency else (credit.agency or "")


def _names(credit: Credit, agency: AgencyLike | None, language: str) -> tuple[str, str]:
    """The originator's name, and what follows it (", B and C"): only the first is linked."""
    first = _primary(credit, agency)
    others = [n for n in dict.fromkeys(credit.agencies) if n not in (first, credit.agency)]
    return first, enumerate_names([first, *others], language).removeprefix(first)


def _agencys_own(credit: Credit, role: CreditRole, agency: AgencyLike | None) -> str | None:
    """``original_url`` if it is a story of the agency's own, by its host; else ``None``.

    Where the agency's home is not known, the address that came with a whole
    story is taken at its word; one that came with mere material is not.
    """
    url = credit.original_url
    if not url or urlsplit(url).scheme not in ("http", "https") or role is CreditRole.GENERIC:
        return None
    if agency is None or not agency.url:
        return url if role in WHOLE_STORY else None
    home, host = _host(agency.url), _host(url)
    return url if host == home or host.endswith("." + home) else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _markup(template: str, names: tuple[str, str], target: str | None) -> str:
    """The sentence as a paragraph.

    The link carries no ``rel="nofollow"``: it is an editorial credit that we
    vouch for, and what many agencies ask for is a link that counts.
    """
    before, place, after = template.partition(PLACE)
    first = Markup('<a href="{}">{}</a>').format(target, names[0]) if target else escape(names[0])
    rest = after.replace(PLACE, "".join(names))
    inner = escape(before) + (first + names[1] if place else Markup("")) + escape(rest)
    return str(Markup('<p class="credit">{}</p>').format(inner))
