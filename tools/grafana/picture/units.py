"""Values as Grafana writes them, in the units that the boards use."""

from collections.abc import Callable

_THOUSANDS = ("", " K", " Mil", " Bil", " Tri")
_BINARY = (" B", " KiB", " MiB", " GiB", " TiB", " PiB")
_TIMES = ((86400 * 7, "weeks"), (86400, "days"), (3600, "hours"), (60, "mins"), (1, "s"))


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """`value` in `unit`; without `decimals`, with as many as it needs."""
    how = _UNITS.get(unit)
    return how(value, decimals) if how else _plain(value, decimals)


def _plain(value: float, decimals: int | None) -> str:
    """No more than three digits, where nobody says how many."""
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 100 or value == round(value) else 1 if size >= 10 else 2
    return f"{value:.{decimals}f}"


def _scaled(value: float, step: float, names: tuple[str, ...], decimals: int | None) -> str:
    for name in names[:-1]:
        if abs(value) < step:
            return _plain(value, decimals) + name
        value /= step
    return _plain(value, decimals) + names[-1]


def _percent(value: float, decimals: int | None) -> str:
    return _plain(value * 100, decimals) + "%"


def _short(value: float, decimals: int | None) -> str:
    return _scaled(value, 1000, _THOUSANDS, decimals)


def _time(value: float, decimals: int | None) -> str:
    size = abs(value)
    if size < 1:
        return _plain(value * 1000, decimals) + " ms"
    for seconds, name in _TIMES:
        if size >= seconds:
            return f"{_plain(value / seconds, decimals)} {name}"
    return _plain(value, decimals) + " s"


def _bytes(value: float, decimals: int | None) -> str:
    return _scaled(value, 1024, _BINARY, decimals)


def _rate(value: float, decimals: int | None) -> str:
    return _scaled(value, 1000, tuple(f" {one}B/s" for one in ("", "k", "M", "G", "T")), decimals)


def _metric(unit: str) -> Callable[[float, int | None], str]:
    names = tuple(f" {one}{unit}" for one in ("", "k", "M", "G"))
    return lambda value, decimals: _scaled(value, 1000, names, decimals)


_UNITS: dict[str, Callable[[float, int | None], str]] = {
    "percentunit": _percent,
    "short": _short,
    "s": _time,
    "bytes": _bytes,
    "Bps": _rate,
    "watt": _metric("W"),
    "watth": _metric("Wh"),
    "kwatth": lambda value, decimals: _metric("Wh")(value * 1000, decimals),
    "bool_on_off": lambda value, decimals: "On" if value else "Off",  # noqa: ARG005
}
