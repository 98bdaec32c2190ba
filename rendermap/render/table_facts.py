"""The facts of a dataset whose rows are read and never drawn: a table, or features without their places."""

from __future__ import annotations

import pyogrio

from rendermap.errors import SourceUnreadable
from rendermap.jobs.job import DataSource, Layer
from rendermap.render.csv_table import inspect_csv_table
from rendermap.render.data_formats import DataFormat
from rendermap.render.dataset_size import check_features
from rendermap.render.text_encoding import shapefile_encoding
from rendermap.render.vector_facts import ERRORS, TABLE_READER, field_kind, is_system_table, quiet
from rendermap.symbology.facts import Field, GeometryKind, VectorFacts


def inspect_table(source: DataSource, row: DataFormat) -> Layer:
    """The facts of a table; without a member, of the first of its container.  Its geometry is nobody's question and says nothing.

    Raises SourceUnreadable when it is missing, damaged or no table, SourceRefused when there is too much of it.
    """
    if row.name == "csv":
        return inspect_csv_table(source)
    if row.kind == "raster":
        raise SourceUnreadable("The dataset of this output is no table.", reason=f"{source.path} is a raster")
    try:
        with quiet():
            names = [str(name) for name, _ in pyogrio.list_layers(source.path) if not is_system_table(str(name))]
            wanted = (source.member or next(iter(names), "")).casefold()
            member = next((name for name in names if name.casefold() == wanted), None)
            if member is None:
                raise SourceUnreadable("The dataset of this output does not exist.", reason=f"{source.path} has no table {source.member}")
            info = pyogrio.read_info(source.path, layer=member, force_feature_count=True)
    except ERRORS as error:
        raise SourceUnreadable(reason=f"{source.path} ({source.member}): {error}") from error
    check_features(int(info["features"]), source.path)
    fields = tuple(Field(str(name), field_kind(str(dtype))) for name, dtype in zip(info["fields"], info["dtypes"], strict=True))
    facts = VectorFacts(GeometryKind.POINT, fields, int(info["features"]))
    known = source if source.member or len(names) == 1 else DataSource(source.path, member, source.root, source.fingerprint)
    encoding = shapefile_encoding(source.path) if row.driver == "ESRI Shapefile" else None
    return Layer(known, TABLE_READER, str(source.path), None, None, facts, row.driver, encoding)
