"""The demo: real elevation turned into jobs by small tools, as a geoprocessing server leaves them, and pictures of them."""

from rendermap.demo.making import DEMO_JOBS, DemoError, DemoJob, make_jobs

__all__ = ["DEMO_JOBS", "DemoError", "DemoJob", "make_jobs"]
