"""When jobs will be done, and a production's last one: told from what is measured and planned."""

from collections.abc import Sequence

from fastapi import APIRouter

from farm.model.job import Job
from farm.model.states import JobState
from farm.policy.expected import expected, usual_seconds
from farm.policy.forecast import Forecast, forecast, paces
from farm.service import answers
from farm.service.access import VisibleProduction
from farm.service.link import TheStore
from farm.service.outlook import Outlooks, TheOutlooks
from farm.service.schemas import ProductionForecastOut
from farm.store import Store

router = APIRouter(prefix="/productions", tags=["productions"], responses=answers.DESCRIBED)

_HAVE_LEFT = (JobState.ACTIVE, JobState.PAUSED)
MOST_JOBS = 2000  #: of a production, that are looked at


@router.get("/{production}/forecast", summary="When will all its open jobs be done?")
def production_forecast(
    store: TheStore, outlooks: TheOutlooks, production: VisibleProduction
) -> ProductionForecastOut:
    """The end of the last of its jobs, as far as something tells of them; paused ones do not."""
    found = store.jobs.list(production=production, states=_HAVE_LEFT, limit=MOST_JOBS)
    going = [one.id for one in found if one.state is JobState.ACTIVE]
    known = forecasts_by_id(store, outlooks, going)
    told = [one for one in known.values() if one.eta_seconds is not None]
    last = max(told, key=lambda one: one.eta_seconds or 0.0, default=None)
    return ProductionForecastOut(
        production=production,
        jobs=len(found),
        unknown=len(found) - len(told),
        eta_seconds=last.eta_seconds if last else None,
        eta_early_seconds=max((one.eta_early_seconds or 0.0 for one in told), default=None),
        eta_late_seconds=max((one.eta_late_seconds or 0.0 for one in told), default=None),
        confidence=last.confidence if last else None,
    )


def forecasts_by_id(store: Store, outlooks: Outlooks, ids: Sequence[str]) -> dict[str, Forecast]:
    """When these jobs will be done, by id. Raises StoreUnavailable."""
    jobs = store.jobs.some(ids) if ids else []
    return dict(zip((job.id for job in jobs), forecasts(store, outlooks, jobs), strict=True))


def forecasts(store: Store, outlooks: Outlooks, jobs: Sequence[Job]) -> list[Forecast]:
    """When each of these jobs, read with their layers, will be done. Raises StoreUnavailable."""
    if not jobs:
        return []
    seen = outlooks.plan(store)
    elapsed = store.leases.begun(
        [layer.id for job in jobs for layer in job.layers if layer.counts.running]
    )
    found = []
    for job in jobs:
        usual = usual_seconds(job.production, seen)
        pace = paces(job.layers, elapsed=elapsed, usual_seconds=usual)
        has = any(layer.leases for layer in job.layers)
        to_come = None if has else expected([layer.id for layer in job.layers], seen)
        if to_come is None or job.state is not JobState.ACTIVE:
            found.append(forecast(pace))
        else:
            found.append(
                forecast(
                    pace,
                    expected_slots=to_come.slots,
                    starts_in_seconds=to_come.starts_in_seconds,
                )
            )
    return found
