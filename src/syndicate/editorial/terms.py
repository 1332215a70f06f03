"""On which terms a story goes out: its licence for people, and what machines may do with it.

An outlet licenses what is wholly its own. A story that credits an agency, as
its source or for material, carries that agency's terms, and where none are
set nothing is licensed: ``prohibits all`` says that, and outranks whatever is
said of the whole site.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from syndicate.about import MachineTerms, Reservation, Uses
from syndicate.config import OutletRights, Publisher, Rights, Vocabularies
from syndicate.editorial.credit_text import AgencyLike
from syndicate.model import CreditView, Story

NOTHING = Rights(prohibits=Uses(usage=("all",)))
"""The terms of a story that is not ours to license."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """What an outlet says of all its stories: rights and vocabularies."""

    rights: Rights = field(default_factory=Rights)
    reservation: Reservation | None = None
    section_scheme: str | None = None
    tag_scheme: str | None = None

    @classmethod
    def of(cls, publisher: Publisher, rights: OutletRights, vocabularies: Vocabularies) -> Says:
        """From the settings. Vocabularies without an address are made from the permanent tag."""
        return cls(
            rights=rights,
            reservation=reservation(rights),
            section_scheme=vocabularies.sections or f"{publisher.tag}section",
            tag_scheme=vocabularies.tags or f"{publisher.tag}tag",
        )


def reservation(rights: OutletRights) -> Reservation | None:
    """Whether text and data mining is reserved."""
    return Reservation(policy=rights.tdm_policy) if rights.tdm_reservation else None


def licence(
    story: Story, credit: CreditView | None, agency: AgencyLike | None, rights: Rights
) -> tuple[str | None, str | None]:
    """``(address or words, name)``: the story's own, else that of whoever it is by."""
    if story.license:
        return story.license, None
    whose = rights if credit is None else (agency.terms if agency else None)
    return (whose.license, whose.license_name) if whose else (None, None)


def machine_terms(
    credit: CreditView | None, agency: AgencyLike | None, rights: Rights, url: str, hosts: Collection[str]
) -> MachineTerms | None:
    """What machines are told about a story, or ``None`` where nobody says anything.

    ``hosts`` are those we speak for: only there an address may be named (RSL 1.0, section 4).
    """
    if credit is None:
        return stated(rights, _ours(url, hosts)) if rights.for_machines else None
    terms = agency.terms if agency else None
    if terms is not None and terms.for_machines:
        return stated(terms, _ours(url, hosts))
    return stated(NOTHING, _ours(url, hosts)) if rights.for_machines else None


def _ours(url: str, hosts: Collection[str]) -> str:
    try:
        return url if urlsplit(url).hostname in hosts else ""
    except ValueError:
        return ""


def stated(rights: Rights, url: str) -> MachineTerms:
    """Settings as terms for one address, or for what they are attached to."""
    return MachineTerms(
        url=url,
        permits=rights.permits or Uses(),
        prohibits=rights.prohibits or Uses(),
        payment=rights.payment,
        terms=rights.terms,
        server=rights.server,
    )


def hosts_of(publisher: Publisher) -> frozenset[str]:
    """The hosts an outlet speaks for: of its site, and of its feeds."""
    known = (urlsplit(url).hostname for url in (publisher.url, publisher.base_url))
    return frozenset(host for host in known if host)
