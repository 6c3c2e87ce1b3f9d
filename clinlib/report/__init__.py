"""Report: tables, figures, provenance; staging and building of the book."""
