"""A live server with the mock cloud, and a real Chromium to visit it with."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.pages.chromium import FLAGS, chromium
from tests.pages.site import CREDENTIALS, Site

Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.running(tmp_path_factory.mktemp("pages")) as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Site:
    """The server with a cloud as new."""
    running_site.renew()
    return running_site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=FLAGS) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens pages as a signed-in person; options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", **options: object) -> Page:
        given = {"http_credentials": CREDENTIALS, "base_url": site.url, **options}
        context = browser.new_context(**given)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    """A signed-in person's page, at the start."""
    return visit()
