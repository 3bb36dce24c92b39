"""One caller's session at one provider of Acme."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from deltacloud_acme import convert
from deltacloud_acme.errors import SESSION_EXPIRED, AcmeError
from deltacloud_acme.login import Login
from deltacloud_images.driver import Session
from deltacloud_images.kit import values
from deltacloud_images.kit.pages import Page, listed
from deltacloud_images.kit.pool import Lease
from deltacloud_images.models import Image, ImageFilter

Result = TypeVar("Result")


class AcmeSession(Session):
    """One caller's session."""

    def __init__(self, lease: Lease[Login], user: str) -> None:
        """Take the caller's pooled login, which is opened by the first request."""
        self._lease = lease
        self._user = user

    def close(self) -> None:
        """Give the login back to the pool."""
        self._lease.close()

    def verify(self) -> None:
        """Read the session."""
        self._get("/session")

    def account_id(self) -> str:
        """Return the caller, who owns the caller's images."""
        return self._user

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield all images, page by page; Acme filters by their owner."""
        owner = {"owner": wanted.owner_id} if wanted.owner_id else {}

        def page(token: str) -> Page[Any]:
            document = self._get("/images?" + urlencode({**owner, "page": token}))
            return Page(values.array(document.get("images")), values.text(document.get("next")))

        return values.converted(listed(page), convert.image, "image")

    def image(self, image_id: str) -> Image:
        """Return an image."""
        return values.converted_one(self._get(_path(image_id)), convert.image, "image")

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Destroy an image."""
        self._logged_in(lambda login: login.delete(_path(image_id)))

    def _get(self, path: str) -> dict[str, Any]:
        return self._logged_in(lambda login: login.get(path))

    def _logged_in(self, send: Callable[[Login], Result]) -> Result:
        """Send a request with the caller's login, and once more with a new one if the login has expired."""
        try:
            return send(self._lease.item)
        except AcmeError as error:
            if error.code != SESSION_EXPIRED:
                raise
        return send(self._lease.renew())


def _path(image_id: str) -> str:
    return f"/images/{quote(image_id, safe='')}"
