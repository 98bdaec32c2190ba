"""What went wrong, in ArcGIS REST's dialect: an error object, as a rule with HTTP status 200."""

from __future__ import annotations

import json

from rendermap.errors import (
    BadRequest,
    Broken,
    Busy,
    CredentialRefused,
    Ended,
    JobFailed,
    NotFound,
    NotReady,
    Refused,
    RendermapError,
    SignIn,
    SignInRequired,
    TooMany,
)

CODES: dict[type[RendermapError], int] = {
    RendermapError: 500,
    BadRequest: 400,
    CredentialRefused: 498,
    SignInRequired: 499,
    NotFound: 404,
    NotReady: 400,
    JobFailed: 400,
    Ended: 404,
    Refused: 400,
    Busy: 503,
    TooMany: 429,
    Broken: 500,
}
"""Error -> code, looked up along the ancestors.  401, 403, 498 and 499 start sign-in dialogs in clients: for nothing but signing in."""

IMAGE_ERROR_BYTES = 750
"""@arcgis/core looks for an error in place of a picture only in bodies up to this size."""

_MESSAGE_CHARS = 300


def code_of(error: RendermapError) -> int:
    """The dialect's code."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def http_status_of(error: RendermapError) -> int:
    """The code as HTTP has it, which knows neither 498 nor 499."""
    return 401 if isinstance(error, SignIn) else code_of(error)


def error_document(error: RendermapError) -> dict[str, object]:
    """The error object: code, message, and every single fault in details."""
    return _document(error, error.sentence, error.details)


def short_error_document(error: RendermapError) -> dict[str, object]:
    """The error object in place of a picture: as much of the sentence, and as many details, as IMAGE_ERROR_BYTES hold."""
    sentence, details = error.sentence[:_MESSAGE_CHARS], error.details
    while details and _is_long(_document(error, sentence, details)):
        details = details[:-1]
    while _is_long(_document(error, sentence, details)):
        sentence = sentence[: len(sentence) // 2]
    return _document(error, sentence, details)


def _is_long(document: dict[str, object]) -> bool:
    return len(json.dumps(document)) > IMAGE_ERROR_BYTES


def _document(error: RendermapError, message: str, details: tuple[str, ...]) -> dict[str, object]:
    return {"error": {"code": code_of(error), "message": message, "details": list(details)}}
