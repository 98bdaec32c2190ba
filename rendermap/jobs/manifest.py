"""The face for GP servers: a few lines that run a tool in a job folder of its own and leave a job document behind.

    with manifest.start(jobs_dir, service="Demo/Viewshed", task="Viewshed", inputs={"Height": 12}) as run:
        make_viewshed(run.path("%scratchworkspace%/viewshed.tif"))
        run.output("Viewshed", "%scratchworkspace%/viewshed.tif")

Leaving the block normally is success; an exception is failure, and goes on its way.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import JsonValue, ValidationError

from rendermap.jobs.document import (
    DatasetOutput,
    Document,
    DocumentStatus,
    MessageEntry,
    Progress,
    ValueOutput,
    read_document,
    write_document,
)
from rendermap.jobs.job import JobStatus, MessageKind
from rendermap.jobs.names import is_in_memory

SCRATCH = "scratch"
SERVICE_SUFFIX = "_gpserver"
_SERVICE = re.compile(r"[^\W_]\w*(/[^\W_]\w*)?")
_WORKSPACE = re.compile(r"%scratch(?:workspace|folder)%", re.IGNORECASE)
_GEODATABASE = re.compile(r"%scratchgdb%", re.IGNORECASE)
_OVER = frozenset(status.value for status in JobStatus if status.is_over) | {"ended"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool told in a while.  messages: (kind, text), oldest first.  outputs: by parameter name."""

    messages: tuple[tuple[str, str], ...] = ()
    outputs: Mapping[str, DatasetOutput | ValueOutput] = field(default_factory=dict)
    progress: Progress | None = None


class Run:
    """A job while it runs: one process writes at a time, any of its threads."""

    def __init__(self, root: Path, document: Document) -> None:
        self.root = root
        self._document = document
        self._lock = threading.Lock()

    @property
    def job_id(self) -> str:
        """Name of the job and of its folder."""
        return self._document.job_id

    @property
    def status(self) -> str:
        """The state as last written."""
        return self._document.status.value

    @property
    def is_over(self) -> bool:
        """True when nothing more is written, however it ended."""
        return self.status in _OVER

    @property
    def inputs(self) -> Mapping[str, JsonValue]:
        """Input parameters by name."""
        return self._document.inputs

    @property
    def scratch(self) -> Path:
        """The scratch workspace: a folder no other job sees."""
        return self.root / SCRATCH

    def path(self, dataset: str) -> Path:
        """Where a dataset name with ``%scratchworkspace%``, or one relative to it, lies on disk.

        Raises ValueError when that is not inside the scratch workspace.
        """
        text = _WORKSPACE.sub(lambda _: str(self.scratch), dataset)
        text = _GEODATABASE.sub(lambda _: str(self.scratch / "scratch.gdb"), text)
        path = self.scratch / text
        if ".." in path.parts or not path.is_relative_to(self.scratch):
            raise ValueError(f"not inside the scratch workspace: {dataset}")
        return path

    def message(self, text: str, kind: str = "informative") -> None:
        """Add a message; the scratch workspace's path in it becomes ``%scratchworkspace%``."""
        self._update({}, self._entry(text, kind))

    def progress(self, message: str = "", percent: float | None = None) -> None:
        """Say how far the tool has come.  percent: 0 to 100.  Raises ValueError."""
        try:
            self._update({"progress": Progress(message=message, percent=percent)})
        except ValidationError:
            raise ValueError("Progress is told as a text of at most 1000 characters and a percentage from 0 to 100.") from None

    def output(self, name: str, dataset: str | Path) -> None:
        """Declare an output parameter's dataset.

        Raises ValueError when it is not inside the scratch workspace, or was only kept in memory (``in_memory/x``, ``memory/x``).
        """
        if is_in_memory(str(dataset)):
            raise ValueError(f"kept in memory and not written to the scratch workspace: {dataset}")
        inside = self.path(str(dataset)).relative_to(self.scratch)
        try:
            made = DatasetOutput(dataset=f"%scratchworkspace%/{inside.as_posix()}")
        except ValidationError:
            raise ValueError(f"The dataset of {name} has too long a name.") from None
        self._add_output(name, made)

    def value(self, name: str, value: JsonValue) -> None:
        """Declare an output parameter's plain value.  Raises ValueError or TypeError when JSON cannot say it."""
        try:
            said = _as_json(value)
        except UnicodeEncodeError as error:
            raise ValueError(f"The value of {name} cannot be told: it has half of a character.") from error
        except RecursionError as error:
            raise ValueError(f"The value of {name} cannot be told: it is nested too deeply.") from error
        except (ValueError, TypeError) as error:
            raise type(error)(f"The value of {name} cannot be told: {error}.") from error
        self._add_output(name, ValueOutput(value=said))

    def add(self, told: Told) -> None:
        """Add what a tool told in a while, all at once."""
        progress = {} if told.progress is None else {"progress": told.progress}
        self._update(progress, *(self._entry(text, kind) for kind, text in told.messages), outputs=told.outputs)

    def begin(self) -> None:
        """The tool begins."""
        self._update({"status": DocumentStatus.EXECUTING, "started": self._document.started or _now()})

    def succeed(self) -> None:
        """The tool is done and its outputs are whole."""
        self._finish(DocumentStatus.SUCCEEDED)

    def fail(self, text: str = "The tool failed.") -> None:
        """The tool failed, and why."""
        self._finish(DocumentStatus.FAILED, self._entry(text, "error"))

    def cancel(self, text: str = "The job was cancelled.") -> None:
        """Someone stopped the job."""
        self._finish(DocumentStatus.CANCELLED, self._entry(text, "warning"))

    def time_out(self, text: str = "The job took longer than allowed.") -> None:
        """The job took longer than allowed."""
        self._finish(DocumentStatus.TIMED_OUT, self._entry(text, "error"))

    def end(self) -> None:
        """The results are about to be removed: from here on the job is gone."""
        self._finish(DocumentStatus.ENDED)

    def __enter__(self) -> Self:
        if self.status != "executing":
            self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.is_over:
            return
        if error is None:
            self.succeed()
        elif isinstance(error, KeyboardInterrupt):
            self.cancel()
        else:
            self.fail(str(error) or type(error).__name__)

    def _entry(self, text: str, kind: str) -> MessageEntry:
        said = text.replace(str(self.scratch), "%scratchworkspace%").replace(str(self.root), self.job_id)
        return MessageEntry(kind=_kind_of(kind), text=said[:10000], time=_now())

    def _finish(self, status: DocumentStatus, *messages: MessageEntry) -> None:
        self._update({"status": status, "finished": self._document.finished or _now(), "progress": None}, *messages)

    def _add_output(self, name: str, output: DatasetOutput | ValueOutput) -> None:
        self._update({}, outputs={name: output})

    def _update(
        self, changes: Mapping[str, object], *messages: MessageEntry, outputs: Mapping[str, DatasetOutput | ValueOutput] | None = None
    ) -> None:
        with self._lock:
            before = self._document
            added = {"messages": (*before.messages, *messages), "outputs": {**before.outputs, **(outputs or {})}}
            self._document = _validated(before.model_copy(update={**changes, **added}))
            write_document(self.root, self._document)


