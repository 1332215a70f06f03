"""``ops``: what the operators' pages need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context


@click.group()
def ops() -> None:
    """Logins of the operators' pages."""


@ops.command()
@click.pass_obj
def password(context: Context) -> None:
    """Make the hash of a password, for `[ops.users.NAME] password`. Asks; or takes standard input."""
    from syndicate.errors import UsageError
    from syndicate.passwords import LEAST, hashed

    given = _ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if len(given) < LEAST:
        raise UsageError(
            f"a password of {len(given)} characters is soon guessed", fix=f"take {LEAST} characters or more"
        )
    kept = hashed(given)
    if context.json:
        context.emit({"password": kept})
    else:
        click.echo(kept)


def _ask() -> str:
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
