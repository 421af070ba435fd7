"""Memory and time, as people write and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadRequest
from farm.model.resources import GIB, MIB
from farm.model.sizes import format_energy, format_size, format_span, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8G", 8 * GIB),
        ("8g", 8 * GIB),
        ("8 GiB", 8 * GIB),
        ("8GB", 8 * GIB),
        ("512M", 512 * MIB),
        ("1.5G", 1536 * MIB),
        ("1024K", MIB),
        ("1T", 1024 * GIB),
        ("1073741824", GIB),
        ("0", 0),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "lots", "8X", "8GG", "1e9", "8,5G", "0x10", "²G", "nan"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadRequest, match="cannot be read; write 8G or 512M"):
        parse_size(text)


def test_a_negative_size_is_refused_by_its_name() -> None:
    with pytest.raises(BadRequest, match="memory '-8G': it cannot be negative"):
        parse_size("-8G")


def test_a_size_that_no_machine_has_is_refused() -> None:
    with pytest.raises(BadRequest, match="more than any machine has"):
        parse_size("9999999T")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (8 * GIB, "8 GiB"),
        (2048 * GIB, "2 TiB"),
    ],
)
def test_a_size_is_shown_in_the_largest_unit_that_leaves_one(size: int, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(min_value=0, max_value=1024).map(lambda n: n * GIB))
def test_a_size_in_whole_gibibytes_is_read_back_as_it_was_shown(size: int) -> None:
    shown = format_size(size).removesuffix(" B")

    assert abs(parse_size(shown) - size) <= size // 10


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599.9, "1 h 00 min"),
        (7620, "2 h 07 min"),
        (4 * 86_400 + 3 * 3600, "4 d 03 h"),
    ],
)
def test_a_span_is_shown_in_two_units_at_most(seconds: float, text: str) -> None:
    assert format_span(seconds) == text


@pytest.mark.parametrize(
    ("joules", "text"),
    [(0, "0 Wh"), (900, "0.2 Wh"), (3_600_000, "1 kWh"), (3_599_999, "1 kWh"), (4.5e12, "1.2 GWh")],
)
def test_energy_is_shown_as_a_meter_shows_it(joules: float, text: str) -> None:
    assert format_energy(joules) == text
