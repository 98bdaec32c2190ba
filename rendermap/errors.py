"""The words for what can go wrong, one class each, in one tree.

RendermapError
    BadRequest          the question is wrong
        InvalidParameter    InvalidBbox    InvalidCrs    InvalidSize
        InvalidFormat       InvalidLayer   InvalidFilter      InvalidExpression
    SignIn              nobody may ask like this
        SignInRequired      CredentialRefused
    NotFound            there is no such thing, or it is not for you: the two must look alike
        ServiceNotFound     JobNotFound    LayerNotFound    ResultNotFound    TileOutside
    NotReady            the job is still running
    JobFailed           the job ended without results
    Ended               the job's life is over
    Refused             understood, and not done
        TooCostly           NotSupported
    Busy                try again later
        TooMany             more at once, or more in an hour, than one client may have
    Broken              our side, or the dataset's
        JobUnreadable       the job's document cannot be understood
        SourceRefused       the dataset may not be drawn
        SourceUnreadable    no reader can draw the dataset
        StyleInvalid        the layer file cannot be understood
        RenderFailed        RenderCrashed   RenderTimeout

Every class has a stable ``code`` and a ``sentence`` that is safe for strangers: it never holds a path, a field name or SQL.
What an operator needs to know goes into ``reason``, which is logged and never sent.
"""

from __future__ import annotations

from collections.abc import Sequence


class RendermapError(Exception):
    """Root of the tree.

    sentence: said to the client.  details: further safe sentences, one per fault.
    reason: for the operator's log only; may name paths.
    """

    sentence = "The request could not be served."

    def __init__(self, sentence: str | None = None, *, details: tuple[str, ...] = (), reason: str | None = None) -> None:
        self.sentence = sentence or type(self).sentence
        self.details = details
        self.reason = reason
        super().__init__(self.sentence)

    @property
    def code(self) -> str:
        """The stable word for this error: its class name."""
        return type(self).__name__

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.sentence, self.details, self.reason, self.__dict__)


def _rebuild(
    kind: type[RendermapError], sentence: str, details: tuple[str, ...], reason: str | None, extra: dict[str, object]
) -> RendermapError:
    error = kind(sentence, details=details, reason=reason)
    error.__dict__.update(extra)
    return error


class BadRequest(RendermapError):
    sentence = "Invalid or missing input parameters."

    @property
    def faults(self) -> tuple[str, ...]:
        """All that is wrong, a sentence each."""
        return self.details or (self.sentence,)


def joined(faults: Sequence[BadRequest]) -> BadRequest:
    """The one fault, or all of them as one."""
    return faults[0] if len(faults) == 1 else BadRequest(details=tuple(words for fault in faults for words in fault.faults))


class InvalidParameter(BadRequest):
    pass


class InvalidBbox(BadRequest):
    sentence = "The bounding box must be four finite numbers that span an area."


class InvalidCrs(BadRequest):
    sentence = "The coordinate reference system is not known."


class InvalidSize(BadRequest):
    sentence = "The size must be two positive whole numbers within the service's limits."


class InvalidFormat(BadRequest):
    sentence = "The output format is not supported."


class InvalidFilter(BadRequest):
    sentence = "The filter expression cannot be understood."


class InvalidExpression(BadRequest):
    sentence = "The expression cannot be understood."


class InvalidLayer(BadRequest):
    sentence = "The layer list cannot be understood."


class SignIn(RendermapError):
    """Told before anything is looked up, so that it says nothing about what there is."""


class SignInRequired(SignIn):
    sentence = "Sign in first."


class CredentialRefused(SignIn):
    sentence = "The token is not valid."


class NotFound(RendermapError):
    """refusal: why it is not for who asked, where there is such a thing; for the audit log alone."""

    sentence = "There is no such resource."

    def __init__(self, sentence: str | None = None, *, refusal: str = "", **kwargs: object) -> None:
        super().__init__(sentence, **kwargs)  # type: ignore[arg-type]
        self.refusal = refusal


class ServiceNotFound(NotFound):
    sentence = "There is no such service."


class JobNotFound(NotFound):
    sentence = "There is no such job."


class LayerNotFound(NotFound):
    sentence = "There is no such layer."


class ResultNotFound(NotFound):
    sentence = "There is no such parameter in this job."


class TileOutside(NotFound):
    sentence = "There is no such tile."


class NotReady(RendermapError):
    """status: the job's own word, such as ``executing``."""

    sentence = "The job has not finished yet."

    def __init__(self, sentence: str | None = None, *, status: str = "executing", **kwargs: object) -> None:
        super().__init__(sentence, **kwargs)  # type: ignore[arg-type]
        self.status = status


class JobFailed(RendermapError):
    sentence = "The job failed and has no map."


class Ended(RendermapError):
    """owner, is_private: as the job had them."""

    sentence = "The job has ended and its results have been removed."

    def __init__(self, sentence: str | None = None, *, owner: str | None = None, is_private: bool = False, **kwargs: object) -> None:
        super().__init__(sentence, **kwargs)  # type: ignore[arg-type]
        self.owner = owner
        self.is_private = is_private


class Refused(RendermapError):
    sentence = "The request is not allowed."


class TooCostly(Refused):
    sentence = "The request asks for more than the service draws at once."


class NotSupported(Refused):
    sentence = "Requested operation is not supported by this service."


class Busy(RendermapError):
    """retry_after_s: when it makes sense to ask again, in seconds."""

    sentence = "The service is busy. Try again shortly."

    def __init__(self, sentence: str | None = None, *, retry_after_s: int = 2, **kwargs: object) -> None:
        super().__init__(sentence, **kwargs)  # type: ignore[arg-type]
        self.retry_after_s = retry_after_s


class TooMany(Busy):
    sentence = "That is more at once than one client may ask for. Try again shortly."


class Broken(RendermapError):
    """Anything of ours that failed; the reference number joins the answer to the log."""

    sentence = "The picture could not be made."


class JobUnreadable(Broken):
    """owner, is_private: as the file beside the job's folder has them; nobody's without one, for its document may have said so."""

    sentence = "The job's document cannot be understood."

    def __init__(self, sentence: str | None = None, *, owner: str | None = None, is_private: bool = True, **kwargs: object) -> None:
        super().__init__(sentence, **kwargs)  # type: ignore[arg-type]
        self.owner = owner
        self.is_private = is_private


class SourceRefused(Broken):
    sentence = "The dataset of this layer may not be drawn."


class SourceUnreadable(Broken):
    sentence = "The dataset of this layer cannot be read."


class StyleInvalid(Broken):
    sentence = "The layer file of this layer cannot be used."


class RenderFailed(Broken):
    sentence = "The drawing failed."


class RenderCrashed(Broken):
    sentence = "The drawing stopped unexpectedly, twice."


class RenderTimeout(Broken):
    sentence = "The drawing took longer than the service allows."
