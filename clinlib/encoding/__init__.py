"""Encoding: tag schemes, subword windows, batches."""
