"""What the network shows: ourselves from outside, hubs, partners' names and certificates, the time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from syndicate.config import Mirror, Settings
from syndicate.doctor.database import Stored
from syndicate.doctor.finding import Check, fail, ok, warn
from syndicate.errors import ConfigError
from syndicate.formats.encoding import etag
from syndicate.net.answer import Answer, Unreachable
from syndicate.net.certificates import expiry
from syndicate.net.client import Client
from syndicate.net.resolve import resolve
from syndicate.surroundings import is_loopback
from syndicate.transports.mirrors.base import MirrorError
from syndicate.transports.mirrors.registry import open_place

CERTIFICATE_DAYS = 21
CLOCK_WARNS, CLOCK_FAILS = 5.0, 60.0
"""Seconds; a ``Date`` has whole seconds, and the answer took its time."""
DOCUMENT_LIMIT = 8_000_000
Dates = list[tuple[str, float]]


async def network(settings: Settings, stored: Stored, now: datetime) -> list[Check]:
    """Everything at once; each look has the settings' time-outs."""
    dates: Dates = []
    async with Client(settings.network, publisher_url=settings.publisher.url) as client:
        looks: list[Awaitable[list[Check]]] = [_ourselves(settings, stored, client, dates)]
        if stored.running:
            looks.append(_daemon(settings, client))
        looks += [_hub(name, hub.url, client, dates) for name, hub in settings.external_hubs.items()]
        looks += [_mirror(options, settings) for options in settings.publish]
        looks += [_receiver(where, url, settings, now) for where, url in _receivers(settings)]
        found = await asyncio.gather(*looks)
    return [*(check for checks in found for check in checks), *_clock(dates)]


# -- ourselves ---------------------------------------------------------------------------


async def _ourselves(settings: Settings, stored: Stored, client: Client, dates: Dates) -> list[Check]:
    """``base_url`` leads here if it answers with the very document that is stored here."""
    base, name = settings.publisher.base_url, "base_url"
    address = stored.topic or f"{base}healthz"
    try:
        answer = await client.get(address, headers={"accept-encoding": "identity"}, limit=DOCUMENT_LIMIT)
    except Unreachable as error:
        return [_no_answer(name, base, error, stored)]
    if not is_loopback(urlsplit(base).hostname):
        _note_date(dates, urlsplit(base).hostname or base, answer)
    certificates = await _certificate(name, base, settings, datetime.now(UTC))
    return [_is_it_us(name, base, answer, stored), *certificates]


def _no_answer(name: str, base: str, error: Unreachable, stored: Stored) -> Check:
    if not stored.running:
        return warn(name, f"{error.reason}; no daemon runs", "start it (`syndicate run`), then look again")
    fix = f"see that DNS, the firewall and the web server in front lead {base} here"
    return fail(name, f"not reachable from here: {error.reason}", fix)


def _is_it_us(name: str, base: str, answer: Answer, stored: Stored) -> Check:
    if stored.etag is None:
        if answer.status == 200 and b'"version"' in answer.body:
            return ok(name, f"{base} is answered by syndicate")
        words = f"{base}healthz answers {answer.status}, not as syndicate does"
        return warn(name, words, "does the web server in front lead here? Build the feeds, then look again")
    shown = answer.headers.get("etag", "").removeprefix("W/")
    if answer.status == 200 and shown == stored.etag.removeprefix("W/"):
        return ok(name, f"{base} shows what is stored here")
    if answer.status != 200:
        words = f"a feed there answers {answer.status}"
        return fail(name, words, f"lead {base} to this daemon or to its files ([output] path)")
    # A web server that serves the files makes validators of its own; the bytes tell.
    if not answer.truncated and etag(answer.body) == stored.etag:
        return ok(name, f"{base} shows what is stored here, as a file")
    words = f"{base} shows another document than is stored here (another machine, or an old copy)"
    return warn(name, words, "wait for caches, then look again; else lead the address here")


