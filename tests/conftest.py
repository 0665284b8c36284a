"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# A busy machine is slow; that proves nothing about the code.
settings.register_profile("bedside", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bedside")
