"""The manual's page on jobs is held to the code."""

import re
from pathlib import Path

from rendermap.jobs import manifest, refusals
from rendermap.jobs.document import DocumentStatus, parse_document
from tests.builders.jobs import TIFF, catalog_of

PAGE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text(encoding="utf-8")


def test_the_example_document_is_good() -> None:
    """Who copies it writes a document that is read."""
    document = parse_document(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0].encode())
    assert document.status is DocumentStatus.SUCCEEDED
    assert set(document.outputs) == {"Viewshed", "Watersheds", "Share"}


def test_the_example_program_makes_a_job(tmp_path: Path) -> None:
    """Who copies it has a finished job with its output."""
    program = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    exec(compile(program, "docs/jobs.md", "exec"), {"jobs_dir": tmp_path, "make_viewshed": lambda path: path.write_bytes(TIFF)})
    [job] = catalog_of(tmp_path).list()
    assert (job.status, job.service, [output.name for output in job.outputs]) == ("succeeded", "Demo/Viewshed", ["Viewshed", "Share"])
    assert job.outputs[0].source is not None


def test_every_call_every_state_and_every_refusal_is_in_the_manual() -> None:
    """What can be called or said is explained."""
    calls = [name for name in vars(manifest.Run) if not name.startswith("_") and name != "begin" and name != "status"]
    assert not [name for name in calls if f"run.{name}" not in PAGE]
    assert not [status for status in DocumentStatus if f"`{status}`" not in PAGE]
    phrases = (
        "is missing",
        "was kept in memory",
        "lies outside the job's folder",
        "is an address",
        "is or contains a link",
        "points to other files",
    )
    said = " ".join(value for value in vars(refusals).values() if isinstance(value, str))
    assert not [phrase for phrase in phrases if phrase not in PAGE or phrase not in said]
