"""The row of Stroke."""

from rendermap.symbology.symbolizers.stroke import cim, esri, mapnik, qml, sld
from rendermap.symbology.symbolizers.symbolizer import Symbolizer
from rendermap.symbology.symbols import Stroke

STROKE = Symbolizer(
    Stroke,
    from_cim=cim.read,
    from_esri=esri.read,
    to_esri=esri.write,
    from_qml=qml.read,
    to_mapnik=mapnik.write,
    from_sld=sld.read,
    to_sld=sld.write,
)
