"""The studies of CLIN-X: encoders, architecture, ensembles and transfer between tasks."""
