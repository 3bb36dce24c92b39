"""Logging in at Rackspace's Identity v2.0: by API key, or by password."""

import re
from collections.abc import MutableMapping

from keystoneauth1.identity import v2

from deltacloud_images.driver import Credentials
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.identity import Login

_API_KEY = re.compile(r"[0-9a-f]{32}")


class ApiKeyLogin(Login, v2.Auth):
    """Keystoneauth's version 2 with Rackspace's extension ``RAX-KSKEY``."""

    def __init__(self, auth_url: str, username: str, api_key: str) -> None:
        """``api_key`` is the one of the account's page in Rackspace's control panel."""
        super().__init__(auth_url)
        self.username = username
        self.api_key = api_key

    def get_auth_data(self, headers: MutableMapping[str, str] | None = None) -> dict[str, object]:
        """The part of the request that holds the credentials."""
        return {"RAX-KSKEY:apiKeyCredentials": {"username": self.username, "apiKey": self.api_key}}


class PasswordLogin(Login, v2.Password):
    """Keystoneauth's version 2, by name and password."""


def login(cloud: ProviderSettings, credentials: Credentials) -> Login:
    """By API key where the password looks like one: 32 hexadecimal digits in lower case."""
    if _API_KEY.fullmatch(credentials.password):
        return ApiKeyLogin(cloud.auth_url, credentials.user, credentials.password)
    return PasswordLogin(cloud.auth_url, credentials.user, credentials.password)
