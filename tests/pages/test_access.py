"""Everybody can use the pages: axe finds nothing, the keyboard suffices, 320 pixels suffice, tables stay tables."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deltacloud_images.testing import eventually
from tests.pages.conftest import Visit
from tests.pages.places import PLACES
from tests.pages.site import Site

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
_RUN = "() => axe.run({resultTypes: ['violations']})"
_FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const label = element.labels?.[0]?.innerText ?? element.innerText ?? "";
  return [label.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
}"""


@pytest.fixture
def furnished(site: Site) -> Site:
    """A cloud with something in every state."""
    site.add_image("web-server", "nginx, as of Tuesday", ready=False)
    site.add_image("theirs", "of another account", owner="other")
    site.write("UPDATE instances SET state = 'STOPPED' WHERE id = 'inst2'")
    return site


def violations(page: Page) -> list[tuple[str, str]]:
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(_RUN)
    return [(each["id"], node["html"]) for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(furnished: Site, visit: Visit, scheme: str) -> None:
    page = visit("/", color_scheme=scheme)
    for path in PLACES.values():
        page.goto(path)
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert violations(page) == [], path


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/x\"><input>'")
    assert {rule for rule, _ in violations(page)} >= {"image-alt", "label"}


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_page_has_to_be_scrolled_sideways(furnished: Site, visit: Visit, width: int) -> None:
    page = visit("/", viewport={"width": width, "height": 700})
    for path in PLACES.values():
        page.goto(path)
        page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_long_texts_break(furnished: Site, visit: Visit) -> None:
    furnished.write("UPDATE images SET name = ?, description = ?, owner_id = ?", "n" * 200, "d" * 900, "o" * 300)
    furnished.write("UPDATE instances SET name = ?", "n" * 200)
    page = visit("/", viewport={"width": 320, "height": 700})
    for path in PLACES.values():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_every_page_has_its_landmarks_and_one_heading(furnished: Site, visit: Visit) -> None:
    page = visit("/")
    titles = set()
    for path in PLACES.values():
        page.goto(path)
        for role in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(role)).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        titles.add(page.title())
    assert len(titles) >= len(PLACES) - 6  # some places are the same page in another state


@pytest.mark.parametrize("width", [320, 1280])
def test_tables_are_tables_to_a_screen_reader(furnished: Site, visit: Visit, width: int) -> None:
    page = visit("/api/images", viewport={"width": width, "height": 3000})
    session = page.context.new_cdp_session(page)
    expected = {"table": 1, "columnheader": 7, "row": 6, "cell": 5 * 7 - (0 if width > 1000 else _empty_cells(page))}
    found: dict[str, int] = {}

    def is_complete() -> bool:
        """Chromium builds the tree after the page."""
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
        found.update({role: roles.count(role) for role in expected})
        return found == expected

    assert eventually(is_complete, within_seconds=10), found


def _empty_cells(page: Page) -> int:
    """Narrow screens leave out what is empty."""
    return page.locator("td:empty").count()


def tab_to(page: Page, label: str) -> None:
    """Press Tab until that is focused, which has to be seen on each step."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused, visible = page.evaluate(_FOCUSED)
        assert visible, focused
        if focused == label:
            return
    pytest.fail(f"the keyboard does not reach {label}")


def test_the_keyboard_alone_creates_launches_and_deletes(page: Page, site: Site) -> None:
    press = page.keyboard.press
    tab_to(page, "Skip to the content")
    press("Enter")
    tab_to(page, "Create an image")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Create an image")
    page.keyboard.press("Tab")
    tab_to(page, "Mock Instance With Profile Change inst0 RUNNING")
    press("ArrowDown")
    tab_to(page, "Name")
    page.keyboard.type("typed")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("typed")
    tab_to(page, "Stop looking")
    site.finish_images()
    expect(page.get_by_role("main")).to_contain_text("This image is ready", timeout=20_000)
    expect(page.get_by_role("status")).to_have_text("This image is ready: it can be launched now.")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "Launch")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Launch typed")
    tab_to(page, "Hardware profile")
    press("ArrowDown")
    tab_to(page, "Launch")
    press("Enter")
    expect(page.locator(".head .badge")).to_have_text("RUNNING")
    assert site.write("SELECT image_id, profile_id FROM instances WHERE id = 'inst4'") == [("img4", "m1-small")]
    page.goto("/api/images/img4")
    tab_to(page, "Delete image…")
    press("Enter")
    tab_to(page, "Yes, delete image")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Images")
    assert site.write("SELECT id FROM images WHERE name = 'typed'") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_screenshots(furnished: Site, visit: Visit, pytestconfig: pytest.Config, width: int, scheme: str) -> None:
    """For a person to look at: build/screens."""
    folder = pytestconfig.rootpath / "build" / "screens"
    page = visit("/", viewport={"width": width, "height": 800}, color_scheme=scheme)
    for name, path in PLACES.items():
        page.goto(path)
        picture = page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
        assert len(picture) > 5000
