"""What is said of a job that ended with no word of its tool's, whoever comes to say it."""

from __future__ import annotations

STOPPED = "The server was stopped while the job ran."
LOST = "The process of the tool ended unexpectedly."
WITHDRAWN = "The service does not run this task any more."
