"""Measures of the service: each module with a ``run()`` is one benchmark, which returns its figures by name."""
