"""The row of PictureFill."""

from rendermap.symbology.symbolizers.picture_fill import mapnik
from rendermap.symbology.symbolizers.symbolizer import Symbolizer
from rendermap.symbology.symbols import PictureFill

PICTURE_FILL = Symbolizer(PictureFill, to_mapnik=mapnik.write)
