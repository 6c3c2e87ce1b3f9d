"""Studies: per question, a plan (configurations) and its tables (frames)."""
