"""What failures of Rackspace's cloud mean to a client: what they mean on any OpenStack, under Rackspace's name."""

from deltacloud_images.errors import DeltacloudError
from deltacloud_openstack import errors

TITLE = "Rackspace"
LOGIN_HINT = "The user is the user name of the control panel, the password its API key or password."


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of an error; ``None`` where it is not the cloud's."""
    return errors.translate(error, TITLE, LOGIN_HINT)
