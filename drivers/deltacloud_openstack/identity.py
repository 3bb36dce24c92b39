"""Logging in: the token of one account, renewed before it expires, and the ways to write who the user is."""

import math
import time
from threading import local
from typing import TYPE_CHECKING

from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure, ProviderError
from deltacloud_images.kit.deadline import current
from deltacloud_images.kit.values import DATA_ERRORS
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.users import APPLICATION_CREDENTIAL, user_fields

if TYPE_CHECKING:
    _Plugin = BaseIdentityPlugin
else:
    _Plugin = object


class LoginFailed(Exception):
    """The identity service gave no token; the cause is keystoneauth's error."""


class Login(_Plugin):
    """Mixin for keystoneauth's plug-ins that makes token renewal thread-safe and bounded by the deadline in force.

    (The plug-in's own ``get_access`` waits for its lock without a limit and reads the token again after it has released
    the lock; its ``invalidate`` drops the new token of another thread.)
    """

    #: The token that each thread has used last: the cloud has refused that one when the thread invalidates it.
    _used = local()
    #: When the token in use has to be renewed, in seconds since 1970.
    _renew_at = 0.0

    def get_access(self, session: Session, **_: object) -> AccessInfo:
        """Return the token in use, or a new one; raise ``LoginFailed``, or ``ProviderTimeout`` by the deadline."""
        access = self.auth_ref
        if access is None or time.time() > self._renew_at:
            access = self._renewed(session)
        self._used.access = access
        return access

    def invalidate(self) -> bool:
        """Drop the token that this thread has used, unless there is a newer one; return that a retry makes sense."""
        if self.auth_ref is self._used.access:
            self.auth_ref = None
        return True

    def _renewed(self, session: Session) -> AccessInfo:
        current().acquire(self._lock)
        try:
            access = self.auth_ref
            if access is None or time.time() > self._renew_at:
                access = self._new_access(session)
                self.auth_ref = access
            return access
        finally:
            self._lock.release()

    def _new_access(self, session: Session) -> AccessInfo:
        try:
            access = self.get_auth_ref(session)
            project_id, token, expires = access.project_id, access.auth_token, access.expires
            self._renew_at = expires.timestamp() - self.MIN_TOKEN_LIFE_SECONDS if expires else math.inf
        except ClientException as error:
            raise LoginFailed from error
        except (*DATA_ERRORS, RecursionError) as error:
            raise ProviderError("The identity service's token makes no sense.") from error
        if project_id is None:
            raise AuthenticationFailure("The user has no default project: log in as user+project.")
        if (
            not isinstance(project_id, str)
            or not isinstance(token, str)
            or not (token.isascii() and token.isprintable())
        ):
            raise ProviderError("The identity service's token makes no sense.")
        return access


class PasswordLogin(Login, v3.Password):
    """Keystone v3, by password."""


class ApplicationCredentialLogin(Login, v3.ApplicationCredential):
    """Keystone v3, by an application credential, which is for one project."""


def login(cloud: ProviderSettings, credentials: Credentials) -> Login:
    """Return the login that the credentials mean; raise ``AuthenticationFailure`` for a user that is badly written."""
    fields = user_fields(credentials.user, cloud.user_domain, cloud.project_domain)
    if APPLICATION_CREDENTIAL in fields:
        return ApplicationCredentialLogin(
            cloud.auth_url,
            application_credential_id=fields[APPLICATION_CREDENTIAL],
            application_credential_secret=credentials.password,
        )
    return PasswordLogin(cloud.auth_url, credentials.password, **fields)
