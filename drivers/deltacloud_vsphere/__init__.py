"""VMware vSphere: the templates and virtual machines of a vCenter or an ESX host, on pyvmomi."""

from deltacloud_vsphere.driver import VsphereDriver

__all__ = ["VsphereDriver"]
