"""A real OpenStack for tests: keystone, glance, placement and nova from PyPI, as processes on free loopback ports.

Only two things are not the real ones: nova's hypervisor is its own fake one, and the few answers that nova wants of
neutron come from ``services/network.py``.
"""

from tests.drivers.openstack.cloud.caller import Account
from tests.drivers.openstack.cloud.openstack import OpenStack, running

__all__ = ["Account", "OpenStack", "running"]
