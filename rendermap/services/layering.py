"""Gives tool layers their ids: service-wide, in output parameter order, a group's own id before its members'."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from rendermap.access.policy import Who
from rendermap.services.description import (
    LayerDescription,
    ParameterDescription,
    ProtectionDescription,
    TableDescription,
    TaskDescription,
    WhoDescription,
)
from rendermap.services.service import Access, GroupLayer, ToolLayer

OGC_PER_ESRI_SCALE = (0.0254 / 96) / 0.00028
"""A 96-dpi scale denominator times this is the same scale at 0.28 mm per pixel."""


@dataclass(slots=True)
class Layering:
    """Hands out ids while the tasks of one service go by.

    folder: of the service; layer files are named relative to it.  protection, access, who: of the service, for layers that do not say
    theirs.
    """

    folder: Path
    protection: ProtectionDescription = field(default_factory=ProtectionDescription)
    access: str = "view"
    who: Who = field(default_factory=Who)
    groups: list[GroupLayer] = field(default_factory=list)
    _next: int = 0

    def layers_of(self, task: TaskDescription) -> tuple[ToolLayer, ...]:
        """The tool layers of the next task; outputs of the same group share one heading within the task."""
        layers: list[ToolLayer] = []
        opened: dict[str, int] = {}
        hidden = {group.name for group in task.groups if not group.visible}
        for parameter in task.parameters:
            if (drawn := parameter.tool_layer) is not None:
                group = self._group(drawn.group, opened, hidden)
                layers.append(self._layer(parameter, drawn, group))
        return tuple(layers)

    def tables_of(self, task: TaskDescription) -> tuple[ToolLayer, ...]:
        """The tables of a task, whose ids follow those of all layers that were asked for before."""
        return tuple(self._table(parameter, told) for parameter in task.parameters if (told := parameter.tool_table) is not None)

    def _table(self, parameter: ParameterDescription, told: TableDescription) -> ToolLayer:
        return ToolLayer(
            id=self._take(),
            parameter=parameter.name,
            name=parameter.title or parameter.name,
            access=Access(told.access or self.access),
            who=who_of(told.who, self.who) if told.who else None,
            data_type=parameter.type,
            fields=None if told.fields is None else tuple(told.fields),
            decimals=_decimals(told),
        )

    def _group(self, name: str | None, opened: dict[str, int], hidden: set[str]) -> int | None:
        if name is None:
            return None
        if name not in opened:
            opened[name] = self._take()
            self.groups.append(GroupLayer(opened[name], name, name not in hidden))
        return opened[name]

    def _layer(self, parameter: ParameterDescription, drawn: LayerDescription, group: int | None) -> ToolLayer:
        # What is said of the whole service is for layers that may only be seen; a layer's own word is for itself.
        usual = self.protection if (drawn.access or self.access) == "view" else ProtectionDescription()
        return ToolLayer(
            id=self._take(),
            parameter=parameter.name,
            name=parameter.title or parameter.name,
            dataset=drawn.dataset,
            style_path=self.folder / drawn.style if drawn.style else None,
            style_layer=drawn.style_layer,
            min_scale_denominator=to_ogc(drawn.min_scale),
            max_scale_denominator=to_ogc(drawn.max_scale),
            visible=drawn.visible,
            access=Access(drawn.access or self.access),
            who=who_of(drawn.who, self.who) if drawn.who else None,
            group=group,
            opacity=drawn.opacity,
            classification=drawn.classification,
            statistics=drawn.statistics,
            finest_scale_denominator=to_ogc(usual.finest_scale if drawn.finest_scale is None else drawn.finest_scale),
            colors=usual.colors if drawn.colors is None else drawn.colors,
            data_type=parameter.type,
            fields=None if drawn.fields is None else tuple(drawn.fields),
            decimals=_decimals(drawn),
            tells_geometry=drawn.geometry,
            time_fields=tuple(name for name in (drawn.time_field, drawn.end_time_field) if name),
            time_step_h=drawn.time_step_h,
        )

    def _take(self) -> int:
        self._next += 1
        return self._next - 1


def _decimals(told: LayerDescription | TableDescription) -> int | tuple[tuple[str, int], ...] | None:
    return tuple(told.round.items()) if isinstance(told.round, dict) else told.round


def who_of(described: WhoDescription, otherwise: Who) -> Who:
    """Who may do what; a list left out is that of otherwise."""
    lists = (described.view, described.identify, described.data)
    usual = (otherwise.view, otherwise.identify, otherwise.data)
    view, identify, data = (own if said is None else frozenset(said) for said, own in zip(lists, usual, strict=True))
    return Who(view if view is not None else otherwise.view, identify, data)


def to_ogc(esri_scale: float) -> float | None:
    """A scale denominator at 0.28 mm per pixel of one at 96 dpi; None for 0, which is no limit."""
    return esri_scale * OGC_PER_ESRI_SCALE if esri_scale else None
