"""Which of GDAL's drivers exist in a worker: those of the table of data formats and the few they lean on, and no other.

A driver that a reader is not given by name must not be there to guess, and one that fetches or follows references must not be there at all.
"""

from __future__ import annotations

LEANED_ON = frozenset(("MEM", "Memory", "JPEG", "PNG", "WEBP", "COG"))
"""What drivers of the table open themselves: tiles inside a GeoPackage or a geodatabase, rasters in memory.  COG only ever writes."""

SKIPPED = (
    "ACE2", "ADBC", "ADRG", "AIVector", "AVCBin", "AVCE00", "AVIF", "AirSAR", "AmigoCloud", "BAG", "BIGGIF", "BLX", "BMP", "BSB", "BT",
    "BYN", "CAD", "CALS", "CEOS", "COASP", "COSAR", "CPG", "CSV", "CSW", "CTG", "CTable2", "Carto", "DAAS", "DERIVED", "DGN", "DIMAP",
    "DIPEx", "DOQ1", "DOQ2", "DTED", "DXF", "ECRGTOC", "EDIGEO", "EEDA", "EEDAI", "EHdr", "EIR", "ELAS", "ERS", "ESAT", "ESRIC",
    "ESRIJSON", "Elasticsearch", "FAST", "FIT", "GDALG", "GFF", "GIF", "GML", "GNMDatabase", "GNMFile", "GPSBabel", "GPX",
    "GRASSASCIIGrid", "GRIB", "GS7BG", "GSAG", "GSBG", "GSC", "GTFS", "GTI", "GTX", "GXF", "GenBin", "GeoJSONSeq", "GeoRSS", "HDF5",
    "HDF5Image", "HF2", "HTTP", "ILWIS", "IRIS", "ISCE", "ISG", "ISIS2", "ISIS3", "Idrisi", "JAXAPALSAR", "JDEM", "JML", "JSONFG", "KML",
    "KMLSUPEROVERLAY", "KRO", "L1B", "LAN", "LCP", "LIBERTIFF", "LIBKML", "LOSLAS", "LVBAG", "Leveller", "MAP", "MBTiles", "MFF", "MFF2",
    "MRF", "MSGN", "MVT", "MapInfo File", "MapML", "MiraMonRaster", "MiraMonVector", "NDF", "NGSGEOID", "NGW", "NOAA_B", "NSIDCbin",
    "NTv2", "NWT_GRC", "NWT_GRD", "OAPIF", "ODS", "OGCAPI", "OGR_GMT", "OGR_PDS", "OGR_VRT", "OSM", "OZI", "PAux", "PCIDSK", "PCRaster",
    "PDF", "PDS", "PDS4", "PGDUMP", "PLMOSAIC", "PLSCENES", "PMTiles", "PNM", "PRF", "R", "RCM", "RIK", "RMF", "ROI_PAC", "RPFTOC",
    "RRASTER", "RS2", "RST", "Rasterlite", "S102", "S104", "S111", "S57", "SAFE", "SAGA", "SAR_CEOS", "SDTS", "SENTINEL2", "SGI", "SIGDEM",
    "SNAP_TIFF", "SNODAS", "SQLite", "SRP", "SRTMHGT", "STACIT", "STACTA", "SXF", "Selafin", "TGA", "TIGER", "TIL", "TSX", "Terragen",
    "TopoJSON", "UK .NTF", "USGSDEM", "VDV", "VFK", "VICAR", "VRT", "WAsP", "WCS", "WFS", "WMS", "WMTS", "XLSX", "XPM", "XYZ", "ZMap",
    "Zarr",
)  # fmt: skip
"""Every other driver of the three GDALs that come with Mapnik, rasterio and pyogrio; GDAL knows a list of these only, not of the rest."""
