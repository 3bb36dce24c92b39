"""The command line: ``deltacloud-images serve | drivers | check | mock reset``."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from deltacloud_images.config import Settings, check, load
from deltacloud_images.driver import KEY_CAPABILITIES, Capability
from deltacloud_images.errors import ConfigurationError
from deltacloud_images.registry import Registry

_FILE = click.Path(dir_okay=False, path_type=Path)
_CONFIG_HELP = "TOML file; otherwise the one that DELTACLOUD_IMAGES_CONFIG names, if any."
_NAMES_SHOWN = 3


@click.group()
@click.version_option(package_name="deltacloud-images", prog_name="deltacloud-images")
def main() -> None:
    """Apache Deltacloud's REST API over the machine images of many clouds."""


@main.command()
@click.option("--config", type=_FILE, help=_CONFIG_HELP)
@click.option("-i", "--driver", help="Default driver.")
@click.option("-P", "--provider", help="Default provider of that driver.")
@click.option("-r", "--host", help="Address to listen on.")
@click.option("-p", "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Number of processes.")
@click.option("--threads", type=click.IntRange(2, 1000), help="Number of threads in each process.")
def serve(config: Path | None, driver: str | None, provider: str | None, **server: Any) -> None:
    """Start the server. Options win over the environment, and that over the file."""
    # Imported here, so that the other commands neither wait for gunicorn nor let the application take it for theirs.
    from deltacloud_images.serving.multiprocess import share
    from deltacloud_images.serving.server import address, listen, run

    def configured() -> Settings:
        return _overridden(load(config), driver, provider, server)

    try:
        settings = configured()
        with listen(settings.server) as listener:
            if settings.server.metrics:
                share()
            from deltacloud_images.app import create_app

            app = create_app(settings)
            click.echo(_banner(app.extensions["deltacloud_images"].registry, settings, address(listener)))
            sys.stdout.flush()
            run(app, lambda: create_app(configured()), listener)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


@main.command()
def drivers() -> None:
    """List the drivers: whether each is installed, its providers, and what it can do."""
    registry = Registry()
    rows = [("NAME", "INSTALLED", "PROVIDERS", "CAN"), *(_row(registry, name) for name in registry.names)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        click.echo("  ".join([*(row[column].ljust(widths[column]) for column in range(3)), row[3]]).rstrip())


@main.command("check")
@click.argument("file", type=_FILE, required=False)
@click.option("--config", type=_FILE, help="The same as FILE.")
def check_config(file: Path | None, config: Path | None) -> None:
    """Check a configuration: name every bad key of the TOML file and its line."""
    path = file or config
    if path is None or (file and config):
        raise click.UsageError("Name one file to check: deltacloud-images check FILE.")
    try:
        found = check(path)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    for each in found:
        click.echo(f"{path}: {each}", err=True)
    if any(each.problem.fatal for each in found):
        raise SystemExit(1)
    click.echo(f"{path}: fine")


@main.group()
def mock() -> None:
    """The pretend cloud."""


@mock.command()
@click.option("--config", type=_FILE, help=_CONFIG_HELP)
def reset(config: Path | None) -> None:
    """Start the pretend cloud anew: it holds what a new one holds. A server that uses it may go on."""
    try:
        Registry(load(config).drivers).unprepared("mock").reset()
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    click.echo("The pretend cloud is as it was at first.")


def _overridden(settings: Settings, driver: str | None, provider: str | None, server: dict[str, Any]) -> Settings:
    given = {name: value for name, value in server.items() if value is not None}
    api = settings.api
    if driver is not None:
        api = replace(api, default_driver=driver, default_provider="")
    if provider is not None:
        api = replace(api, default_provider=provider)
    return replace(settings, server=replace(settings.server, **given), api=api)


def _row(registry: Registry, name: str) -> tuple[str, str, str, str]:
    if problem := registry.problem(name):
        return name, f"no: {problem}", "-", "-"
    driver = registry.unprepared(name)
    providers = [each.id for each in driver.providers()]
    anything = "any" if driver.allows_provider("any-name") else "none configured"
    return name, "yes", _in_short(providers) or anything, _abilities(driver.capabilities)


def _in_short(names: Sequence[str]) -> str:
    """The names, as far as they fit into a terminal's line."""
    if len(names) <= _NAMES_SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES_SHOWN])} and {len(names) - _NAMES_SHOWN} more"


def _abilities(able: frozenset[Capability]) -> str:
    """What a driver can do, in as few words as say it."""
    missing = sorted(frozenset(Capability) - able)
    if Capability.KEYS in missing:  # nor can it create or destroy them
        missing = [each for each in missing if each == Capability.KEYS or each not in KEY_CAPABILITIES]
    if not missing:
        return "everything"
    return f"everything but {', '.join(missing)}" if len(missing) < len(able) else ", ".join(sorted(able))


def _banner(registry: Registry, settings: Settings, url: str) -> str:
    name = settings.api.default_driver
    driver = registry.driver(name)
    trial = driver.trial_credentials()
    user, password = (trial.user, trial.password) if trial else driver.credential_names
    lines = [f"deltacloud-images serves the driver '{name}' on {url}/api"]
    if trial:
        lines.append(f"user {user}, password {password}")
    curl = f"curl -u '{user}:{password}' {url}/api/images"
    return "\n".join([*lines, f"try: {curl}"])
