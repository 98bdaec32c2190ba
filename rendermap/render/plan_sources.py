"""The datasets that a plan is about: one job's, and the very version that was asked for, before and after they were read."""

from __future__ import annotations

from pathlib import Path

from rendermap.dispatch.plan import FeaturesPlan, IdentifyPlan, InspectPlan, MeasurePlan, Plan, PreparePlan, WatermarkPlan
from rendermap.errors import Busy, RenderFailed, SourceRefused
from rendermap.jobs.fingerprint import fingerprint
from rendermap.jobs.job import DataSource

_HDF5 = b"\x89HDF\r\n\x1a\n"


def sources_of(plan: Plan) -> tuple[DataSource, ...]:
    """The datasets of a plan, each once."""
    if isinstance(plan, InspectPlan):
        return (plan.source,)
    if isinstance(plan, WatermarkPlan):
        return ()
    if isinstance(plan, PreparePlan | IdentifyPlan):
        return (plan.layer.layer.source,)
    layers = (plan.layer,) if isinstance(plan, MeasurePlan | FeaturesPlan) else tuple(each.layer for each in plan.layers)
    return tuple(dict.fromkeys(layer.source for layer in layers if layer))


def root_of(plan: Plan) -> Path | None:
    """The folder of the job whose datasets a plan is about, None when it is about none.  Raises RenderFailed for more than one job."""
    roots = {source.root for source in sources_of(plan)}
    if len(roots) > 1:
        raise RenderFailed(reason=f"a plan of several jobs: {sorted(map(str, roots))}")
    return next(iter(roots), None)


def check_unchanged(plan: Plan) -> None:
    """Raises Busy when a dataset is no longer the version that the plan names: what was read of it is of no version."""
    for source in sources_of(plan):
        check_version(source)


def check_version(source: DataSource) -> None:
    """Raises Busy when a dataset is no longer the version that it names."""
    if _version_of(source.path) != source.fingerprint:
        raise changed(source.path)


def changed(path: Path) -> Busy:
    """What is told when a file or folder is not what it was a moment ago, or not there any more."""
    return Busy("A dataset of the map was changed just now. Try again shortly.", reason=f"{path} changed")


def check_self_contained(plan: Plan) -> None:
    """Raises SourceRefused for a dataset whose variables may lie in any other file, which only the kernel can tell."""
    for source in sources_of(plan):
        if _starts_with(source.path, _HDF5):
            raise SourceRefused(
                "The dataset of this layer could draw on other files, which this system cannot prevent.", reason=f"{source.path} is HDF5"
            )


def _version_of(path: Path) -> str | None:
    try:
        return fingerprint(path)
    except OSError:
        return None


def _starts_with(path: Path, signature: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(signature)) == signature
    except OSError:
        return False
