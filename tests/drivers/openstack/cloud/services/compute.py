"""``compute.py PORT``: nova's API, conductor, scheduler and compute service in one process.

In one process oslo.messaging's in-memory transport joins them, and no message broker is needed.
"""

import sys
import time
from pathlib import Path

import lifeline

port = int(sys.argv[1])
sys.argv[1:] = []  # nova parses what is left
lifeline.hold()

from nova.wsgi import osapi_compute  # noqa: E402, I001 (first of all: it decides how nova runs threads)

import nova.virt  # noqa: E402
import waitress  # noqa: E402
from nova import context, service  # noqa: E402
from nova.compute import rpcapi as compute  # noqa: E402
from nova.conductor import rpcapi as conductor  # noqa: E402
from nova.objects import host_mapping  # noqa: E402
from nova.scheduler import rpcapi as scheduler  # noqa: E402

nova.virt.__path__.append(str(Path(__file__).parent))  # where nova looks for hypervisor.py
running = []
for module, name in ((conductor, "conductor"), (scheduler, "scheduler"), (compute, "compute")):
    each = service.Service.create(binary=f"nova-{name}", topic=module.RPC_TOPIC)
    each.start()
    running.append(each)
while not host_mapping.discover_hosts(context.get_admin_context()):  # else no instance could be scheduled
    time.sleep(0.1)
waitress.serve(osapi_compute.application, host="127.0.0.1", port=port, threads=12, ident=None)
