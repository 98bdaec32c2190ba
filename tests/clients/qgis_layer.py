"""QGIS shows a job: a layer of its provider for ArcGIS map services, drawn to a picture.  Run by the Python that QGIS came with.

Arguments: the map's address, the picture to write, CRS, xmin, ymin, xmax, ymax.  Prints what the layer says of itself, as JSON.
"""

from __future__ import annotations

import json
import sys

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]

SIZE_PX = (600, 400)
map_url, picture, crs, *corners = sys.argv[1:]
extent = QgsRectangle(*map(float, corners))

QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
layer = QgsRasterLayer(f"crs='{crs}' format='PNG' layer='' url='{map_url}'", "job", "arcgismapserver")
settings = QgsMapSettings()
settings.setLayers([layer])
settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
settings.setExtent(extent)
settings.setOutputSize(QSize(*SIZE_PX))
settings.setBackgroundColor(QColor("white"))
drawing = QgsMapRendererSequentialJob(settings)
drawing.start()
drawing.waitForFinished()
drawing.renderedImage().save(picture)
identified = layer.dataProvider().identify(QgsPointXY(extent.center()), QgsRaster.IdentifyFormatText, extent, *SIZE_PX, 96)
told = {
    "valid": layer.isValid(),
    "crs": layer.crs().authid(),
    "extent": [layer.extent().xMinimum(), layer.extent().yMinimum(), layer.extent().xMaximum(), layer.extent().yMaximum()],
    "identified": [str(value) for value in identified.results().values()],
}
print(json.dumps(told))
