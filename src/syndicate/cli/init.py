"""``init``: a first configuration, by five questions or by flags."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.starting import Answers, Written


@click.command()
@click.option("--name", help="Who publishes: the outlet's name.")
@click.option("--site", help="The address of the outlet's own site.")
@click.option("--language", help="Of stories that name none, like en or ps.  [default: en]")
@click.option("--timezone", help="Of times that name none, like Asia/Kabul.  [default: this machine's]")
@click.option("--source", help="A folder, an address, KIND:ADDRESS, or inbox.  [default: stories]")
@click.option("--base-url", help="Where readers will reach the feeds.  [default: http://127.0.0.1:8080/]")
@click.option("--database", help="postgresql://…; a password in it goes into a file of its own.")
@click.option("--layout", type=click.Choice(["here", "system"]), default="here", show_default=True)
@click.option("--force", is_flag=True, help="Replace a configuration that is there.")
@click.pass_obj
def init(context: Context, /, force: bool, **given: str | None) -> int:
    """Write a configuration: by five questions on a terminal, or by --name, --site and the others.

    It is read back and checked before it is put in place, and replaces none
    without --force. `--layout system`: /etc/syndicate and /var/lib/syndicate.
    """
    from syndicate.errors import UsageError
    from syndicate.starting import start

    if given["name"] and given["site"]:
        answers = _of_flags(given)
    elif any(given[key] for key in given if key != "layout") or context.json or not _terminal():
        missing = " and ".join(f"--{key}" for key in ("name", "site") if not given[key])
        raise UsageError(f"{missing} must be given", fix="on a terminal `syndicate init` alone asks for all")
    else:
        answers = _asked(given)
    file = _file(context, answers.layout)
    _tell(context, start(answers, file, force=force), file)
    return 0


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _file(context: Context, layout: str) -> Path:
    from syndicate.config.load import FILE_VARIABLE, find_file
    from syndicate.starting import SYSTEM_FILE

    if layout == "system" and context.config_path is None and not os.environ.get(FILE_VARIABLE):
        return SYSTEM_FILE
    return find_file(context.config_path)


def _of_flags(given: dict[str, str | None]) -> Answers:
    from syndicate.starting import Answers

    stated = {key: value for key, value in given.items() if value}
    return Answers(**{"timezone": _zone(), **stated})  # type: ignore[arg-type]


def _asked(given: dict[str, str | None]) -> Answers:
    """Five questions, on standard error, each with what stands if only Enter is pressed."""
    name = click.prompt("Who publishes? The outlet's name", err=True)
    site = click.prompt("The outlet's own site (https://…)", value_proc=_address, err=True)
    both = click.prompt(
        "Language and time zone of the stories", default=f"en {_zone()}", value_proc=_both, err=True
    )
    source = click.prompt(
        "Where do stories come from? A folder, a feed's address, KIND:ADDRESS, or inbox",
        default="stories",
        value_proc=_source,
        err=True,
    )
    base = click.prompt(
        "Where will readers reach the feeds?", default="http://127.0.0.1:8080/", value_proc=_address, err=True
    )
    language, zone = _both(both)
    answers = {"name": name, "site": site, "language": language, "timezone": zone, "source": source}
    return _of_flags({**answers, "base_url": base, "layout": given["layout"]})


def _address(text: str) -> str:
    if not re.match(r"^https?://[^\s/]+", text):
        raise click.BadParameter("an address begins with https:// (or http://)")
    return text


def _source(text: str) -> str:
    from syndicate.errors import UsageError
    from syndicate.starting import kind_of

    try:
        kind_of(text)
    except UsageError as error:
        raise click.BadParameter(f"{error.message}; {error.fix}") from None
    return text


def _both(text: str | tuple[str, str]) -> tuple[str, str]:
    from zoneinfo import available_timezones

    if isinstance(text, tuple):
        return text
    language, _, zone = text.replace(",", " ").strip().partition(" ")
    zone = zone.strip() or _zone()
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language):
        raise click.BadParameter(f"{language!r} is no language; write one like en, ps or ur")
    if zone not in available_timezones():
        raise click.BadParameter(f"{zone!r} is no time zone; write one like Asia/Kabul")
    return language, zone


def _zone() -> str:
    """This machine's time zone, or UTC where it does not say."""
    from zoneinfo import available_timezones

    _, found, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
    return name if found and name in available_timezones() else "UTC"


def _tell(context: Context, written: Written, file: Path) -> None:
    from syndicate.config.load import DEFAULT_FILE

    command = "syndicate" if file == DEFAULT_FILE else f"syndicate --config {file}"
    if context.json:
        context.emit({"written": [str(f) for f in written.files], "next": f"{command} run"})
        return
    for made in written.files:
        context.console.print(f"written: {made}", markup=False)
    base = written.settings.publisher.base_url
    context.console.print(
        f"next: `{command} run` publishes at {base} (`{command} check` looks first)", markup=False
    )
