"""Fujitsu Global Cloud Platform: disk images, virtual servers and virtual systems, by its OViSS API."""

from deltacloud_fgcp.driver import FgcpDriver

__all__ = ["FgcpDriver"]
