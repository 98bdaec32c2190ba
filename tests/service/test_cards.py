"""Cards: what front ends are told."""

from dataclasses import replace
from pathlib import Path

from rendermap.access.grant import PUBLIC, Grant, Operation
from rendermap.cards import job_card
from rendermap.jobs.job import Job, JobStatus, Message, MessageKind, Output
from rendermap.services.service import Direction, Parameter, Service, Task, ToolLayer

PARAMETERS = (
    Parameter("DEM", "GPString", "Terrain", Direction.INPUT),
    Parameter("Slope", "GPRasterData", "Slope", Direction.OUTPUT),
    Parameter("Report", "GPDataFile", "Report", Direction.OUTPUT),
    Parameter("Files", "GPMultiValue:GPDataFile", "Files", Direction.OUTPUT),
    Parameter("Notes", "GPMultiValue:GPString", "Notes", Direction.OUTPUT),
)
SERVICE = Service(
    "Demo",
    "Demo",
    "",
    (
        Task("Other", "Other", "", (), (ToolLayer(0, "Slope", "Other's slope"),)),
        Task("Run", "Run", "", PARAMETERS, (ToolLayer(1, "Slope", "Slope"),)),
    ),
    Path("/styles/Demo"),
)
JOB = Job(
    "Demo",
    "j1",
    JobStatus.SUCCEEDED,
    Path("/srv/jobs/demo_gpserver/j1"),
    "manifest",
    "RUN",
    inputs={"dem": "/srv/secret/dem.tif", "Mask": {"files": ["C:/arcgis/x.gdb"]}},
    outputs=(
        Output("Slope", None, "%scratchworkspace%/slope.tif", "It is missing."),
        Output("Report", value={"url": "/srv/secret/report.pdf"}),
        Output("Files", value=["scratch/secret.csv"]),
        Output("Notes", value=["done in 3 m/s", "see Dataset:/srv/secret/x.tif"]),
    ),
    messages=(Message(MessageKind.INFORMATIVE, "wrote /srv/secret/My Slope/s.tif"),),
)
GRANT = Grant(PUBLIC, Operation.VIEW, "Demo", "j1", frozenset({0, 1}))


def test_no_card_of_a_job_names_a_path() -> None:
    """Messages, inputs and values lose their paths, at any depth; an output that is a dataset shows no name at all."""
    card = job_card(JOB, SERVICE, GRANT)
    assert {r.name: r.value for r in (*card.inputs, *card.results)} == {
        "DEM": "[path]",
        "Mask": {"files": ["[path]"]},
        "Slope": None,
        "Report": None,
        "Files": [],
        "Notes": ["done in 3 m/s", "see Dataset:[path]"],
    }
    assert card.messages == (("informative", "wrote [path]"),)


def test_inputs_of_tasks_that_run_here_are_as_they_were_sent() -> None:
    """A client reads back what it gave, but for what lies below the server's own folders; values of programs are let be."""
    service = replace(SERVICE, running=replace(SERVICE.running, engine="local"))
    sent = {"DEM": "/etc/secret", "Mask": ["/srv/jobs/other", "/styles/x", "%2Fsrv%2Fjobs%2Fx"]}
    job = replace(JOB, inputs=sent, outputs=(Output("Notes", value=['ü</script>"}', "/maps/3", r"\/vault\/access\/secret.key"]),))
    card = job_card(job, service, GRANT, (Path("/vault/access"), Path("/srv/jobs")))
    assert {r.name: r.value for r in card.inputs} == {"DEM": "/etc/secret", "Mask": ["[path]", "/styles/x", "[path]"]}
    assert card.results[0].value == ['ü</script>"}', "/maps/3", "[path]"]


def test_a_task_in_other_letters_keeps_its_parameter_types() -> None:
    """Names are told apart without regard to case everywhere, and a parameter of another task lends nothing."""
    card = job_card(JOB, SERVICE, GRANT)
    assert card.task == "Run"
    assert [(r.data_type, r.layer_id) for r in card.results[:2]] == [("GPRasterData", 1), ("GPDataFile", None)]
