"""What the whole site says about rights: ``/license.xml`` and ``/.well-known/tdmrep.json``.

The licence speaks for the outlet's own stories. Pages of stories that have no
address of their own stand on our site, whoever they are by, so that the file
licenses none of them: each story's own terms stand with it in the feeds, and
what is said of one address outranks what is said of many.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from syndicate.about import MachineTerms, Profile
from syndicate.config import Rights, Settings
from syndicate.editorial.terms import NOTHING, reservation, stated
from syndicate.formats import rsl
from syndicate.site import LICENSE, TDM

Statement = tuple[str, str, bytes]
"""A document's format, its media type and its bytes."""


def statements(settings: Settings, profile: Profile) -> Iterator[Statement]:
    """The documents there are under one configuration."""
    if settings.says_terms:
        yield LICENSE, rsl.MEDIA_TYPE, rsl.license_document([*_parts(settings)], profile)
    reserved = reservation(settings.rights)
    if reserved:
        location = urlsplit(settings.publisher.base_url).path or "/"
        yield TDM, rsl.TDM_TYPE, rsl.tdm_file(reserved, location)


def _parts(settings: Settings) -> Iterator[MachineTerms]:
    base = urlsplit(settings.publisher.base_url).path
    outlet = settings.rights
    of_feeds = {slug: f.terms.over(outlet) for slug, f in settings.feeds.items() if f.terms}
    if outlet.for_machines:
        yield _at(base, outlet)
        yield _at(f"{base}feeds/stories/", NOTHING)
    for slug, rights in of_feeds.items():
        if rights.for_machines:
            yield _at(f"{base}feeds/{slug}/", rights)


def _at(path: str, rights: Rights) -> MachineTerms:
    return stated(rights, path)
