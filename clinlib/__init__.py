"""Low-resource clinical named entity recognition: the routines behind the study's notebooks."""

__version__ = "0.1.0"
