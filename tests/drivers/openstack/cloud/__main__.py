"""``python -m tests.drivers.openstack.cloud CONFIG``: a real OpenStack on this machine to try the server on.

Writes the server's configuration for it to the file CONFIG when it is ready, and runs until it is interrupted.
"""

import signal
import sys
from pathlib import Path

from tests.drivers.openstack.cloud.openstack import MEMBER, running

CONFIG = """\
[api]
default_driver = "openstack"

[drivers.openstack.providers.trial]
auth_url = "{auth_url}"
region = "One"
"""

cloud = running()
member = cloud.caller(MEMBER)
server = member.boot(member.create_image("cirros", min_disk=1, architecture="x86_64"), "first")
Path(sys.argv[1]).write_text(CONFIG.format(auth_url=cloud.public_urls["keystone"]))
print(f"OpenStack is ready: user {MEMBER.user}, password {MEMBER.password}; instance {server}")
signal.sigwait({signal.SIGINT, signal.SIGTERM})
