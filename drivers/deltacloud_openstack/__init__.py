"""OpenStack: keystone v3, nova, and glance v2 where there is one."""

from deltacloud_openstack.driver import OpenStackDriver

__all__ = ["OpenStackDriver"]
