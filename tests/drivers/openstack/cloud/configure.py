"""Writes the services' configuration and makes their databases."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.drivers.openstack.cloud.install import cache, environment, locked

SERVICES = Path(__file__).parent / "services"
ADMIN_PASSWORD = "admin-secret"
SERVICE_PASSWORD = "service-secret"


@dataclass(frozen=True)
class Ports:
    """Where each service listens on 127.0.0.1."""

    keystone: int
    glance: int
    placement: int
    nova: int
    neutron: int


def write(folder: Path, ports: Ports) -> None:
    """The configuration of all services, and empty folders for their data."""
    for name in ("db", "log", "data/images", "data/staging", "data/tasks", "data/nova/locks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in _files(folder, ports).items():
        (folder / name).write_text(text)
    shutil.copy(environment() / "etc" / "nova" / "api-paste.ini", folder)


def databases(folder: Path) -> None:
    """Fill ``folder/db`` with databases that have their tables and the user admin, but no services yet."""
    pristine = cache() / f"databases-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"
    with locked("databases"):
        if not pristine.exists():
            _create(folder)
            shutil.copytree(folder / "keystone-keys", folder / "db" / "keystone-keys")
            shutil.copytree(folder / "db", partial := pristine.with_suffix(".partial"), dirs_exist_ok=True)
            partial.rename(pristine)
    shutil.copytree(pristine, folder / "db", dirs_exist_ok=True)
    shutil.copytree(pristine / "keystone-keys", folder / "keystone-keys", dirs_exist_ok=True)
    _point_cells_to(folder / "db")


def environment_variables(folder: Path) -> dict[str, str]:
    """What every service and every command needs to find its configuration."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "PYTHONPATH": str(SERVICES),
        "PYTHONWARNINGS": "ignore",
        "OS_KEYSTONE_CONFIG_FILES": str(folder / "keystone.conf"),
        "OS_GLANCE_CONFIG_DIR": str(folder),
        "OS_PLACEMENT_CONFIG_DIR": str(folder),
        "OS_NOVA_CONFIG_DIR": str(folder),
        "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
    }


def _create(folder: Path) -> None:
    """About a minute: every migration that there has ever been, on SQLite."""
    db = folder / "db"
    _manage(folder, "keystone", "db_sync")
    owner = ("--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
    _manage(folder, "keystone", "fernet_setup", *owner)
    _manage(folder, "keystone", "credential_setup", *owner)
    _manage(folder, "keystone", "bootstrap", "--bootstrap-password", ADMIN_PASSWORD, "--bootstrap-region-id", "One")
    _manage(folder, "glance-api", "db_sync")
    _manage(folder, "placement", "db", "sync")
    _manage(folder, "nova", "api_db", "sync")
    _manage(folder, "nova", "cell_v2", "map_cell0", "--database_connection", f"sqlite:///{db}/nova_cell0.db")
    _manage(folder, "nova", "db", "sync")
    _manage(folder, "nova", "cell_v2", "create_cell", "--name", "cell1")


def _manage(folder: Path, service: str, *arguments: str) -> None:
    program = environment() / "bin" / f"{service.removesuffix('-api')}-manage"
    command = [str(program), "--config-file", str(folder / f"{service}.conf"), *arguments]
    done = subprocess.run(command, env=environment_variables(folder), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{program.name} {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")


def _point_cells_to(db: Path) -> None:
    """Nova's cell mappings hold the path that its databases had when they were made."""
    with sqlite3.connect(db / "nova_api.db") as connection:
        for name, file in (("cell0", "nova_cell0.db"), ("cell1", "nova.db")):
            connection.execute(
                "UPDATE cell_mappings SET database_connection = ? WHERE name = ?", (f"sqlite:///{db}/{file}", name)
            )
    connection.close()


def _files(folder: Path, ports: Ports) -> dict[str, str]:
    identity = f"http://127.0.0.1:{ports.keystone}"
    login = f"""
auth_url = {identity}/v3
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = service
password = {SERVICE_PASSWORD}
region_name = One
valid_interfaces = internal
"""
    token_check = f"""
[keystone_authtoken]
www_authenticate_uri = {identity}
service_token_roles_required = true
interface = internal
# A revoked token is refused at once; by default the service would accept it for five minutes more.
token_cache_time = -1
{login}
"""
    keystone = f"""
[DEFAULT]
log_file = {folder}/log/keystone.log
[database]
connection = sqlite:///{folder}/db/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {folder}/keystone-keys/fernet
[credential]
key_repository = {folder}/keystone-keys/credential
[identity]
password_hash_rounds = 4
# Without it keystone takes half a second to look at a token, and it looks at one for every call to a service.
[cache]
enabled = true
backend = dogpile.cache.memory
"""
    glance = f"""
[DEFAULT]
enabled_backends = files:file
log_file = {folder}/log/glance.log
worker_self_reference_url = http://127.0.0.1:{ports.glance}
[database]
connection = sqlite:///{folder}/db/glance.db
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = {folder}/data/images
[os_glance_staging_store]
filesystem_store_datadir = {folder}/data/staging
[os_glance_tasks_store]
filesystem_store_datadir = {folder}/data/tasks
[paste_deploy]
flavor = keystone
config_file = {environment()}/etc/glance/glance-api-paste.ini
{token_check}
"""
    placement = f"""
[DEFAULT]
log_file = {folder}/log/placement.log
[placement_database]
connection = sqlite:///{folder}/db/placement.db
{token_check}
"""
    nova = f"""
[DEFAULT]
transport_url = fake:/
compute_driver = hypervisor.SnapshottingFakeDriver
state_path = {folder}/data/nova
my_ip = 127.0.0.1
host = hypervisor
log_dir = {folder}/log
[api_database]
connection = sqlite:///{folder}/db/nova_api.db
[database]
connection = sqlite:///{folder}/db/nova.db
[oslo_concurrency]
lock_path = {folder}/data/nova/locks
[quota]
instances = -1
cores = -1
ram = -1
[glance]
api_servers = http://127.0.0.1:{ports.glance}
{login}
[placement]
{login}
[neutron]
endpoint_override = http://127.0.0.1:{ports.neutron}
{login}
[service_user]
send_service_user_token = true
{login}
[vnc]
enabled = false
[wsgi]
api_paste_config = {folder}/api-paste.ini
[cache]
enabled = false
{token_check}
"""
    return {"keystone.conf": keystone, "glance-api.conf": glance, "placement.conf": placement, "nova.conf": nova}
