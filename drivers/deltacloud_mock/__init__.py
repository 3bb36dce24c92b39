"""A pretend cloud in one SQLite file: to try the API on, to test clients against, and to copy for a new driver."""

from deltacloud_mock.driver import MockDriver

__all__ = ["MockDriver"]