async def _daemon(settings: Settings, client: Client) -> list[Check]:
    """The port is the running daemon's, as it should be."""
    if not settings.web.port:
        return []
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)  # noqa: S104
    where = f"{host}:{settings.web.port}"
    try:
        answer = await client.get(f"http://{where}/readyz")
    except Unreachable as error:
        fix = "is it still starting? See its log"
        return [fail("web port", f"a daemon runs, and {where} does not answer: {error.reason}", fix)]
    if b'"reasons"' not in answer.body:
        return [fail("web port", f"something else answers at {where}", "choose another web.port, restart")]
    if answer.status != 200:
        return [warn("web port", f"our daemon at {where} is not ready yet", "wait, then look again")]
    return [ok("web port", f"our daemon answers at {where}")]


# -- others --------------------------------------------------------------------------------


async def _hub(name: str, url: str, client: Client, dates: Dates) -> list[Check]:
    """Any answer of its own will do: a hub may well refuse a GET."""
    label, host = f"hub {name}", urlsplit(url).hostname or ""
    try:
        answer = await client.get(url, limit=0)
    except Unreachable as error:
        return [fail(label, error.reason, f"is external_hubs.{name}.url right, and may we get out?")]
    if not is_loopback(host):
        _note_date(dates, host, answer)
    if answer.status >= 500:
        return [warn(label, f"{host} answers {answer.status}", "look again later; pings are tried anew")]
    return [ok(label, f"{host} answers")]


async def _mirror(options: Mirror, settings: Settings) -> list[Check]:
    """Whether a place of ``[[publish]]`` lets itself be read; nothing is written there."""
    label, proxy = f"publish {options.name}", settings.network.proxy
    try:
        place = open_place(options, proxy=proxy.reveal() if proxy else None)
        there = await place.get("index.html")
        await place.close()
    except (ConfigError, MirrorError) as error:
        return [fail(label, error.message, error.fix or "see [[publish]]")]
    return [ok(label, "it answers" + ("" if there else "; nothing is published there yet"))]


def _receivers(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, partner in settings.partners.items():
        for key, endpoint in partner.endpoints.items():
            yield f"partner {name}/{key}", endpoint.url


async def _receiver(where: str, url: str, settings: Settings, now: datetime) -> list[Check]:
    """Nothing is sent: its name, and its certificate."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if settings.network.proxy is not None:
        return [ok(where, f"{host} is asked through the proxy, which looks up its name")]
    try:
        addresses = await resolve(host, parts.port or (443 if parts.scheme == "https" else 80))
    except (OSError, UnicodeError, Unreachable):
        return [fail(where, f"the name {host} does not resolve", "is it spelled right? Does DNS work here?")]
    certificates = await _certificate(where, url, settings, now)
    return certificates or [ok(where, f"{host} resolves to {addresses[0]}")]


async def _certificate(where: str, url: str, settings: Settings, now: datetime) -> list[Check]:
    parts = urlsplit(url)
    if parts.scheme != "https" or settings.network.proxy is not None:
        return []
    host, seconds = parts.hostname or "", settings.network.connect_timeout.total_seconds()
    try:
        until = await expiry(host, parts.port or 443, seconds)
    except Unreachable as error:
        return [fail(where, error.reason, "the certificate or the way there must be mended on that side")]
    days = (until - now).days
    words = f"the certificate of {host} ends {until:%Y-%m-%d} (in {days} days)"
    if days < CERTIFICATE_DAYS:
        return [warn(where, words, "see that it is renewed: pushes stop when it ends")]
    return [ok(where, words)]


# -- the time ------------------------------------------------------------------------------


def _note_date(dates: Dates, host: str, answer: Answer) -> None:
    try:
        there = parsedate_to_datetime(answer.headers["date"])
        dates.append((host, (datetime.now(UTC) - there).total_seconds()))
    except (KeyError, ValueError, TypeError):
        return  # it says no time


def _clock(dates: Dates) -> list[Check]:
    """Ours against the middle of what others say: one server's clock may be wrong as well."""
    if not dates:
        return [ok("clock", "nobody outside could be asked for the time")]
    dates.sort(key=lambda one: one[1])
    host, off = dates[len(dates) // 2]
    words = f"{abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} {host}"
    fix = "let a time service set it (chrony, systemd-timesyncd): embargoes and signatures hang on it"
    if abs(off) > CLOCK_FAILS:
        return [fail("clock", words, fix)]
    return [warn("clock", words, fix) if abs(off) > CLOCK_WARNS else ok("clock", words)]
