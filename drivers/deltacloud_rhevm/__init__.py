"""RHEV-M 3 and oVirt 4: templates as images, virtual machines as instances, clusters as realms."""

from deltacloud_rhevm.driver import RhevmDriver

__all__ = ["RhevmDriver"]
