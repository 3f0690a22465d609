"""Measures of the service: each module here is one benchmark, with ``run()`` returning its figures by name."""
