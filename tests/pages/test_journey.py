"""What a person does, from signing in to deleting an image, with script and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Visit
from tests.pages.site import Site


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(request: pytest.FixtureRequest, visit: Visit) -> Page:
    return visit("/", java_script_enabled=request.param)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def fact(page: Page, name: str) -> str:
    return page.locator(f"dt:text-is('{name}') + dd").inner_text()


def test_create_watch_launch_stop_and_delete(page: Page, site: Site) -> None:
    page.get_by_role("link", name="Open images").click()
    heading(page, "Images")
    page.get_by_role("link", name="Create an image").click()
    page.get_by_label("MockUserInstance").check()
    page.get_by_label("Name", exact=True).fill("my first image")
    page.get_by_label("Description").fill("made in a browser")
    page.get_by_role("button", name="Create image").click()

    heading(page, "my first image")
    expect(page).to_have_url(re.compile(r"/api/images/img4\?watch=yes$"))
    expect(page.locator(".head .badge")).to_have_text("PENDING")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("link", name="Launch")).to_have_count(0)
    assert (fact(page, "Id"), fact(page, "Description"), fact(page, "Owner")) == (
        "img4",
        "made in a browser",
        "mockuser",
    )
    site.finish_images()
    expect(page.get_by_role("main")).to_contain_text("This image is ready", timeout=20_000)
    expect(page.locator(".head .badge")).to_have_text("AVAILABLE")
    expect(page).to_have_title("my first image, AVAILABLE \u2013 Deltacloud images")

    page.get_by_role("link", name="Launch", exact=True).click()
    heading(page, "Launch my first image")
    page.get_by_label("Name", exact=True).fill("my machine")
    page.get_by_label("Hardware profile").select_option("m1-large")
    page.get_by_label("Realm").select_option("eu")
    page.get_by_text("More choices").click()
    page.get_by_label("Memory in MB").fill("8192")
    page.get_by_role("button", name="Launch").click()

    heading(page, "my machine")
    assert fact(page, "Hardware profile") == "m1-large, memory 8192 MB"
    assert (fact(page, "Image"), fact(page, "Realm")) == ("img4", "eu")
    instance_url = page.url.partition("?")[0]
    page.get_by_role("button", name="Stop").click()
    expect(page).to_have_url(instance_url)
    expect(page.locator(".head .badge")).to_have_text("STOPPED")
    page.get_by_text("Destroy instance…").click()
    page.get_by_role("button", name="Yes, destroy instance").click()
    heading(page, "Instances")
    expect(page.get_by_role("link", name="my machine")).to_have_count(0)

    page.get_by_role("link", name="Images", exact=True).first.click()
    page.get_by_role("link", name="my first image").click()
    expect(page.get_by_role("button", name="Yes, delete image")).to_be_hidden()
    page.get_by_text("Delete image…").click()
    page.get_by_role("button", name="Yes, delete image").click()
    expect(page).to_have_url(f"{site.url}/api/images")
    expect(page.locator("tbody tr")).to_have_count(3)
    assert site.write("SELECT id FROM images") == [("img1",), ("img2",), ("img3",)]


def test_an_instances_page_leads_to_its_image(page: Page, site: Site) -> None:
    page.goto("/api/instances")
    page.get_by_role("link", name="AnotherInstance").click()
    page.get_by_role("link", name="Create image").click()
    expect(page.get_by_role("radio")).to_have_count(0)
    page.get_by_role("button", name="Create image").click()
    heading(page, "img4")
    assert site.write("SELECT name, description, owner_id FROM images WHERE id = 'img4'") == [("img4", "", "mockuser")]


def test_only_instances_that_can_be_imaged_are_offered(page: Page) -> None:
    page.goto("/api/images/new")
    offered = [each.is_enabled() for each in page.get_by_role("radio").all()]
    assert offered == [True, True, True, False]
    expect(page.get_by_role("radio").nth(3)).to_have_accessible_description("The mock cloud locks it.")
    page.goto("/api/images/new?instance_id=inst3")
    expect(page.get_by_role("heading", level=2)).to_have_text("No image can be made of this instance now")
    expect(page.get_by_role("main")).to_contain_text("The mock cloud locks it.")
    expect(page.get_by_role("button")).to_have_count(0)


def test_watching_can_be_stopped_and_taken_up_again(page: Page, site: Site) -> None:
    image_id = site.add_image("slow", ready=False)
    page.goto(f"/api/images/{image_id}")
    page.get_by_role("link", name="Stop looking").click()
    assert page.locator("[data-watch], meta[http-equiv=refresh]").count() == 0
    assert "http-equiv" not in page.content()
    page.get_by_role("link", name="Look again, and keep looking").click()
    site.finish_images()
    expect(page.get_by_role("main")).to_contain_text("This image is ready", timeout=20_000)


def test_switching_to_another_cloud_and_back(page: Page, site: Site) -> None:
    chosen = page.locator(".cloud")
    chosen.click()
    heading(page, "Drivers")
    page.get_by_role("link", name="north", exact=True).click()
    heading(page, "Your clouds\u2019 machine images, in one place")
    expect(page).to_have_url(f"{site.url}/api;driver=second;provider=north")
    expect(chosen).to_have_text(re.compile("Second north"))
    expect(page.get_by_role("main")).to_contain_text("Give your access key as the user name")
    expect(page.get_by_role("link", name="Create an image")).to_have_count(0)
    page.get_by_role("link", name="Open images").click()
    expect(page).to_have_url(f"{site.url}/api;driver=second;provider=north/images")
    page.get_by_role("link", name="img1").click()
    expect(page).to_have_url(f"{site.url}/api;driver=second;provider=north/images/img1")
    expect(page.get_by_text("Second has no way to delete images.")).to_be_visible()
    chosen.click()
    expect(page.get_by_role("link", name="north", exact=True)).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Use Mock").click()
    expect(chosen).to_have_text(re.compile("Mock"))


def test_a_password_that_is_told_once_is_shown_once(page: Page) -> None:
    page.goto("/api;driver=second/instances/new?image_id=img1")
    page.get_by_label("Name", exact=True).fill("with a password")
    page.get_by_role("button", name="Launch").click()
    heading(page, "with a password")
    expect(page.get_by_role("main")).to_contain_text("Note this password now")
    assert (fact(page, "User"), fact(page, "Password")) == ("root", "told-only-once")
    page.goto("/api;driver=second/instances")
    page.get_by_role("link", name="with a password").last.click()
    heading(page, "with a password")
    assert "told-only-once" not in page.content()


def test_every_page_tells_how_programs_do_the_same(page: Page) -> None:
    for path, command in {
        "/api/images?owner_id=self": "/api/images?owner_id=self'",
        "/api/images/img3": "/api/images/img3",
        "/api/images/new": "/api/images",
        "/api/instances/inst1": "/api/instances/inst1/stop",
        "/api/instances/new?image_id=img1": "/api/instances",
        "/api/hardware_profiles": "/api/hardware_profiles",
        "/api/realms": "/api/realms",
        "/api/drivers": "/api/drivers",
        "/api/instance_states": "/api/instance_states?format=gv'",
    }.items():
        page.goto(path)
        page.get_by_text("Do the same with curl").click()
        commands = page.locator("pre:visible").all_inner_texts()
        assert any(each.startswith("curl ") and each.endswith(command) for each in commands), (path, commands)


def test_the_same_page_as_xml_and_json(page: Page) -> None:
    page.goto("/api/images?owner_id=self")
    with page.expect_response("**/api/images?owner_id=self&format=json") as answer:
        page.get_by_role("link", name="JSON").click()
    assert [each["id"] for each in answer.value.json()["images"]] == ["img3"]
