"""The pages that show jobs and one job's map."""
