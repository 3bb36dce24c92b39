"""Rackspace's public cloud: OpenStack's nova and glance behind Rackspace's own identity service."""

from deltacloud_rackspace.driver import RackspaceDriver

__all__ = ["RackspaceDriver"]
