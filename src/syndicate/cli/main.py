"""The root command. Commands are imported when they are called, so ``--help`` is quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from syndicate import __version__
from syndicate.cli.context import Context

COMMANDS = {
    "init": ("syndicate.cli.init:init", "A first configuration: five questions, or flags."),
    "run": ("syndicate.cli.daemon:run", "The daemon: sources, feeds, pushes, web."),
    "build": ("syndicate.cli.daemon:build", "Poll, store and write the documents; push nothing."),
    "inspect": ("syndicate.cli.inspect:inspect", "What is read out of a story, and why."),
    "check": ("syndicate.cli.check:check", "The configuration and all it points at."),
    "doctor": ("syndicate.cli.doctor:doctor", "The machine, the network, the database: what is not well."),
    "plan": ("syndicate.cli.plan:plan", "What changed terms mean for what is out; --apply."),
    "sources": ("syndicate.cli.sources:sources", "Where stories come from: try, pause, resume."),
    "articles": ("syndicate.cli.articles:articles", "List, show, mend and withdraw stories."),
    "feeds": ("syndicate.cli.feeds:feeds", "What is published, and whether it is in order."),
    "deliveries": ("syndicate.cli.deliveries:deliveries", "Attempts, refused stories, redrive."),
    "lanes": ("syndicate.cli.lanes:lanes", "Every receiver's progress: pause, resume, replay."),
    "hub": ("syndicate.cli.hub:hub", "Subscribers at our own hub."),
    "status": ("syndicate.cli.status:status", "One screen: sources, feeds, lanes, trouble."),
    "audit": ("syndicate.cli.audit:audit", "Who did what, by command or on the pages."),
    "clock": ("syndicate.cli.clock:clock", "Whether the clock is believed: embargoes hang on it."),
    "notify": ("syndicate.cli.notify:notify", "What needs a person, and who is told."),
    "config": ("syndicate.cli.config:config", "The effective settings and their schema."),
    "partners": ("syndicate.cli.partners:partners", "Who may take stories."),
    "tokens": ("syndicate.cli.tokens:tokens", "Tokens of partners and of senders to the inbox."),
    "ops": ("syndicate.cli.ops:ops", "Logins of the operators' pages."),
    "completion": ("syndicate.cli.completion:completion", "For the Tab key of bash, zsh or fish."),
    "db": ("syndicate.cli.db:db", "Migrations and backups."),
}


class LazyGroup(click.Group):
    """A group whose commands are named here and imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="The configuration file.")
@click.version_option(__version__, prog_name="syndicate")
@click.pass_context
def root(ctx: click.Context, config_path: Path | None) -> None:
    """A syndication feed publisher and distributor for news outlets.

    --json may stand anywhere and makes the output one for machines.
    """
    ctx.obj.config_path = config_path


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit status (0 done, 1 findings, 2 usage, 3 running)."""
    from syndicate.errors import SyndicateError

    context = Context(json="--json" in arguments)
    rest = [a for a in arguments if a != "--json"]
    try:
        status = root.main(rest, prog_name="syndicate", standalone_mode=False, obj=context)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        if context.json:
            fix = "`--help` after the command lists what it takes"
            context.emit({"error": "UsageError", "message": error.format_message(), "fix": fix})
        error.show()
        return error.exit_code
    except SyndicateError as error:
        context.fail(error)
        return error.exit_status
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return int(status or 0)
