"""The fixers: one module a concern, found by walking this package."""
