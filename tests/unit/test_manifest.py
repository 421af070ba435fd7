"""Manifests: what passes can be kept and laid out, what does not is refused in one line."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from farm.model.errors import BadManifest
from farm.model.manifest import (
    MOST_NAME_BYTES,
    MOST_PATH_BYTES,
    Manifest,
    ManifestEntry,
    check_digest,
    check_path,
)

A, B = "a" * 64, "b" * 64

names = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=40,
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=5).map("/".join)


def an_entry(path: str, digest: str = A, size_bytes: int = 1) -> ManifestEntry:
    return ManifestEntry(path=path, digest=digest, size_bytes=size_bytes)


@given(st.dictionaries(paths, st.integers(0, 1 << 40), max_size=8))
def test_a_manifest_reads_what_it_wrote_and_the_order_of_its_files_does_not_matter(
    files: dict[str, int],
) -> None:
    folders = {path.rpartition("/")[0] for path in files} - {""}
    assume(not any(f"{folder}/".startswith(f"{path}/") for folder in folders for path in files))
    entries = [an_entry(path, size_bytes=size) for path, size in files.items()]
    manifest = Manifest.of(entries)

    assert Manifest.read(manifest.write()) == manifest
    assert Manifest.of(reversed(entries)).write() == manifest.write()
    assert manifest.size_bytes == sum(files.values())


@given(st.text(max_size=60))
def test_a_path_that_passes_stays_inside_the_folder_it_is_put_in(path: str) -> None:
    try:
        check_path(path)
    except BadManifest:
        return

    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert "\0" not in path


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/./b", "a/", "./a"),
        *("a\0b", "a\nb", "a\x7f", "..\\x", "C:\\x", "\udcff.png"),
        "x" * (MOST_NAME_BYTES + 1),
        "/".join(["xx"] * MOST_PATH_BYTES),
        "山" * 86,  # three bytes each
    ],
)
def test_a_path_that_leads_out_or_fits_no_file_system_is_refused(path: str) -> None:
    with pytest.raises(BadManifest):
        check_path(path)


@pytest.mark.parametrize("path", ["纹理/山水_<UDIM>.png", "a b/c#1.exr", "...", "é" * 100, "a/.b"])
def test_names_of_any_script_and_odd_but_honest_ones_pass(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize("digest", ["", "A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 64 + "\n"])
def test_what_is_no_digest_is_refused(digest: str) -> None:
    with pytest.raises(BadManifest):
        check_digest(digest)


@pytest.mark.parametrize(
    "entries",
    [
        [an_entry("a"), an_entry("a", B)],
        [an_entry("a"), an_entry("a/b")],
        [an_entry("a", size_bytes=-1)],
        [an_entry("a", digest="x")],
    ],
)
def test_entries_that_cannot_lie_side_by_side_are_refused(entries: list[ManifestEntry]) -> None:
    with pytest.raises(BadManifest):
        Manifest.of(entries)


@pytest.mark.parametrize(
    "document",
    [
        *("", "[]", "{}", "null", "1", '"x"', "[" * 100_000),
        json.dumps({"version": 2, "files": []}),
        json.dumps({"version": 1, "files": {}}),
        json.dumps({"version": 1, "files": [["a", A]]}),
        json.dumps({"version": 1, "files": [["a", A, True]]}),
        json.dumps({"version": 1, "files": [["a", A, 1.5]]}),
        json.dumps({"version": 1, "files": [[["a"], A, 1]]}),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_line(document: str) -> None:
    with pytest.raises(BadManifest) as caught:
        Manifest.read(document.encode())

    assert "\n" not in str(caught.value)
