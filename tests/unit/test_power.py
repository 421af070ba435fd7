"""What a machine draws: counters that go round, a driver that restarts, a stated line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pynvml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.errors import BadRequest
from workers.power.gpus import Gpus
from workers.power.meter import CpuSeconds, Meter
from workers.power.model import WattsModel, read_watts
from workers.power.rapl import Rapl, used_between

RANGE_UJ = 262_143_328_850  #: as a server's package tells


def a_zone(root: Path, zone: str, name: str, energy_uj: int, range_uj: int = RANGE_UJ) -> Path:
    folder = root / zone
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    count(folder, energy_uj)
    return folder


def count(folder: Path, energy_uj: int) -> None:
    (folder / "energy_uj").write_text(f"{energy_uj}\n")


def test_packages_and_memory_count_and_their_parts_do_not(tmp_path: Path) -> None:
    zones = [
        a_zone(tmp_path, zone, name, 1_000_000)
        for zone, name in (
            ("intel-rapl:0", "package-0"),
            ("intel-rapl:0:0", "core"),
            ("intel-rapl:0:1", "dram"),
            ("intel-rapl:1", "psys"),
            ("intel-rapl-mmio:0", "package-0"),
        )
    ]
    (tmp_path / "intel-rapl").mkdir()  # the driver itself, which counts nothing
    rapl = Rapl(tmp_path)

    for zone in zones:
        count(zone, 8_000_000)

    assert rapl.is_there
    assert rapl.by_zone() == {"intel-rapl:0": 7.0, "intel-rapl:0:1": 7.0}
    assert rapl.joules() == 14.0


def test_a_counter_that_goes_round_goes_on(tmp_path: Path) -> None:
    zone = a_zone(tmp_path, "intel-rapl:0", "package-0", RANGE_UJ - 2_000_000)
    rapl = Rapl(tmp_path)

    count(zone, 2_999_999)

    assert rapl.joules() == 5.0
    count(zone, 3_999_999)
    assert rapl.joules() == 6.0


@given(
    st.integers(1, 10**6).flatmap(
        lambda range_uj: st.tuples(
            st.just(range_uj),
            st.integers(0, range_uj),
            st.lists(st.integers(0, range_uj), max_size=20),
        )
    )
)
def test_rounds_are_counted_exactly_when_each_is_looked_at(
    told: tuple[int, int, list[int]],
) -> None:
    range_uj, last, steps = told
    total = 0
    for step in steps:
        now = (last + step) % (range_uj + 1)
        total += used_between(last, now, range_uj)
        last = now

    assert total == sum(steps)


def test_a_zone_that_is_for_root_only_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = a_zone(tmp_path, "intel-rapl:0", "package-0", 5)
    folder.joinpath("energy_uj").chmod(0)
    read = Path.read_text

    def as_another(self: Path, *words: Any, **named: Any) -> str:
        if self.exists() and not self.stat().st_mode & 0o444:  # root reads everything
            raise PermissionError(13, "Permission denied", str(self))
        return read(self, *words, **named)

    monkeypatch.setattr(Path, "read_text", as_another)
    rapl = Rapl(tmp_path)

    assert not rapl.is_there
    assert rapl.why_not == f"{folder}/energy_uj may be read by root only"
    assert rapl.joules() == 0


def test_a_machine_without_powercap_says_so(tmp_path: Path) -> None:
    rapl = Rapl(tmp_path / "none")

    assert not rapl.is_there
    assert "no RAPL zone" in rapl.why_not


def test_a_zone_that_can_be_read_no_more_stands_still(tmp_path: Path) -> None:
    zone = a_zone(tmp_path, "intel-rapl:0", "package-0", 0)
    rapl = Rapl(tmp_path)
    count(zone, 3_000_000)
    assert rapl.joules() == 3.0
    (zone / "energy_uj").unlink()

    assert rapl.joules() == 3.0


@dataclass
class Driver:
    """What NVML answers for one GPU; a missing answer is one that it does not support."""

    answers: dict[str, Any]

    def ask(self, name: str) -> Callable[[object], Any]:
        def answer(_handle: object) -> Any:
            if name not in self.answers:
                raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
            return self.answers[name]

        return answer


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    made = Driver({})
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 1)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    for name in ("UtilizationRates", "MemoryInfo", "PowerUsage", "TotalEnergyConsumption"):
        monkeypatch.setattr(pynvml, f"nvmlDeviceGet{name}", made.ask(name))
    return made


def test_a_gpu_that_counts_is_believed_and_one_whose_driver_restarts_goes_on(
    driver: Driver,
) -> None:
    gpus = Gpus()
    told = []
    for count_mj in (5_000, 7_500, 1_000, 1_500):
        driver.answers["TotalEnergyConsumption"] = count_mj
        told.append(gpus.look()[0].joules)

    assert told == [0.0, 2.5, 3.5, 4.0]


def test_a_gpu_that_tells_only_its_power_is_summed_over_time(driver: Driver) -> None:
    driver.answers["PowerUsage"] = 250_000
    times = iter((10.0, 12.0, 11.0))
    gpus = Gpus(clock=lambda: next(times))

    told = [gpus.look()[0].joules for _ in range(3)]

    assert told == [0.0, 500.0, 500.0]
    assert gpus._handles == [0]


def test_a_gpu_that_tells_nothing_is_there_all_the_same(driver: Driver) -> None:
    state = Gpus().look()[0]

    assert (state.index, state.joules, state.watts, state.busy_ratio) == (0, None, None, None)


class Machine:
    """Time and cores that a test moves."""

    def __init__(self) -> None:
        self.now, self.used, self.idle = 0.0, 0.0, 0.0

    def run(self, seconds: float, *, used_ratio: float, cores: int = 4) -> None:
        self.now += seconds
        self.used += seconds * cores * used_ratio
        self.idle += seconds * cores * (1 - used_ratio)

    def meter(self, root: Path, model: WattsModel | None) -> Meter:
        return Meter(
            rapl=Rapl(root),
            gpus=Gpus(),
            model=model,
            clock=lambda: self.now,
            cpu=lambda: CpuSeconds(used=self.used, idle=self.idle),
        )


MODEL = WattsModel(idle_watts=100, full_watts=400)


def test_without_counters_the_model_counts_by_the_cores_in_use(tmp_path: Path) -> None:
    machine = Machine()
    meter = machine.meter(tmp_path, MODEL)

    machine.run(10, used_ratio=0.0)
    idle = meter.read()
    machine.run(10, used_ratio=0.5)
    half = meter.read()

    assert idle.joules == {"model": pytest.approx(1000)}
    assert half.joules == {"model": pytest.approx(3500)}
    assert half.watts == {"model": pytest.approx(250)}
    assert (half.source, half.millijoules) == ("model", 3_500_000)
    assert idle.meter == half.meter != machine.meter(tmp_path, MODEL).read().meter


def test_what_is_measured_goes_before_the_model(tmp_path: Path, driver: Driver) -> None:
    zone = a_zone(tmp_path, "intel-rapl:0", "package-0", 0)
    driver.answers["TotalEnergyConsumption"] = 0
    machine = Machine()
    meter = machine.meter(tmp_path, MODEL)
    machine.run(4, used_ratio=1.0)
    meter.read()

    count(zone, 800_000_000)
    driver.answers["TotalEnergyConsumption"] = 300_000
    machine.run(4, used_ratio=1.0)
    energy = meter.read()

    assert energy.joules == {"rapl": 800.0, "nvml": 300.0}
    assert energy.watts == {"rapl": 200.0, "nvml": 75.0}
    assert energy.source == "rapl+nvml"
    assert meter.tells == "energy is counted by rapl+nvml"


def test_a_machine_that_counts_nothing_says_why_and_tells_no_joules(tmp_path: Path) -> None:
    machine = Machine()
    meter = machine.meter(tmp_path, None)
    machine.run(10, used_ratio=1.0)

    energy = meter.read()

    assert (energy.source, energy.millijoules, dict(energy.watts)) == ("", 0, {})
    assert meter.tells.startswith("no energy of processors is counted: the system tells of no RAPL")


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), max_size=20))
def test_a_meter_never_goes_back(tmp_path_factory: Any, steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    meter = machine.meter(Path("/nowhere"), MODEL)
    told = [meter.read().millijoules]
    for seconds, ratio in steps:
        machine.run(seconds, used_ratio=ratio)
        told.append(meter.read().millijoules)

    assert told == sorted(told)


@pytest.mark.parametrize(
    ("text", "expected"), [("95,420", (95, 420)), ("0,0", (0, 0)), (" 80.5 , 300 ", (80.5, 300))]
)
def test_a_model_is_read_as_people_write_it(text: str, expected: tuple[float, float]) -> None:
    read = read_watts(text)

    assert (read.idle_watts, read.full_watts) == expected


@pytest.mark.parametrize("text", ["", "95", "95,420,7", "a,b", "400,95", "-1,5", "nan,5", "1,inf"])
def test_a_model_that_is_none_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadRequest, match=r"write IDLE,FULL|IDLE is 0 or more"):
        read_watts(text)
