"""What is told beside a bucket fits into what OpenMetrics takes, and always names the job."""

from hypothesis import given
from hypothesis import strategies as st

from farm.exporter.families import MOST_LABEL_CHARACTERS, as_exemplar
from farm.model.frames import MAX_FRAME
from farm.model.names import MAX_NAME_CHARACTERS
from farm.model.usage import Exemplar
from farm.store.counters import HISTOGRAMS, bucket_at, counter_tables

names = st.integers(1, MAX_NAME_CHARACTERS).map(lambda length: "ä" * length)
exemplars = st.builds(
    Exemplar,
    job=st.integers(1, 10**15).map(str),
    layer=names,
    frame=st.none() | st.integers(-MAX_FRAME, MAX_FRAME),
    node=names,
    value=st.floats(0, 1e12),
    at=st.floats(0, 1e10),
)


@given(exemplars)
def test_an_exemplar_is_never_too_long_and_always_leads_to_the_job(one: Exemplar) -> None:
    told = as_exemplar(one)

    labels = {"job_id": one.job, "frame": str(one.frame), "layer": one.layer, "node": one.node}
    assert sum(map(len, (*told.labels, *told.labels.values()))) <= MOST_LABEL_CHARACTERS
    assert told.labels.items() <= labels.items()
    assert told.labels["job_id"] == one.job
    assert ("frame" in told.labels) == (one.frame is not None)
    if len(one.layer) + len(one.node) <= MAX_NAME_CHARACTERS:
        assert {"layer", "node"} <= set(told.labels)
    assert (told.value, told.timestamp) == (one.value, one.at)


def test_a_bucket_is_found_by_the_place_that_the_steps_have_for_it() -> None:
    tables = counter_tables()
    for name, buckets in HISTOGRAMS.items():
        line = next(line for line in tables.splitlines() if line.startswith(f"  {name} = "))
        places = line.partition("sum = ")[2].rstrip("},").split(", ")[1:]

        assert len(places) == len(buckets.bounds) + 1
        assert [bucket_at(place.strip("'")) for place in places] == [
            (name, number) for number in range(len(places))
        ]
