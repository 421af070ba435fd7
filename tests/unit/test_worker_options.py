"""What a worker is told on its command line is what its node registers as."""

import pytest

from workers import machine
from workers.options import parser


def test_tags_and_quarters_of_cores_reach_the_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpus_found", lambda: (("L40S", "L4"), 24 * 2**30))
    told = parser().parse_args(["--tags", "bigdisk, avx512", "--cores", "15.5"])

    spec = machine.describe(
        "n1",
        cores=told.cores,
        memory_bytes=told.memory,
        pool=told.pool,
        blenders=("4.5.15",),
        tags=told.tags,
        cores_kept_per_gpu=told.cores_kept_per_gpu,
    )

    assert (spec.tags, spec.resources.cores, spec.resources.gpus) == (
        ("avx512", "bigdisk"),
        15.5,
        2,
    )
    assert (spec.gpu_memory_bytes, spec.cores_kept_per_gpu) == (24 * 2**30, 1)


@pytest.mark.parametrize("words", [["--cores", "0.3"], ["--cores", "many"], ["--tags", "a b"]])
def test_what_cannot_be_read_is_told_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(words)
    assert repr(words[1]) in capsys.readouterr().err
