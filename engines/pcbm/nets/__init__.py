"""PCBM's nets in PyTorch."""
