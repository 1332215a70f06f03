"""``completion``: what a shell reads so that Tab knows our commands and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_obj
def completion(context: Context, shell: str) -> int:
    """Print the completion of a shell; `deploy/install` puts bash's in place.

    bash: `eval "$(syndicate completion bash)"` in ~/.bashrc. zsh: the same in
    ~/.zshrc. fish: into ~/.config/fish/completions/syndicate.fish.
    """
    from click.shell_completion import get_completion_class

    from syndicate.cli.main import root

    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(root, {}, "syndicate", "_SYNDICATE_COMPLETE").source()
    if context.json:
        context.emit({"shell": shell, "script": script})
    else:
        click.echo(script)
    return 0
