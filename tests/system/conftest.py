"""What tests of several modules share: scenes that are made once, and only looked at."""

import sys
from pathlib import Path

import pytest

from tests.corpus.table import Corpus, make_corpus, read_corpus
from tests.lengths import IS_SOAK
from tests.made import made_once
from tests.system.shots import make_shots


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of quick.blend, steady.blend and long.blend."""
    return made_once(tmp_path_factory, "shots", make_shots)


#: One of each way in which files are referred to or the tracers differ; a soak takes every kind.
KINDS = (
    *("image", "packed_image", "unused_image", "image_sequence", "udim_tiles", "uv_tiles"),
    *("clip_sequence", "strip_sound", "ies_in_group", "library", "ocean", "fluid"),
    *("particle_disk_cache", "particle_external_cache", "nodes_import"),
)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Scenes of many kinds, to be looked at and copied."""
    kinds = () if IS_SOAK else KINDS
    folder = made_once(
        tmp_path_factory, "corpus", lambda folder: make_corpus(folder, sys.executable, *kinds)
    )
    return read_corpus(folder, sys.executable)
