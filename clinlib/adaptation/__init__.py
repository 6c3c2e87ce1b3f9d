"""Adaptation: pretraining of encoders on unlabelled text."""
