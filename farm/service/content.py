"""The content store that this service keeps."""

from typing import Annotated

from fastapi import Depends, Request

from farm.files.content import ContentStore


async def _files(request: Request) -> ContentStore:
    files: ContentStore = request.app.state.files
    return files


#: What a route declares to be given the farm's files.
TheFiles = Annotated[ContentStore, Depends(_files)]
