"""Amazon EC2 and clouds that speak its API."""

from deltacloud_ec2.driver import EC2Driver

__all__ = ["EC2Driver"]
