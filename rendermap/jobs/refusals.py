"""Why a dataset is not drawn: one true sentence each, safe for strangers."""

from __future__ import annotations

MISSING = "The dataset of this output is missing."
NO_NAME = "The output does not name a dataset in the job's folder."
IN_MEMORY = "The output was kept in memory and not written to the job's folder."
OUTSIDE = "The dataset of this output lies outside the job's folder."
REMOTE = "The dataset of this output is an address, not a file in the job's folder."
LINK = "The dataset of this output is or contains a link, which is not followed."
HARD_LINK = "The dataset of this output has a second name elsewhere, as a hard link, and may be another job's."
POINTER = "The dataset of this output points to other files, which is not followed."
SPECIAL = "The dataset of this output is not an ordinary file or folder."
UNFINISHED = "The dataset of this output is still being written, or was left half written."
NOT_A_DATASET = "The dataset of this output is of a kind that is not drawn."
INCOMPLETE = "The dataset of this output is incomplete: its {} part is missing."
