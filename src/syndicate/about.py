"""What is said beside a story: what it goes with, on which terms, and who publishes it.

Frozen nouns like those of ``model``, which uses them. Nothing here needs anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, StringConstraints

RSL = "https://rslstandard.org/rsl"
"""RSL 1.0's namespace. The vocabularies below are those of its sections 3.4 and 3.7."""

Usage = Literal["all", "ai-all", "ai-train", "ai-input", "ai-index", "search"]
User = Literal["commercial", "non-commercial", "education", "government", "personal"]
PaymentKind = Literal[
    "purchase", "subscription", "training", "crawl", "use", "contribution", "attribution", "free"
]
Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_STRICT = ConfigDict(extra="forbid")


def _as_number_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Amount = Annotated[str, BeforeValidator(_as_number_text), StringConstraints(pattern=r"^\d{1,9}(\.\d{1,6})?$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What machines may or may not do (``usage``), who runs them (``user``), and where (``geo``)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    usage: tuple[Usage, ...] = ()
    user: tuple[User, ...] = ()
    geo: tuple[Territory, ...] = ()

    def kinds(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """``(type, tokens)`` of each kind that says something."""
        known = (("usage", self.usage), ("user", self.user), ("geo", self.geo))
        return tuple((name, tokens) for name, tokens in known if tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a licence for machines costs.

    ``standard`` is the address of shared terms, ``custom`` of the outlet's own
    way to ask; ``amount`` is in ``currency`` (ISO 4217).
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    type: PaymentKind = "free"
    standard: str | None = None
    custom: str | None = None
    amount: Amount | None = None
    currency: Currency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTerms:
    """On which terms machines may use a story (RSL 1.0). ``url`` is what they are for.

    An empty ``url`` stands for whatever they are attached to: only the origin
    that publishes a document may name an address in it. ``terms`` are for
    people, ``server`` hands licences out.
    """

    url: str = ""
    permits: Uses = Uses()
    prohibits: Uses = Uses()
    payment: Payment | None = None
    terms: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Text and data mining is reserved (TDMRep); ``policy`` is where it may be asked for."""

    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person or desk with an address to write to."""

    email: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an outlet says about itself. Sizes of the logo are in pixels; ``icon`` is square."""

    name: str
    url: str
    description: str | None = None
    logo: str | None = None
    logo_width: int | None = None
    logo_height: int | None = None
    icon: str | None = None
    editor: Contact | None = None
    webmaster: Contact | None = None
    comments: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small picture that stands for a picture, film or recording. Sizes are in pixels."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A related story as its newsroom names it: an address, an article's id, or a source's own id."""

    ref: str
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A related story that may be shown. ``url`` is ``None`` where it stands on our own page.

    ``article_id`` is set where the story is one of ours, and then it is out.
    """

    url: str | None = None
    title: str | None = None
    article_id: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """Where readers discuss a story: the page, its feed, and how many comments there were."""

    url: str | None = None
    feed: str | None = None
    count: int | None = None
