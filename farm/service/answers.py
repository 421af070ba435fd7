"""Every error as one JSON form: `{"error": {"kind": "BadFrames", "message": "one plain line"}}`.

What nobody foresaw is told to the caller as that, and in full in the service's log only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from farm.model import errors
from farm.service.schemas import ErrorOut

#: The status of each branch of the error tree; the first that fits counts.
STATUS: Sequence[tuple[type[errors.FarmError], int]] = (
    (errors.BadRequest, 400),
    (errors.NotAllowed, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.StoreUnavailable, 503),
    (errors.StoreUnfit, 503),
    (errors.ServiceUnavailable, 503),
    (errors.StorageFull, 507),
    (errors.FarmError, 500),
)

_FAULTS = {
    400: "The request is wrong; all its faults are named.",
    401: "No token that counts.",
    403: "The token is not for this.",
    404: "No such job, frame or node.",
    409: "The farm's present state forbids it.",
    413: "The request is too long.",
    503: "The store cannot be reached; try again.",
    507: "The disk for sent files is full.",
}
_FORM = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorOut.__name__}"}}}

#: For the OpenAPI description of every route. One names the model, the rest point to it: FastAPI
#: builds a serializer for each that names one, some hundreds, while the service starts.
DESCRIBED: dict[int | str, dict[str, Any]] = {
    status: {"description": text, **({"model": ErrorOut} if status == 400 else {"content": _FORM})}
    for status, text in _FAULTS.items()
}


class Stranger(errors.NotAllowed):
    """Nobody knows who asks: told as NotAllowed, but 401, where that is 403."""


def answer(status: int, kind: str, message: str) -> JSONResponse:
    """One error as JSON."""
    return JSONResponse({"error": {"kind": kind, "message": message}}, status_code=status)


def install(app: FastAPI) -> None:
    """Make `app` answer every error in this form."""
    app.add_exception_handler(errors.FarmError, _farm_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def of(error: Exception) -> JSONResponse:
    """The answer that tells `error`."""
    if isinstance(error, Stranger):
        told = answer(401, "NotAllowed", str(error))
        told.headers["WWW-Authenticate"] = "Bearer"
        return told
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return answer(status, type(error).__name__, str(error))


def _farm_error(_request: Request, error: Exception) -> JSONResponse:
    return of(error)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    return answer(400, "BadRequest", "; ".join(_fault(fault) for fault in faults))


def _fault(fault: Mapping[str, Any]) -> str:
    """One fault of pydantic's in plain words, with the value that caused it."""
    place = [str(part) for part in fault["loc"] if part not in {"body", "query", "path", "header"}]
    name = ".".join(place) or "the request"
    match fault["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            return f"{name} is not known"
        case "json_invalid":
            return "the request is no valid JSON"
        case _:
            message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
            return f"{name} {fault['input']!r:.80} {message}"


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = {404: "NotFound", 405: "BadRequest"}.get(error.status_code, "BadRequest")
    return answer(error.status_code, kind, f"{request.method} {request.url.path}: {error.detail}")


def unforeseen() -> JSONResponse:
    """The answer to a request that met an error of our own."""
    return answer(500, "FarmError", "the service met an error of its own; its log has the details")
