"""The settings as options of the command line: each row appears by itself."""

from __future__ import annotations

import inspect as signatures
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic.fields import FieldInfo

from rendermap.settings import Settings


def help_of(name: str) -> str:
    """A setting's help, with the name it has in the environment."""
    return f"{Settings.model_fields[name].description} [env: RENDERMAP_{name.upper()}]"


Jobs = Annotated[list[Path] | None, typer.Option("--jobs", help=help_of("jobs") + " Repeatable.", show_default=False)]
Services = Annotated[Path | None, typer.Option("--services", help=help_of("services"), show_default="styles")]
Access = Annotated[Path | None, typer.Option("--access", help=help_of("access"), show_default="access")]
Config = Annotated[Path | None, typer.Option("--config", help=help_of("config"), show_default=False)]


def settings_options() -> list[signatures.Parameter]:
    """An option for every setting."""
    return [_option_of(name) for name in Settings.model_fields]


def _option_of(name: str) -> signatures.Parameter:
    """A setting's row as an option of the command line."""
    row = Settings.model_fields[name]
    # several keys are one value with commas between; as a tuple they would take up the options that follow
    kind: Any = list[Path] if name == "jobs" else str if row.annotation == tuple[str, ...] else row.annotation
    shown = _shown(row)
    option = typer.Option(
        f"--{name.replace('_', '-')}", help=help_of(name) + (" Repeatable." if name == "jobs" else ""), show_default=shown
    )
    return signatures.Parameter(name, signatures.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option])


def _shown(row: FieldInfo) -> str | bool:
    """The default in the help; a default made anew at every start says what it is in words."""
    if row.default_factory is not None:
        return str((row.json_schema_extra or {})["shown"])  # type: ignore[index]
    return False if row.default in (None, "", ()) else str(row.default)
