"""The ways people are told: e-mail, a signed POST, a command. Each returns why it failed, or ``None``."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.config.notify import Mail, NotifyWebhook
from syndicate.model import Verdict
from syndicate.net.certificates import trusting
from syndicate.notify.message import Message
from syndicate.transports.base import StoryPush
from syndicate.transports.webhook import Webhook, WebhookOptions

if TYPE_CHECKING:
    from syndicate.net.client import Client

SMTP_SECONDS = 20.0
COMMAND_SECONDS = 30.0


async def by_mail(
    options: Mail, letters: Sequence[EmailMessage], ca_file: Path | None = None
) -> list[str | None]:
    """Hand letters to the mail server, in a thread; why each failed, or ``None``.

    One that is refused keeps back no other. The reasons name the server, never the password.
    """
    failures: list[str | None] = []
    try:
        await asyncio.to_thread(_hand_over, options, letters, ca_file, failures)
    except (OSError, smtplib.SMTPException) as error:
        failures += [_words(options, error)] * (len(letters) - len(failures))
    return failures


def _words(options: Mail, error: Exception) -> str:
    return f"mail server {options.host}:{options.port}: {_reason(error)}"


def _hand_over(
    options: Mail,
    letters: Sequence[EmailMessage],
    ca_file: Path | None,
    failures: list[str | None],
) -> None:
    """What became of each letter is added to ``failures``, so that it is known if the server goes away."""
    context = trusting(ca_file)
    if options.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            options.host, options.port, timeout=SMTP_SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(options.host, options.port, timeout=SMTP_SECONDS)
    with server:
        if options.tls == "starttls":
            server.starttls(context=context)
        if options.user and options.password:
            server.login(options.user, options.password.reveal())
        for letter in letters:
            failures += [_sent(server, letter, options)]


def _sent(server: smtplib.SMTP, letter: EmailMessage, options: Mail) -> str | None:
    try:
        server.send_message(letter)
    except smtplib.SMTPServerDisconnected:
        raise  # none of the others goes either
    except smtplib.SMTPException as error:
        return _words(options, error)
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refuses the password ({error.smtp_code})"  # its words may echo what was sent
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refuses {', '.join(error.recipients)}"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


async def by_webhook(options: NotifyWebhook, client: Client, message: Message) -> str | None:
    """POST the digest as JSON, signed as Standard Webhooks says."""
    endpoint = WebhookOptions(type="webhook", url=options.url, secrets=(options.secret,))
    push = StoryPush(id=message.id, at=message.at, body=message.json(), media_type="application/json")
    outcome = await Webhook(endpoint, client).send(push)
    return None if outcome.verdict is Verdict.DELIVERED else f"webhook: {outcome.detail}"


async def by_command(command: Sequence[str], message: Message) -> str | None:
    """Run a program with the digest as JSON on its standard input; no shell."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        return f"command {command[0]}: {error.strerror}"
    try:
        _, said = await asyncio.wait_for(process.communicate(message.json()), COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"command {command[0]}: not done after {COMMAND_SECONDS:.0f} s"
    if process.returncode:
        words = " ".join(said.decode("utf-8", "replace").split())[:200]
        return f"command {command[0]}: status {process.returncode} {words}".rstrip()
    return None
