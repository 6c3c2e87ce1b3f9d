"""Readers: one module per format of corpus files."""
