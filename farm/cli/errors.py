"""How a command ends: one plain line on stderr when it fails, and a status that scripts can use.

  0  all is well
  1  it failed, or the farm's state forbids it
  2  the command or the request is wrong: mend it
  3  no such job, frame or node
  4  the service or its store cannot be reached
  5  the job failed                   (`farm jobs wait`, `farm submit --wait`)
  6  the job was cancelled            (the same)
  7  not allowed: the token is missing, has ended or is not for this
124  the time given to wait is over   (the same)
130  Ctrl-C
141  whoever read our output has gone
"""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from farm.model.errors import (
    BadRequest,
    FarmError,
    NotAllowed,
    NotFound,
    ServiceUnavailable,
    StoreUnavailable,
)

OK = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
UNREACHABLE = 4
JOB_FAILED = 5
JOB_CANCELLED = 6
NOT_ALLOWED = 7
TIMEOUT = 124
INTERRUPTED = 130
READER_GONE = 141

DEBUG = "FARM_DEBUG"  #: set in the environment: failures come with their traceback

_CODES: Sequence[tuple[type[FarmError], int]] = (
    (BadRequest, USAGE),
    (NotFound, NOT_FOUND),
    (NotAllowed, NOT_ALLOWED),
    (ServiceUnavailable, UNREACHABLE),
    (StoreUnavailable, UNREACHABLE),
    (FarmError, FAILED),
)


def exit_code(error: FarmError) -> int:
    """The status for `error`, by its place in the error tree."""
    return next(code for kind, code in _CODES if isinstance(error, kind))


def run_command(command: click.Command, arguments: Sequence[str]) -> int:
    """Run `command`; tell what goes wrong in one line; the exit status."""
    try:
        status = command.main(list(arguments), prog_name="farm", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets one line
        return _tell(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status if isinstance(status, int) else OK


def _tell(error: Exception) -> int:
    if os.environ.get(DEBUG):
        traceback.print_exc()
    if isinstance(error, BrokenPipeError):
        # Python would meet the closed pipe once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    line, status = _line(error)
    if line:
        click.echo(f"farm: {' '.join(line.split())}", err=True)
    return status


def _line(error: Exception) -> tuple[str, int]:
    """What to say of `error`, and the status."""
    match error:
        case click.Abort():
            return "", INTERRUPTED
        case click.ClickException():
            return _usage(error), error.exit_code
        case FarmError():
            return str(error), exit_code(error)
        case _:
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return f"unforeseen: {what}; please report what `farm --debug …` says", FAILED


def _usage(error: click.ClickException) -> str:
    """Click's message as one of our lines, with where to read on."""
    message = error.format_message()
    message = message[:1].lower() + message[1:].rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message}; see {context.command_path} --help" if context else message
