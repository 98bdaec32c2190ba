"""QGIS layer styles (.qml), of QGIS 2.18 to 3.44."""
