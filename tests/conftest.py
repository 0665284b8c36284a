"""What holds for all tests."""

import signal

from hypothesis import HealthCheck, settings

# A busy machine is slow; that proves nothing about the code.
settings.register_profile("bedside", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bedside")

# Under nohup SIGHUP is ignored, which every child inherits; here it shall end what it ends elsewhere.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
