"""How a pulse travels. Jobson: USGS WRI 96-4013; tracer data: the Severn, 1 kg of dye."""

from __future__ import annotations

import csv
import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.water.sky import travel
from fenhe.domains.water.sky.forecast import forecasts
from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.domains.water.sky.travel import DISPERSION, Span

SEVERN = SHARED / "data" / "emergency" / "river_tracer_severn.csv"
MASS = 1000.0
T0 = datetime(2026, 5, 1)  # noqa: DTZ001  # civil and naive, like the feed


def severn() -> list[dict[str, float | str]]:
    if not SEVERN.is_file():
        pytest.skip("the Severn tracer data are not here")
    with SEVERN.open(encoding="utf-8") as file:
        return [
            {name: cell if name == "station" else float(cell) for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def ln_rmse(pairs: list[tuple[float, float]]) -> float:
    return math.sqrt(sum(math.log(said / seen) ** 2 for said, seen in pairs) / len(pairs))


def test_jobson_foretells_the_peaks_of_the_severn_untuned() -> None:
    pairs = []
    for row in severn():
        pulse = travel.jobson(MASS, row["discharge_m3_s"], row["peak_time_h"])
        pairs.append((pulse.peak, row["peak_conc_g_m3"]))
    assert ln_rmse(pairs) <= 0.15  # 0.138 over all seven stations, the mixing zone included


@pytest.mark.parametrize("name", sorted(DISPERSION))
def test_plain_dispersion_stays_beside_it_and_is_worse(name: str) -> None:
    """The reference reports 0.44 to 0.60 for these formulas."""
    pairs = []
    for row in severn():
        shear = travel.shear_velocity(row["reach_slope"], row["reach_depth_m"])
        speed = row["distance_km"] / row["peak_time_h"] / 3.6
        spread = DISPERSION[name](row["reach_width_m"], row["reach_depth_m"], speed, shear)
        pulse = travel.dispersed(MASS, row["discharge_m3_s"], row["distance_km"], speed, spread)
        pairs.append((pulse.peak, row["peak_conc_g_m3"]))
    assert 0.2 < ln_rmse(pairs) < 1.2


def test_the_unit_peak_at_one_hour_is_857() -> None:
    assert travel.unit_peak(1.0) == 857.0
    assert travel.unit_peak(10.0) == pytest.approx(857 * 10**-0.76)
    assert travel.unit_peak(10.0, 0.5) == pytest.approx(857 * 10 ** (-0.76 * 0.5**-0.079))


def test_jobsons_triangle_holds_the_mass() -> None:
    pulse = travel.jobson(5000.0, 10.0, 6.0)
    carried = pulse.peak * 10.0 * (pulse.trailing - pulse.leading) * 3600 / 2
    assert carried == pytest.approx(5000.0)


@given(
    speed=st.floats(0.1, 2),
    spread=st.floats(1, 200),
    km=st.floats(0.5, 50),
    area=st.floats(1, 500),
)
def test_no_mass_is_lost_or_made(speed: float, spread: float, km: float, area: float) -> None:
    """At any moment, mass over all space is what was let go; at decay it fades as e^-kt."""
    hours = km * 1000 / speed / 3600
    width = math.sqrt(2 * spread * hours * 3600) / 1000
    places = np.linspace(km - 12 * width, km + 12 * width, 4001)
    moment = np.array([hours])
    for decay in (0.0, 0.7):
        found = [
            travel.concentration(moment, float(x), 1e6, area, speed, spread, decay)[0]
            for x in places[:: 1 if decay == 0 else 4]
        ]
        step = (places[1] - places[0]) * (1 if decay == 0 else 4) * 1000
        total = sum(found) * step * area
        assert total == pytest.approx(1e6 * math.exp(-decay * hours / 24), rel=1e-6)
        assert min(found) >= 0


def test_the_peak_of_dispersion_is_the_highest_moment() -> None:
    pulse = travel.dispersed(1000.0, 8.0, 5.0, 0.5, 20.0)
    hours = np.linspace(0.5, 8, 20_001)
    curve = travel.concentration(hours, 5.0, 1000.0, 16.0, 0.5, 20.0)
    assert pulse.peak == pytest.approx(curve.max(), rel=1e-7)
    assert pulse.peak_time == pytest.approx(hours[curve.argmax()], abs=1e-3)
    over = hours[curve >= curve.max() / 10]
    assert pulse.leading == pytest.approx(over[0], abs=1e-3)
    assert pulse.trailing == pytest.approx(over[-1], abs=1e-3)


def test_velocity_from_what_is_known() -> None:
    assert travel.velocity(Reach("a", "h", "m", 1, width=10, depth=1, discharge=5)) == 0.5
    manning = travel.velocity(Reach("a", "h", "m", 1, slope=0.001, depth=1))
    assert manning == pytest.approx(math.sqrt(0.001) / 0.035)
    assert travel.velocity(Reach("a", "h", "m", 1)) == travel.PLAIN_VELOCITY


STEM = River.of(
    [Reach(f"r{k}", f"n{k}", f"n{k + 1}", 10.0, slope=0.001, width=20, depth=1, discharge=8)
     for k in range(4)]
)  # fmt: skip


def test_a_pulse_arrives_later_lower_and_longer_downstream() -> None:
    hours = [T0 + timedelta(hours=4 * k) for k in range(4)]
    near, far = forecasts(
        STEM, Place("r0", 5), {"far": Place("r3", 5), "near": Place("r1", 5), "up": Place("r0", 1)},
        hours, [0.0, 3.0, 1.0, 0.0],
    )  # fmt: skip
    assert (near.target, far.target) == ("near", "far")
    assert near.peak.early < near.peak.probable < near.peak.late
    assert near.peak.probable < far.peak.probable
    assert 3.0 > near.jobson > far.jobson > 0
    assert 3.0 > near.dispersed > far.dispersed > 0
    assert near.spread >= 1
    lasted = [one.end.probable - one.arrival.probable for one in (near, far)]
    assert lasted[0] < lasted[1]


def test_what_is_carried_on_keeps_its_load_and_decays() -> None:
    hours = [T0, T0 + timedelta(hours=12)]
    target = {"x": Place("r2", 0)}
    (plain,) = forecasts(STEM, Place("r0", 0), target, hours, [2.0, 2.0])
    (decayed,) = forecasts(STEM, Place("r0", 0), target, hours, [2.0, 2.0], decay=2.0)
    assert decayed.jobson < plain.jobson <= 2.0 + 1e-12
    (learnt,) = forecasts(
        STEM, Place("r0", 0), target, hours, [2.0, 2.0], calibrated={"x": Span(36, 40, 44)}
    )
    assert T0 + timedelta(hours=36) < learnt.peak.probable < T0 + timedelta(hours=56)