def start(
    jobs_dir: Path,
    *,
    service: str,
    task: str | None = None,
    inputs: Mapping[str, JsonValue] | None = None,
    owner: str | None = None,
    private: bool = False,
) -> Run:
    """Make a job folder of its own and let the tool begin at once.

    service: ``[folder/]name`` as published.  The folder is ``<jobs_dir>/[folder/]<service>_gpserver/<job id>``, in lower case.
    owner: the name of whoever submitted the job.  private: only the owner may see it.
    Raises ValueError for a service name that cannot be a folder, inputs that are not JSON, or a private job of nobody.
    """
    return _create(jobs_dir, service, task, inputs, _Submitter(owner, private), DocumentStatus.EXECUTING)


def submit(
    jobs_dir: Path,
    *,
    service: str,
    task: str | None = None,
    inputs: Mapping[str, JsonValue] | None = None,
    owner: str | None = None,
    private: bool = False,
    job_id: str | None = None,
    out_crs: str | None = None,
    return_z: bool = False,
) -> Run:
    """Make a job folder whose tool begins later, in a process that calls `resume`.  Otherwise as `start`.

    job_id: of `new_job_id`.  out_crs, return_z: how features of the results are told where nobody asks otherwise.
    """
    submitter = _Submitter(owner, private, out_crs, return_z)
    return _create(jobs_dir, service, task, inputs, submitter, DocumentStatus.SUBMITTED, job_id)


def new_job_id() -> str:
    """A name that no other job has, ``j`` and 32 hex digits as ArcGIS has them."""
    return f"j{uuid.uuid4().hex}"


def service_folder(jobs_dir: Path, service: str) -> Path:
    """The folder that holds the jobs of a service.  Raises ValueError for a service name that cannot be a folder."""
    if not _SERVICE.fullmatch(service):
        raise ValueError(f"not a service name: {service!r}")
    return Path(jobs_dir).resolve() / f"{service.lower()}{SERVICE_SUFFIX}"


def resume(job_dir: Path) -> Run:
    """Take over the job of a folder made by `submit` or `start`, in whatever process.

    As a context manager it begins the tool.  Raises JobNotFound or Broken.
    """
    root = Path(job_dir).resolve()
    return Run(root, read_document(root))


@dataclass(frozen=True, slots=True)
class _Submitter:
    """Whose the job is, and how they want its results."""

    owner: str | None
    private: bool
    out_crs: str | None = None
    return_z: bool = False


def _create(
    jobs_dir: Path,
    service: str,
    task: str | None,
    inputs: Mapping[str, JsonValue] | None,
    submitter: _Submitter,
    status: DocumentStatus,
    job_id: str | None = None,
) -> Run:
    folder = service_folder(jobs_dir, service)
    if submitter.private and submitter.owner is None:
        raise ValueError("a private job needs an owner")
    now = _now()
    job_id = job_id or new_job_id()
    started = now if status is DocumentStatus.EXECUTING else None
    document = Document(
        version=1,
        service=service,
        task=task,
        job_id=job_id,
        status=status,
        created=now,
        started=started,
        inputs={name: _as_json(value) for name, value in (inputs or {}).items()},
        owner=submitter.owner,
        private=submitter.private,
        out_crs=submitter.out_crs,
        return_z=submitter.return_z,
    )
    root = folder / job_id
    (root / SCRATCH).mkdir(parents=True)
    write_document(root, document)
    return Run(root, document)


def _kind_of(kind: str) -> MessageKind:
    if kind not in tuple(MessageKind):
        raise ValueError(f"The kind of a message must be one of: {', '.join(MessageKind)}.")
    return MessageKind(kind)


def _validated(document: Document) -> Document:
    return Document.model_validate(document.model_dump())


def _as_json(value: JsonValue) -> JsonValue:
    """Raises UnicodeEncodeError for half of a character, which Python has and no file."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    text.encode()
    plain: JsonValue = json.loads(text)
    return plain


def _now() -> datetime:
    return datetime.now(UTC)
