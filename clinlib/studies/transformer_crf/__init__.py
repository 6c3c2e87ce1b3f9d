"""The study of pretrained encoders and CRF heads (Belkadi et al. 2023), one module per question."""
