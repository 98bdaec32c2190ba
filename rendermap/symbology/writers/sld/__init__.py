"""Style -> SLD 1.1 with SE 1.1 for features, SLD 1.0.0 for rasters."""

from rendermap.symbology.writers.sld.document import write_sld

__all__ = ["write_sld"]
