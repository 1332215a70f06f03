"""``config``: the effective settings, and their schema for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context


@click.group()
def config() -> None:
    """The effective settings and their schema."""


@config.command()
@click.option("--origins", is_flag=True, help="With --json: where each key comes from, instead of its value.")
@click.pass_obj
def show(context: Context, origins: bool) -> None:
    """The effective settings as TOML, defaults and environment included; secrets are masked.

    A comment behind a key names the file or the environment variable it comes
    from; without one it is the default.
    """
    from syndicate.config.load import origins as read_origins
    from syndicate.config.show import shown, to_toml, whence, whence_of

    values = shown(context.settings)
    read, variables = read_origins(context.config_path)
    if context.json:
        context.emit(whence(read, variables) if origins else values)
        return
    values.pop("include")  # what it brought stands here
    click.echo("".join(f"# read: {file}\n" for file in read.files), nl=False)
    click.echo(to_toml(values, lambda key: whence_of(read, variables, key)), nl=False)


@config.command()
@click.pass_obj
def schema(context: Context) -> None:
    """JSON Schema of the configuration file, every installed kind of source and endpoint included."""
    from syndicate.config import settings_type
    from syndicate.installed import adapters

    context.emit(settings_type(adapters()).model_json_schema())


@config.command()
@click.argument("name", type=click.Choice(["nginx", "caddy"]))
@click.pass_obj
def server(context: Context, name: str) -> None:
    """The configuration of a web server that serves the files and asks the daemon for the rest."""
    from syndicate.editorial import Directory
    from syndicate.publish.render import Renderer
    from syndicate.publish.servers import SERVERS, outlet
    from syndicate.web.prepared import POLICY

    settings = context.settings
    renderer = Renderer(settings, Directory.build(settings.agencies))
    words = SERVERS[name](outlet(settings, renderer.site, renderer.links, POLICY))
    if context.json:
        context.emit({"server": name, "configuration": words})
    else:
        click.echo(words, nl=False)
