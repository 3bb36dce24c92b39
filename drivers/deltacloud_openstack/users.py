"""The user of HTTP Basic on OpenStack: names or ids of user, project and domains, or an application credential."""

import re
from typing import Any

from deltacloud_images.errors import AuthenticationFailure

APPLICATION_CREDENTIAL = "application_credential_id"
#: The keys of the long form -> keystoneauth's parameters.
_PARAMETERS = {
    "user": "username",
    "user_id": "user_id",
    "user_domain": "user_domain_name",
    "user_domain_id": "user_domain_id",
    "project": "project_name",
    "project_id": "project_id",
    "project_domain": "project_domain_name",
    "project_domain_id": "project_domain_id",
    APPLICATION_CREDENTIAL: APPLICATION_CREDENTIAL,
}
_ESCAPE = re.compile("%(2B|25)", re.IGNORECASE)


def user_fields(text: str, user_domain: str, project_domain: str) -> dict[str, Any]:
    """Return keystoneauth's parameters for a user as it is written in HTTP Basic.

    * ``user``, ``user+project``, ``user@project``, ``user+project+domain`` (of both), or
      ``user+project+user domain+project domain``. ``@`` separates only where there is no ``+``.
    * ``+key=value+key=value...`` with the keys of ``_PARAMETERS``. No name clashes with this form, because keystone has
      no user without a name.

    In both, ``%2B`` stands for ``+`` and ``%25`` for ``%``. The domains, by name, are used where none is written.
    Raises ``AuthenticationFailure`` that lists the keys for an unknown key.
    """
    fields = _long_form(text) if text.startswith("+") and "=" in text else _short_form(text)
    if "username" in fields and "user_domain_id" not in fields:
        fields.setdefault("user_domain_name", user_domain)
    if "project_name" in fields and "project_domain_id" not in fields:
        fields.setdefault("project_domain_name", project_domain)
    return fields


def _short_form(text: str) -> dict[str, Any]:
    if "+" in text:
        user, project, domain, project_domain, *_ = *text.split("+", 3), "", "", ""
    else:
        user, at, project = text.rpartition("@")
        user, project = (user, project) if at and user else (text, "")
        domain = project_domain = ""
    fields: dict[str, Any] = {"username": _plain(user)}
    if domain:
        fields["user_domain_name"] = _plain(domain)
    if project:
        fields["project_name"] = _plain(project)
        if project_domain or domain:
            fields["project_domain_name"] = _plain(project_domain or domain)
    return fields


def _long_form(text: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in text[1:].split("+"))
    try:
        fields: dict[str, Any] = {_PARAMETERS[key]: _plain(value) for key, _, value in pairs}
    except KeyError as error:
        raise AuthenticationFailure(
            f"The user has no key {error}: it is written +key=value+key=value, with {', '.join(_PARAMETERS)}."
        ) from None
    if not {"username", "user_id", APPLICATION_CREDENTIAL} & fields.keys():
        raise AuthenticationFailure("The user names no user, user_id or application_credential_id.")
    return fields


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda escape: "+" if escape[1].upper() == "2B" else "%", text)
