"""The row of GradientFill."""

from rendermap.symbology.symbolizers.gradient_fill import cim, mapnik, qml, sld
from rendermap.symbology.symbolizers.symbolizer import Symbolizer
from rendermap.symbology.symbols import GradientFill

GRADIENT_FILL = Symbolizer(
    GradientFill,
    from_cim=cim.read,
    from_qml=qml.read,
    to_mapnik=mapnik.write,
    to_sld=sld.write,
)
