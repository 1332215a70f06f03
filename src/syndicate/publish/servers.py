"""Configurations of web servers that serve the files and ask the daemon for the rest. Pure.

What a file server cannot know by itself (rule H5: self and hubs of each
document; the terms for machines) is written into them from the settings, so they are made anew after
the settings changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import Settings
from syndicate.errors import ConfigError
from syndicate.formats.opml import MEDIA_TYPE as OPML_TYPE
from syndicate.formats.registry import FORMATS
from syndicate.formats.rsl import MEDIA_TYPE as RSL_TYPE
from syndicate.formats.rsl import reservation_headers
from syndicate.site import ALL_FEEDS, HTML, LICENSE_PATH, OPML, Site, formats_of

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!&()*+,;=%")
_HTML_TYPE = "text/html; charset=utf-8"
Links = Callable[[str, str], Sequence[tuple[str, str]]]
"""``(format, self address) → (rel, address)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One kind of document: which addresses (a regular expression), which file, which type.

    ``file`` may name the group ``slug`` of ``address``.
    """

    address: str
    file: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """What both configurations are made from."""

    host: str
    folder: str
    daemon: str
    max_age: int
    policy: str
    links: Mapping[str, str]
    reserved: tuple[tuple[str, str], ...]
    kinds: tuple[Served, ...]


def outlet(settings: Settings, site: Site, links: Links, policy: str) -> Outlet:
    """Worked out from the settings. Raises ConfigError for addresses that could not be written safely."""
    found: dict[str, str] = {}
    feeds = [(slug, name) for slug, feed in settings.feeds.items() for name in formats_of(feed)]
    for slug, name in [(ALL_FEEDS, HTML), (ALL_FEEDS, OPML), *feeds]:
        values = [f'<{_plain(href)}>; rel="{rel}"' for rel, href in links(name, site.topic(slug, name))]
        if settings.says_terms:
            values.append(f'<{_plain(site.url(LICENSE_PATH))}>; rel="license"; type="{RSL_TYPE}"')
        found[_plain(site.path(slug, name))] = ", ".join(values)
    host = settings.web.host if settings.web.host not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return Outlet(
        host=urlsplit(settings.publisher.base_url).hostname or "localhost",
        folder=str(Path(settings.output.path).absolute()),
        daemon=f"{shown}:{settings.web.port}",
        max_age=settings.web.max_age,
        policy=policy,
        links=found,
        reserved=tuple((name, _plain(value)) for name, value in reservation_headers(site.says.reservation)),
        kinds=_kinds(),
    )


def _kinds() -> tuple[Served, ...]:
    slug = "(?<slug>[a-z0-9][a-z0-9-]*)"
    named = [
        Served(
            address=f"^/feeds/{slug}/{form.file.replace('.', '[.]')}$",
            file=f"/{{slug}}/{form.file}",
            media_type=_with_charset(form.media_type),
        )
        for form in FORMATS.values()
    ]
    pages = Served(address=f"^/feeds/{slug}/$", file="/{slug}/index.html", media_type=_HTML_TYPE)
    index = Served(address="^/$", file="/index.html", media_type=_HTML_TYPE)
    listing = Served(address="^/feeds[.]opml$", file="/feeds.opml", media_type=OPML_TYPE)
    return (*named, pages, index, listing)


def _with_charset(media_type: str) -> str:
    textual = media_type.endswith("xml") and ";" not in media_type
    return f"{media_type}; charset=utf-8" if textual else media_type


def _plain(words: str) -> str:
    if set(words) <= _PLAIN:
        return words
    raise ConfigError(
        f"{words!r} cannot stand in a web server's configuration",
        fix="percent-encode what is no letter, digit or -._~ in it",
    )


# -- nginx -------------------------------------------------------------------------------------


def nginx(found: Outlet) -> str:
    """A file for ``/etc/nginx/conf.d/``."""
    links = "\n".join(f"    \"{path}\" '{value}';" for path, value in found.links.items())
    kinds = "\n".join(_nginx_kind(found, kind) for kind in found.kinds)
    return _NGINX.format(
        links=links, kinds=kinds, daemon=found.daemon, host=found.host, max_age=found.max_age
    )


def _nginx_kind(found: Outlet, kind: Served) -> str:
    policy = (
        f'\n        add_header Content-Security-Policy "{found.policy}";'
        if kind.media_type == _HTML_TYPE
        else ""
    )
    reserved = "".join(f'\n        add_header {name} "{value}";' for name, value in found.reserved)
    return _NGINX_KIND.format(
        address=kind.address,
        folder=found.folder,
        file=kind.file.format(slug="$slug"),
        media_type=kind.media_type,
        max_age=found.max_age,
        further=reserved + policy,
    )


_NGINX = """\
# nginx in front of syndicate: the files served directly, everything else by the daemon.
# Printed by `syndicate config server nginx`; print it again after the settings changed, then: nginx -s reload
#
# It belongs into http: put it into /etc/nginx/conf.d/. It needs only what every nginx package has.
# TLS is yours: listen 443 ssl; ssl_certificate …; ssl_certificate_key …; or whatever ends TLS today.
# With the brotli or zstd module: brotli_static on; zstd_static on; beside gzip_static (the files are there).

