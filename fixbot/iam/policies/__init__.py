"""Policies as they stand in files: read into plain data, limited there, and written back as changes."""
