"""Who does the work: one file and one row of the table for each engine."""
