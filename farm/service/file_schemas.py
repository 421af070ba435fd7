"""What goes over HTTP about files: which the farm lacks, what was kept, what was collected."""

from pydantic import Field

from farm.model.manifest import MOST_FILE_BYTES
from farm.service.schemas import In, Out

MOST_ASKED = 10_000
USUAL_KEEP_DAYS = 30.0


class FileIn(In):
    digest: str = Field(description="BLAKE3, 256 bits, 64 digits 0-9 a-f.")
    size_bytes: int = Field(ge=0, le=MOST_FILE_BYTES)


class MissingIn(In):
    files: list[FileIn] = Field(max_length=MOST_ASKED)


class MissingFile(Out):
    digest: str
    offset: int = Field(description="How many of its bytes the farm has: send it from there on.")


class MissingOut(Out):
    missing: list[MissingFile] = Field(description="Each once, in the order they were asked for.")


class FileOut(Out):
    digest: str
    size_bytes: int


class PackOut(Out):
    stored: int = Field(description="How many files were kept.")


class CollectIn(In):
    dry_run: bool = Field(False, description="Only tell what would go.")
    keep_days: float = Field(
        USUAL_KEEP_DAYS, ge=0, le=36_500, description="Of ended jobs, since they ended."
    )


class CollectOut(Out):
    files: int = Field(description="How many went, or would go.")
    bytes: int
    kept_files: int
    kept_bytes: int
    parts: int = Field(description="Uploads that nobody went on with for a week.")
