"""ArcGIS REST: a job as `MapServer/jobs/<jobId>` and its GP service, as unmodified Esri clients ask for them."""
