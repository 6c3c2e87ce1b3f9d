"""Evaluation: span scores, label reports, intervals; no torch, no files."""
