"""The row of Fill."""

from rendermap.symbology.symbolizers.fill import cim, esri, mapnik, qml, sld
from rendermap.symbology.symbolizers.symbolizer import Symbolizer
from rendermap.symbology.symbols import Fill

FILL = Symbolizer(
    Fill,
    from_cim=cim.read,
    from_esri=esri.read,
    to_esri=esri.write,
    from_qml=qml.read,
    to_mapnik=mapnik.write,
    from_sld=sld.read,
    to_sld=sld.write,
)
