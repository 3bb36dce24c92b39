"""LXD and Incus: images, containers and virtual machines, over their REST API."""

from deltacloud_lxd.driver import LxdDriver

__all__ = ["LxdDriver"]
