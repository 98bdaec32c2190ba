"""The row of PictureMarker."""

from rendermap.symbology.symbolizers.picture_marker import mapnik
from rendermap.symbology.symbolizers.symbolizer import Symbolizer
from rendermap.symbology.symbols import PictureMarker

PICTURE_MARKER = Symbolizer(PictureMarker, to_mapnik=mapnik.write)
