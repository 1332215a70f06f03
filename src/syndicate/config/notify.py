"""Who is told when something needs a person."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from syndicate.config.part import Part
from syndicate.config.values import Duration, Secret, WebAddress, check_signing_secret

AlarmKind = Literal[
    "takedown_unconfirmed",
    "source_broken",
    "source_held",
    "lane_stopped",
    "lane_failing",
    "story_refused",
    "story_on_hold",
    "rights_ending",
    "problem",
]
"""What people can be told of; docs/settings.md says when each is raised."""
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def _mail_address(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}", value):
        raise ValueError(f"{value!r} is no mail address; write one like 'desk@news.example.org'")
    return value


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class Mail(Part):
    """E-mail for alarms. ``tls``: ``starttls``, ``tls`` from the first byte, or ``none``."""

    model_config = ConfigDict(hide_input_in_errors=True)

    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    sender: MailAddress
    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    tls: Literal["starttls", "tls", "none"] = "none"
    user: str | None = None
    password: Secret | None = None

    @model_validator(mode="after")
    def _password_is_safe(self) -> Mail:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together: set both, or neither")
        if self.password is not None and self.tls == "none" and self.host not in LOCAL:
            raise ValueError("the password would travel in the clear: set tls to 'starttls' or 'tls'")
        return self


class NotifyWebhook(Part):
    """An address that alarms are posted to, signed as pushes to partners are."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: WebAddress
    secret: Annotated[Secret, AfterValidator(check_signing_secret)]


class Notify(Part):
    """How people are told. Without a way, ``status`` alone says what needs them.

    ``escalate_after``: how long a takedown may go unconfirmed; ``repeat``: how often an alarm that
    lasts is said again; ``broken_after``: how long a source may fail; ``rights_ahead``: how long
    before rights end it is said; ``tell_partners``: a partner's contact is written to as well when
    it does not confirm a takedown.
    """

    mail: Mail | None = None
    webhook: NotifyWebhook | None = None
    command: tuple[str, ...] = ()
    alarms: tuple[AlarmKind, ...] = get_args(AlarmKind)
    escalate_after: Duration = timedelta(hours=1)
    repeat: Duration = timedelta(hours=12)
    broken_after: Duration = timedelta(hours=1)
    rights_ahead: Duration = timedelta(days=1)
    tell_partners: bool = True

    @property
    def ways(self) -> bool:
        """Whether anybody can be told at all."""
        return bool(self.mail or self.webhook or self.command)
