"""Values of a cloud: what makes no sense is left out or is the cloud's error."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import values, xml
from deltacloud_images.models import Address

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(JSON)
def test_no_value_is_an_error_of_ours(value: Any) -> None:
    assert isinstance(values.text(value), str)
    assert 0 <= values.integer(value) <= values.MAX_INTEGER
    number = values.decimal(value)
    assert number is None or 0 <= number <= values.MAX_INTEGER
    assert isinstance(values.mapping(value), dict)
    assert isinstance(values.array(value), list)
    assert len(values.message(value)) <= values.MAX_MESSAGE
    known = values.time(value)
    assert known is None or known.tzinfo is UTC
    address = values.address(value)
    assert address is None or isinstance(values.is_public(address), bool)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-08-30T00:12:05.000Z", datetime(2024, 8, 30, 0, 12, 5, tzinfo=UTC)),
        ("2024-08-30T02:12:05+02:00", datetime(2024, 8, 30, 0, 12, 5, tzinfo=UTC)),
        ("2024-08-30T00:12:05", datetime(2024, 8, 30, 0, 12, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times(text: str, expected: datetime | None) -> None:
    assert values.time(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12", 12), (12.9, 12), ("9" * 5000, 0), (10**400, 0), (-1, 0), (float("inf"), 0), (float("nan"), 0), (True, 0)],
)
def test_numbers(value: object, expected: int) -> None:
    assert values.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1.7", 1.7), (0, 0.0), ("9" * 400, None), (10**400, None), ("-1", None), ("nan", None), ("", None), (True, None)],
)
def test_decimal_numbers(value: object, expected: float | None) -> None:
    assert values.decimal(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("10.0.0.1", Address("10.0.0.1")), ("fe80::1", Address("fe80::1", "ipv6")), ("unknown", None), ("", None)],
)
def test_addresses(value: str, expected: Address | None) -> None:
    assert values.address(value) == expected


def test_texts_of_a_cloud_are_one_bounded_line() -> None:
    assert values.message("a\r\nb\x1b[31m\u2028c\ud800") == "a b [31m c"
    assert len(values.message("x" * 100_000)) == 500


def test_records_that_cannot_be_read_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    records: list[Any] = [{"id": "a"}, {}, 7, {"id": "b"}]
    assert list(values.converted(records, lambda each: each["id"], "image")) == ["a", "b"]
    assert [each.getMessage() for each in caplog.records] == [
        "The cloud sent 2 malformed records (image), which are left out."
    ]
    with pytest.raises(ProviderError, match="malformed image"):
        values.converted_one(records[1], lambda each: each["id"], "image")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_object_is_the_clouds_error(body: bytes) -> None:
    with pytest.raises(ProviderError, match="JSON"):
        values.json_object(body)


@pytest.mark.parametrize("body", [b'{"a": [' + b"[]," * 1_100_000 + b"0]}", b"<a>" + b"<b/>" * 1_100_000 + b"</a>"])
def test_many_small_values_are_refused_before_they_are_parsed(body: bytes) -> None:
    parse: Any = xml.parse if body.startswith(b"<") else values.json_object
    with pytest.raises(ProviderError, match="1,000,000 values"):
        parse(body)


def test_control_characters_of_one_item_hide_no_other() -> None:
    body = b"<a><b>x&#x1;y&#11;</b><b>p\x02q&#x9;&#xFFFF;&#x1F600;</b></a>"
    assert [each.text for each in xml.parse(body)] == ["xy", "pq\t\U0001f600"]


@pytest.mark.parametrize("body", [b"", b"no", b"<a>", b"<a>&undefined;</b>", b"\x00", b"<a/><b/>"])
def test_what_is_no_xml_is_the_clouds_error(body: bytes) -> None:
    with pytest.raises(ProviderError, match="not XML"):
        xml.parse(body)


def test_entities_read_no_file() -> None:
    body = b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a><b>&f;</b></a>'
    assert [each.text for each in xml.parse(body)] == [None]


def test_entities_do_not_grow() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(ProviderError, match="not XML"):
        xml.parse(f'<!DOCTYPE a [<!ENTITY l0 "ha">{laughs}]><a><b>&l9;</b></a>'.encode())
