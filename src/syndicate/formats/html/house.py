"""What every page of an outlet shares: its name, look and sections, and the style made of them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from urllib.parse import quote

from markupsafe import Markup

from syndicate.config import Look, Publisher
from syndicate.formats.html.colour import readable
from syndicate.formats.text import address, line

LIGHT = {"paper": "#ffffff", "wash": "#f6f4f0", "ink": "#1a1a18", "soft": "#5b5852", "rule": "#dad6ce"}
DARK = {"paper": "#161614", "wash": "#22211e", "ink": "#eae7e1", "soft": "#aca79d", "rule": "#3d3b36"}
FONTS: Mapping[str, str] = {
    "serif": '"Iowan Old Style", Charter, "Bitstream Charter", "Noto Serif", Georgia, serif',
    "sans": 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif',
}
SECTIONS = 8
"""So many feeds are named in every page's head; of more, the page of all feeds tells."""


@dataclass(frozen=True, slots=True)
class Section:
    """A feed as pages name it."""

    title: str
    url: str
    language: str


@dataclass(frozen=True)
class House:
    """An outlet as its pages show it. Pure but for the look's own files, which are read once."""

    publisher: Publisher
    look: Look = field(default_factory=Look)
    sections: tuple[Section, ...] = ()

    @cached_property
    def accents(self) -> tuple[str, str]:
        """The accent that can be read on light grounds, and the one for dark (WCAG AA)."""
        light = readable(self.look.color, (LIGHT["paper"], LIGHT["wash"]))
        return light, readable(self.look.color, (DARK["paper"], DARK["wash"]))

    @cached_property
    def style(self) -> str:
        """The whole style sheet, without comments and needless white space."""
        light, dark = self.accents
        known = {**LIGHT, "accent": light, "brand": self.look.color, "text": FONTS[self.look.font]}
        known |= {f"dark-{name}": value for name, value in {**DARK, "accent": dark}.items()}
        sheet = _smaller(re.sub(r"@([a-z-]+)@", lambda found: known.get(found[1], found[0]), _sheet()))
        return sheet.replace("@own@", self.look.sheet())

    @cached_property
    def head(self) -> Markup:
        """What stands in every page's ``<head>`` alike: policy, colours, icon, style."""
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        # Our own server says this in a header; the files are served by anybody's. The style is named
        # by its hash, so that no other could slip in. frame-ancestors counts in headers only.
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src * data:; media-src *; "
            "base-uri 'none'; form-action 'none'"
        )
        return Markup(
            '<meta http-equiv="Content-Security-Policy" content="{}">'
            '<meta name=color-scheme content="light dark">'
            '<meta name=theme-color content="{}" media="(prefers-color-scheme: light)">'
            '<meta name=theme-color content="{}" media="(prefers-color-scheme: dark)">'
            '<link rel=icon href="{}"><style>{}</style>'
        ).format(policy, LIGHT["paper"], DARK["paper"], self.icon, Markup(self.style))  # noqa: S704 - checked when read

    @cached_property
    def icon(self) -> str:
        """The first letter of the name on the outlet's colour: a browser asks for no other icon."""
        letter = next((c for c in line(self.publisher.name).removeprefix("The ") if c.isalnum()), "•")
        light, _ = self.accents
        drawn = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
            f'<rect width="32" height="32" rx="6" fill="{light}"/>'
            '<text x="16" y="23" text-anchor="middle" font-family="Georgia,serif" font-size="20" '
            f'font-weight="700" fill="#fff">{letter}</text></svg>'
        )
        return "data:image/svg+xml," + quote(drawn, safe="/:=' ,")

    @cached_property
    def logo(self) -> str | None:
        """The logo inside the page, else its address; ``None`` without one."""
        own = self.look.logo_file()
        if own is None:
            return address(self.publisher.logo) if self.publisher.logo else None
        return f"data:{own[0]};base64,{base64.b64encode(own[1]).decode()}"


@lru_cache(maxsize=1)
def _sheet() -> str:
    return files("syndicate.formats.html").joinpath("page.css").read_text(encoding="utf-8")


def _smaller(sheet: str) -> str:
    """Without comments, and with white space only where it parts words."""
    flat = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    return re.sub(r"\s*([{};,])\s*", r"\1", flat).replace(";}", "}").strip()
