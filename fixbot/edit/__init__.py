"""Trees of what was read, what shall change in them, and the edits of their texts."""
