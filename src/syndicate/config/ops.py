"""The operators' listener, and who may use its pages."""

from __future__ import annotations

import ipaddress
import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from syndicate.config.part import Part
from syndicate.config.values import Duration, Name, Secret
from syndicate.passwords import check_form


def _a_hash(secret: Secret) -> Secret:
    check_form(secret.reveal())
    return secret


class Operator(Part):
    """Somebody who may log in. ``password`` is a hash; without one only the reverse proxy can name them.

    ``read_only``: they see everything and decide nothing.
    """

    password: Annotated[Secret, AfterValidator(_a_hash)] | None = None
    read_only: bool = False


class Ops(Part):
    """The operators' listener, kept apart from the public one.

    ``users`` log in by name; ``trust_header`` names the header in which a
    reverse proxy at one of ``trusted_proxies`` says who somebody is. Without
    either there are no pages. ``session``: so long a login lasts.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    users: dict[Name, Operator] = Field(default_factory=dict)
    session: Annotated[Duration, Field(ge=timedelta(minutes=5), le=timedelta(days=30))] = timedelta(hours=12)
    trust_header: str | None = None
    trusted_proxies: tuple[str, ...] = ()

    @field_validator("trust_header")
    @classmethod
    def _a_header(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", value):
            raise ValueError(f"{value!r} is no header's name; write one like 'X-Remote-User'")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @model_validator(mode="after")
    def _whose_word(self) -> Ops:
        if self.trust_header and not self.trusted_proxies:
            raise ValueError(
                "trust_header is set, but not trusted_proxies: anybody could say who they are; "
                'name the proxy\'s network, such as ["127.0.0.1/32"]'
            )
        return self

    @property
    def has_logins(self) -> bool:
        """Whether anybody can get in."""
        return self.trust_header is not None or any(user.password for user in self.users.values())
