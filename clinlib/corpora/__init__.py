"""Corpora: documents with spans, readers, data cards, splits, samplers."""
