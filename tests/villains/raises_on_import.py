"""Raises while it is imported."""

import module_that_is_not_there  # type: ignore[import-not-found]  # noqa: F401
