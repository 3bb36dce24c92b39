"""Logging in: the token of one account, fetched when it is needed and renewed before it expires."""

import math
import time
from threading import local
from typing import TYPE_CHECKING, Self

from keystoneauth1.access import AccessInfo
from keystoneauth1.exceptions import ClientException, ConnectTimeout
from keystoneauth1.identity import v3
from keystoneauth1.identity.base import BaseIdentityPlugin
from keystoneauth1.session import Session

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.transport import time_left

if TYPE_CHECKING:
    _Plugin = BaseIdentityPlugin
else:
    _Plugin = object


class LoginFailed(Exception):
    """The identity service did not give a token; its cause is keystoneauth's error."""


class Login(_Plugin):
    """Put before one of keystoneauth's plug-ins: safe among threads that renew and invalidate the token at once.

    (The plug-in's own ``get_access`` reads its token again after it has let go of the lock, and waits for the lock
    without end; its ``invalidate`` drops the new token of another thread, or gives up since there is none.)
    """

    #: What each thread has used last: that is what the cloud has refused when the thread invalidates it.
    _used = local()
    #: The token in use and the time, in seconds since 1970, at which it has to be renewed.
    _renewal: tuple[AccessInfo | None, float] = (None, 0.0)

    def get_access(self, session: Session, **_: object) -> AccessInfo:
        """The token in use, or a new one; raises ``LoginFailed``, and ``ConnectTimeout`` if others take too long."""
        access = self.auth_ref
        if access is None or self._ends_soon(access):
            access = self._renewed(session)
        self._used.access = access
        return access

    def invalidate(self) -> bool:
        """Drop the token that this thread has used, unless there is a newer one already; trying again makes sense."""
        if self.auth_ref is self._used.access:
            self.auth_ref = None
        return True

    def _renewed(self, session: Session) -> AccessInfo:
        if not self._lock.acquire(timeout=max(time_left(), 0)):
            raise ConnectTimeout("Another request of this account is still logging in.")
        try:
            access = self.auth_ref
            if access is None or self._ends_soon(access):
                access = self.auth_ref = self._new_access(session)
            return access
        finally:
            self._lock.release()

    def _ends_soon(self, access: AccessInfo) -> bool:
        """As ``will_expire_soon``, which parses the time of expiry at every call."""
        known, renewal = self._renewal
        if known is not access:
            renewal = access.expires.timestamp() - self.MIN_TOKEN_LIFE_SECONDS if access.expires else math.inf
            self._renewal = access, renewal
        return time.time() > renewal

    def _new_access(self, session: Session) -> AccessInfo:
        try:
            access = self.get_auth_ref(session)
        except ClientException as error:
            raise LoginFailed from error
        if access.project_id is None:
            raise AuthenticationFailure("The user has no default project: log in as user+project.")
        return access


class PasswordLogin(Login, v3.Password):
    """Keystone v3, by name and password."""

    @classmethod
    def of(cls, cloud: ProviderSettings, credentials: Credentials) -> Self:
        """The login that the credentials mean at this provider."""
        user, project, domain = split_user(credentials.user)
        return cls(
            cloud.auth_url,
            username=user,
            password=credentials.password,
            user_domain_name=domain or cloud.user_domain,
            project_name=project or None,
            project_domain_name=(domain or cloud.project_domain) if project else None,
        )


def split_user(text: str) -> tuple[str, str, str]:
    """``(user, project, domain)``, empty where not given.

    From ``user``, ``user+project``, ``user+project+domain`` or ``user@project``. ``@`` parts only where there is no
    ``+``: ``joe@example.org+`` and ``joe@example.org+project`` are for names that hold one.
    """
    user, plus, rest = text.partition("+")
    if plus:
        project, _, domain = rest.partition("+")
        return user, project, domain
    user, at, project = text.rpartition("@")
    return (user, project, "") if at and user else (text, "", "")
