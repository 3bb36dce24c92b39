"""Filters, sorting, narrowing and empty lists."""

import pytest
from playwright.sync_api import Page, expect

from deltacloud_images.serializers import listing
from tests.pages.conftest import Visit
from tests.pages.site import Site


def names(page: Page) -> list[str]:
    return page.locator("tbody tr:not([hidden]) td:first-child > a").all_text_contents()


def test_filters_make_an_address_that_can_be_bookmarked(page: Page, visit: Visit) -> None:
    page.goto("/api/images")
    page.get_by_label("Name", exact=True).fill("img*")
    page.get_by_label("Owner", exact=True).fill("fedoraproject")
    page.get_by_label("Architecture", exact=True).select_option("i386")
    page.get_by_label("State", exact=True).select_option("AVAILABLE")
    page.get_by_role("button", name="Filter").click()
    assert names(page) == ["img2"]
    again = visit(page.url)
    assert names(again) == ["img2"]
    expect(again.get_by_label("Owner", exact=True)).to_have_value("fedoraproject")
    expect(again.get_by_label("Architecture", exact=True)).to_have_value("i386")
    again.get_by_role("link", name="Clear").click()
    assert names(again) == ["img1", "img2", "img3"]
    again.get_by_role("link", name="Only mine").click()
    assert names(again) == ["img3"]


@pytest.mark.parametrize(
    ("heading", "ascending"),
    [
        ("Name", ["img1", "img2", "img3", "Zoo"]),
        ("Description", ["Zoo", "img1", "img2", "img3"]),
        ("Architecture", ["img2", "img3", "img1", "Zoo"]),
        ("Owner", ["Zoo", "img1", "img2", "img3"]),
        ("State", ["img1", "img2", "img3", "Zoo"]),
        ("Created (UTC)", ["img1", "img2", "img3", "Zoo"]),
        ("Id", ["img1", "img2", "img3", "Zoo"]),
    ],
)
def test_sorting_by_each_column_and_back(page: Page, site: Site, heading: str, ascending: list[str]) -> None:
    page.goto("/api/images")
    site.add_image("Zoo", "apes", owner="a", ready=False)
    for direction, order in (("ascending", ascending), ("descending", ascending[::-1])):
        page.get_by_role("columnheader", name=heading).get_by_role("link").click()
        assert names(page) == order
        expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", direction)


def test_sorting_keeps_the_filter_and_filtering_the_order(page: Page) -> None:
    page.goto("/api/images?owner_id=fedoraproject")
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    assert names(page) == ["img2", "img1"]
    page.get_by_label("Owner", exact=True).fill("")
    page.get_by_role("button", name="Filter").click()
    assert names(page) == ["img3", "img2", "img1"]


def test_typing_narrows_the_rows(page: Page) -> None:
    page.goto("/api/images")
    box = page.get_by_label("Narrow the rows shown")
    box.press_sequentially("fedora 386")
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    assert names(page) == ["img2"]
    expect(page.locator("#narrowed")).to_have_text(", 1 shown")
    expect(page.get_by_role("status")).to_have_text("1 rows shown")
    box.fill("")
    expect(page.locator("tbody tr:visible")).to_have_count(3)


def test_without_script_there_is_no_box_that_would_do_nothing(visit: Visit) -> None:
    page = visit("/api/images", java_script_enabled=False)
    expect(page.get_by_label("Narrow the rows shown")).to_be_hidden()


def test_an_empty_list_says_why_and_what_to_do(page: Page, site: Site) -> None:
    page.goto("/api/images?name=img")
    expect(page.get_by_role("heading", name="No image matches")).to_be_visible()
    page.get_by_role("link", name="look for *img*").click()
    assert names(page) == ["img1", "img2", "img3"]
    site.write("DELETE FROM images")
    page.goto("/api/images")
    expect(page.get_by_role("heading", name="There are no images yet")).to_be_visible()
    site.write("DELETE FROM instances")
    page.get_by_role("main").get_by_role("link", name="Create an image").last.click()
    expect(page.get_by_role("heading", name="There is no instance to make an image of")).to_be_visible()
    page.goto("/api/instances")
    expect(page.get_by_role("heading", name="You have no instances yet")).to_be_visible()
    page.goto("/api/instances/new")
    expect(page.get_by_role("heading", name="Choose an image first")).to_be_visible()


def test_more_rows_than_a_browser_bears_are_cut_and_can_be_asked_for(page: Page, site: Site) -> None:
    page.goto("/api/images")
    site.write(
        "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < ?)"
        " INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
        " SELECT 'many' || n, '', 'mockuser', 'x86_64', n, 0 FROM many",
        listing.MAX_ROWS,
    )
    page.goto("/api/images?sort=-created")
    expect(page.locator("tbody tr")).to_have_count(listing.MAX_ROWS)
    assert names(page)[0] == "img3"
    page.locator(".above a", has_text="show all").click()
    expect(page.locator("tbody tr")).to_have_count(listing.MAX_ROWS + 3)


def test_the_other_lists(page: Page) -> None:
    rows = {
        "/api/hardware_profiles": ["m1-small", "m1-large", "m1-xlarge", "opaque"],
        "/api/realms": ["United States", "Europe"],
    }
    for path, expected in rows.items():
        page.goto(path)
        assert names(page) == expected
    page.goto("/api/hardware_profiles/m1-large")
    assert page.locator("dl.facts dd").all_inner_texts() == [
        "m1-large",
        "1 to 6 (1 unless you choose)",
        "7680 to 15360 MB (10240 unless you choose)",
        "850 or 1024 GB (850 unless you choose)",
        "x86_64",
    ]
    page.goto("/api/instance_states")
    assert page.locator("tbody tr").first.inner_text().split() == ["START", "by", "create", "to", "PENDING"]


def test_instances_offer_what_their_state_permits(page: Page, site: Site) -> None:
    site.write("UPDATE instances SET state = 'STOPPED' WHERE id = 'inst2'")
    page.goto("/api/instances?sort=name")
    actions = {
        row.locator("td").first.locator("code").inner_text(): row.locator("td.actions").inner_text().split("\n")
        for row in page.locator("tbody tr").all()
    }
    assert {name: sorted(each.strip() for each in found if each.strip()) for name, found in actions.items()} == {
        "inst0": ["Create image", "Reboot", "Stop"],
        "inst1": ["Create image", "Reboot", "Stop"],
        "inst2": ["Create image", "Start"],
        "inst3": ["Reboot", "Stop"],
    }
    page.locator("tr", has_text="AnotherInstance").get_by_role("button", name="Start").click()
    expect(page.locator(".head .badge")).to_have_text("RUNNING")
