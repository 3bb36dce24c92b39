"""An engine for tests: stateful, over HTTPS, in either generation of its API, written from its public documentation."""

from tests.drivers.rhevm.simulator.server import Simulator

__all__ = ["Simulator"]
