"""Stories name related ones; what was taken back is named by nobody.

A newsroom names a related story by an address, an article's id or the
source's own id (``Story.relates_to``). What of that readers see
(``Story.related``) is worked out whenever either end changes: a story of ours
that is withdrawn, withheld or not out yet loses its link and its title
everywhere at once, and gets both back when it is released. Whoever names it
is found through the table of relations, never by searching.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from syndicate.about import Reference, Related
from syndicate.ingest.translations import ARTICLE_ID
from syndicate.model import Article, PubStatus, Story
from syndicate.storage import Transaction

ADDRESS = "address"
"""The scheme of an address told apart from others by ``address_key`` alone."""

_TRACKING = re.compile(
    r"(?:utm_.*|at_(?:medium|campaign|custom\d?)|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|"
    r"mc_cid|mc_eid|ref_src|ref_url|cmpid|cmp|ns_mchannel|ns_campaign|_ga|_gl|spm|mkt_tok|amp)",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.[^.]+)")
_AMP = re.compile(r"(?:/amp|/amp\.html|\.amp|\.amp\.html)$")
_AMP_CACHE = re.compile(r"^/(?:c|v|i)/(?:s/)?(?=[^/]+\.[^/]+/)")


def address_key(url: str) -> str | None:
    """What two addresses of one page have in common: not http or https, "www.", a closing slash,
    a fragment, a campaign's parameters, how it is escaped, nor that it is the page for small screens
    (AMP, "m."). ``None`` where it is no web address."""
    try:
        parts = urlsplit(url.strip())
        host = _host(parts.hostname or "")
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    path = quote(
        unquote(parts.path, errors="surrogateescape"), safe="/:@!$&'()*+,;=~", errors="surrogateescape"
    )
    if host.endswith("cdn.ampproject.org") and _AMP_CACHE.match(path):
        return address_key(f"https://{_AMP_CACHE.sub('', path)}")
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(k, v)]
    query = f"?{urlencode(sorted(kept))}" if kept else ""
    return f"{host}{port}{_AMP.sub('', path.rstrip('/')).rstrip('/')}{query}"


def _host(name: str) -> str:
    """One spelling of a host, without what marks it as the page for small screens."""
    try:
        plain = name.rstrip(".").encode("idna").decode()
    except UnicodeError:
        plain = name
    return _MOBILE.sub("", plain)


def _is_tracking(name: str, value: str) -> bool:
    return bool(_TRACKING.fullmatch(name)) or (name.lower() == "outputtype" and value.lower() == "amp")


def addresses(urls: Iterable[str | None]) -> list[tuple[str, str]]:
    """Identities under which a story is found by whatever form of its address somebody uses."""
    keys = (address_key(url) for url in urls if url)
    return [(ADDRESS, key) for key in keys if key]


def keep(tx: Transaction, article: Article, before: Story | None) -> None:
    """Remember what a story names, so that it is found from there."""
    stated = article.story.relates_to
    if stated == (before.relates_to if before else ()):
        return
    tx.relations.keep(article.id, {name for ref in stated for name in _names(article.source, ref.ref)})


def shown(tx: Transaction, article: Article, story: Story) -> tuple[Related, ...]:
    """What of that readers may see, each story once, in the newsroom's order."""
    found: dict[str, Related] = {}
    for reference in story.relates_to:
        one = _shown(tx, article, reference)
        if one is not None:
            found.setdefault(one.article_id or address_key(one.url or "") or "", one)
    return tuple(found.values())


def naming(
    tx: Transaction, article: Article, known_as: Iterable[tuple[str, str]] | None = None
) -> list[Article]:
    """The stories that name this one, by whatever name; ``known_as``: its identities, looked up already."""
    names = {f"article:{article.id}"}
    for scheme, value in tx.articles.identities_of(article.id) if known_as is None else known_as:
        if scheme in ("url", "original"):
            names.update(f"{ADDRESS}:{key}" for _, key in addresses([value]))
        elif scheme == "guid" or scheme == ADDRESS or scheme.startswith("id:"):
            names.add(f"{scheme}:{value}")
    found = tx.articles.many([other for other in tx.relations.naming(names) if other != article.id])
    return [found[key] for key in sorted(found)]


def _shown(tx: Transaction, article: Article, reference: Reference) -> Related | None:
    is_address = address_key(reference.ref) is not None
    known, theirs = _find(tx, article.source, reference.ref)
    if known is None:
        return Related(url=reference.ref, title=reference.title) if is_address else None
    other = tx.articles.get(known)
    if other is None or other.id == article.id or not is_out(other):
        return None
    return Related(
        url=reference.ref if theirs else other.story.url,
        title=reference.title or other.story.headline,
        article_id=other.id,
        language=other.story.language,
    )


def _find(tx: Transaction, source: str, ref: str) -> tuple[str | None, bool]:
    """The article a reference means; true if by the address of the original that it was taken from."""
    exact = tx.articles.by_identity([(f"id:{source}", ref), ("url", ref), ("guid", ref)])
    if exact is not None:
        return exact, False
    if match := ARTICLE_ID.search(ref):
        return match.group().lower(), False
    if original := tx.articles.by_identity([("original", ref)]):
        return original, True
    return tx.articles.by_identity(addresses([ref])), False


def _names(source: str, ref: str) -> Iterator[str]:
    yield f"id:{source}:{ref}"
    yield f"guid:{ref}"
    yield from (f"{scheme}:{key}" for scheme, key in addresses([ref]))
    if match := ARTICLE_ID.search(ref):
        yield f"article:{match.group().lower()}"


def is_out(article: Article) -> bool:
    """Whether readers may see it now."""
    return article.live and article.status is PubStatus.USABLE and not article.hold
