"""Entry points that do not work: a driver whose SDK is missing, and an object that is no driver."""

from deltacloud_acme import AcmeDriver


class NeedyDriver(AcmeDriver):
    requires = ("a_module_that_nobody_has",)


not_a_driver = 42