upstream syndicate {{
    server {daemon};
    keepalive 16;
}}

# Who asks for a delta (A-IM), or for anything but reading, asks the daemon.
map "$request_method:$http_a_im" $syndicate_asks {{
    default "daemon";
    "GET:"  "";
    "HEAD:" "";
}}

# What each document says of itself, for subscribers that read headers (WebSub).
map $syndicate_path $syndicate_links {{
    default "";
{links}
}}

server {{
    listen 80;
    server_name {host};
    server_tokens off;
    gzip_static on;
    gzip_proxied any;
    gzip_vary on;
    etag on;
    max_ranges 0;
    error_page 418 = @daemon;
    set $syndicate_path $uri;

{kinds}

    # 301 of moved feeds, 410 of retired ones, archives, stories, /hub, /api, /partner, deltas.
    location / {{
        return 418;
    }}
    location @daemon {{
        proxy_pass http://syndicate;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_buffering off;  # a long poll is answered the moment there is something
        proxy_read_timeout 120s;
        client_max_body_size 10m;
    }}
}}
"""
_NGINX_KIND = """\
    location ~ "{address}" {{
        if ($syndicate_asks) {{ return 418; }}
        root "{folder}";
        try_files "{file}" @daemon;
        types {{ }}
        default_type "{media_type}";
        add_header Link $syndicate_links;
        add_header Cache-Control "public, max-age={max_age}";
        add_header Access-Control-Allow-Origin "*";
        add_header Access-Control-Expose-Headers "ETag, Link, IM";
        add_header X-Content-Type-Options "nosniff";{further}
    }}"""


# -- Caddy -------------------------------------------------------------------------------------


def caddy(found: Outlet) -> str:
    """A Caddyfile."""
    links = "\n".join(f"        {path} `{value}`" for path, value in found.links.items())
    kinds = "\n".join(_caddy_kind(found, number, kind) for number, kind in enumerate(found.kinds))
    return _CADDY.format(links=links, kinds=kinds, daemon=found.daemon, host=found.host)


def _caddy_kind(found: Outlet, number: int, kind: Served) -> str:
    policy = (
        f'\n                Content-Security-Policy "{found.policy}"' if kind.media_type == _HTML_TYPE else ""
    )
    reserved = "".join(f'\n                {name} "{value}"' for name, value in found.reserved)
    return _CADDY_KIND.format(
        name=f"kind{number}",
        address=kind.address.replace("(?<slug>", "("),
        folder=found.folder,
        file=kind.file.format(slug=f"{{re.kind{number}.1}}"),
        media_type=kind.media_type,
        max_age=found.max_age,
        further=reserved + policy,
    )


_CADDY = """\
# Caddy in front of syndicate: the files served directly, everything else by the daemon.
# Printed by `syndicate config server caddy`; print it again after the settings changed, then: caddy reload
#
# For a public host Caddy gets certificates by itself: write the bare name instead of http://….

(syndicate_daemon) {{
    reverse_proxy {daemon} {{
        flush_interval -1
    }}
}}

http://{host} {{
    # What each document says of itself, for subscribers that read headers (WebSub).
    map {{http.request.orig_uri.path}} {{syndicate_links}} {{
{links}
        default ""
    }}

{kinds}

    # 301 of moved feeds, 410 of retired ones, archives, stories, /hub, /api, /partner, deltas (A-IM).
    handle {{
        import syndicate_daemon
    }}
}}
"""
_CADDY_KIND = """\
    @{name} {{
        method GET HEAD
        not header A-IM *
        path_regexp {name} {address}
    }}
    handle @{name} {{
        root * "{folder}"
        # Apart from the address: Caddy asks the conditions of one matcher in any order.
        @there file "{file}"
        handle @there {{
            rewrite * "{file}"
            request_header -Range
            header {{
                Content-Type "{media_type}"
                Link "{{syndicate_links}}"
                Cache-Control "public, max-age={max_age}"
                Access-Control-Allow-Origin "*"
                Access-Control-Expose-Headers "ETag, Link, IM"
                X-Content-Type-Options "nosniff"{further}
            }}
            header Vary Accept-Encoding {{
                defer
            }}
            file_server {{
                precompressed br zstd gzip
            }}
        }}
        handle {{
            import syndicate_daemon
        }}
    }}"""

SERVERS: Mapping[str, Callable[[Outlet], str]] = {"nginx": nginx, "caddy": caddy}
"""The web servers a configuration can be printed for."""
