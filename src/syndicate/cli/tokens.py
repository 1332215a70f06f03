"""``tokens``: of partners that pull, and of senders to the inbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import Scope, Token, Transaction


@click.group()
def tokens() -> None:
    """Tokens of partners that pull, and of senders to the inbox. Each is shown once and kept as a hash."""


@tokens.command()
@click.option("--partner", metavar="NAME", help="For this partner, to pull and to confirm.")
@click.option("--inbox", metavar="SENDER", help="For this sender of stories to the inbox.")
@click.option("--label", required=True, help="What it is for, to tell it from others.")
@click.pass_obj
def add(context: Context, partner: str | None, inbox: str | None, label: str) -> None:
    """Make a token and show it, this once.

    Several may be in force at a time: to exchange one, add the new one, let
    the other side use it, and revoke the old one.
    """
    from syndicate.cli.common import storage_of
    from syndicate.keyring import make_token
    from syndicate.operators import at_the_keyboard

    scope, owner = _owner(context, partner, inbox)
    words = " ".join(label.split())
    now = datetime.now(UTC)
    with storage_of(context) as storage, storage.write() as tx:
        _check_label(tx, scope, owner, words)
        secret, token = make_token(tx, scope, owner, words, now)
        at_the_keyboard().note(tx, "add token", f"{scope} {owner}", now, {"token": token.id, "label": words})
    if context.json:
        context.emit({**_plain(token), "token": secret.reveal()})
        return
    context.warn(f"token {token.id} for {scope} {owner}, {words!r}: keep it, it is not shown again")
    click.echo(secret.reveal())


@tokens.command("list")
@click.option("--partner", metavar="NAME", help="Only this partner's.")
@click.option("--inbox", metavar="SENDER", help="Only this sender's.")
@click.option("--revoked", is_flag=True, help="Revoked ones too.")
@click.pass_obj
def list_tokens(context: Context, partner: str | None, inbox: str | None, revoked: bool) -> None:
    """Whose they are, what they are for, and when they were last used (to the minute)."""
    from syndicate.cli.common import ago, storage_of, table
    from syndicate.storage import Scope

    scope = Scope.PARTNER if partner is not None else Scope.INBOX if inbox is not None else None
    with storage_of(context) as storage, storage.read() as tx:
        found = tx.tokens.all(scope=scope, owner=partner or inbox, revoked=revoked)
    if context.json:
        context.emit([_plain(token) for token in found])
        return
    rows = [(t.id, t.scope, t.owner, t.label, t.created, ago(t.last_used), ago(t.revoked)) for t in found]
    columns = ("number", "scope", "of", "label", "created", "last used", "revoked")
    table(context, columns, rows, empty="no tokens: `syndicate tokens add` makes one")


@tokens.command()
@click.argument("names", metavar="TOKEN...", nargs=-1, required=True)
@click.pass_obj
def revoke(context: Context, names: tuple[str, ...]) -> None:
    """End tokens, by number or label: within a second they open nothing any more."""
    from syndicate.cli.common import storage_of
    from syndicate.operators import at_the_keyboard

    now = datetime.now(UTC)
    with storage_of(context) as storage, storage.write() as tx:
        ended = [_named(tx, name) for name in names]
        for token in ended:
            tx.tokens.revoke(token.id, now)
            known = {"token": token.id, "label": token.label}
            at_the_keyboard().note(tx, "revoke token", f"{token.scope} {token.owner}", now, known)
    if context.json:
        context.emit({"revoked": [_plain(token) for token in ended]})
        return
    for token in ended:
        context.console.print(
            f"revoked token {token.id} of {token.scope} {token.owner}, {token.label}", markup=False
        )


def _owner(context: Context, partner: str | None, inbox: str | None) -> tuple[Scope, str]:
    from syndicate.errors import NotFound, UsageError
    from syndicate.storage import Scope

    if (partner is None) == (inbox is None):
        raise UsageError("say whom it is for: --partner NAME, or --inbox SENDER")
    if inbox is not None:
        senders = [name for name, source in context.settings.sources.items() if source.type == "inbox"]
        if inbox not in senders:
            known = ", ".join(senders) or "none"
            raise NotFound(
                f"there is no inbox {inbox!r}",
                fix=f'the configured ones: {known}; [sources.NAME] type = "inbox" makes one',
            )
        return Scope.INBOX, inbox
    assert partner is not None
    if partner not in context.settings.partners:
        known = ", ".join(context.settings.partners) or "none"
        raise NotFound(f"there is no partner {partner!r}", fix=f"the configured partners: {known}")
    return Scope.PARTNER, partner


def _check_label(tx: Transaction, scope: Scope, owner: str, label: str) -> None:
    from syndicate.errors import UsageError

    if not label or label.isdigit():
        raise UsageError(f"{label!r} is no label", fix="give words that say what the token is for")
    if any(token.label == label for token in tx.tokens.all(scope=scope, owner=owner)):
        raise UsageError(
            f"{scope} {owner} has a token {label!r} already", fix="choose another label, or revoke that one"
        )


def _named(tx: Transaction, name: str) -> Token:
    from syndicate.errors import NotFound, UsageError

    found = [t for t in tx.tokens.all() if name in (str(t.id), t.label)]
    if not found:
        raise NotFound(f"no token {name!r} is in force", fix="`syndicate tokens list` shows them")
    if len(found) > 1:
        raise UsageError(f"several tokens are called {name!r}", fix="name it by its number")
    return found[0]


def _plain(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "scope": token.scope,
        "owner": token.owner,
        "label": token.label,
        "created": token.created,
        "last_used": token.last_used,
        "revoked": token.revoked,
    }
