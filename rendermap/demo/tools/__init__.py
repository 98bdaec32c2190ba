"""The demo's tools: each is a program of its own, run as ``python -m rendermap.demo.tools.<tool> JOBS_DIR``."""
