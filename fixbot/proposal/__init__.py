"""A proposal in words: title, body and commit message, in the style of the repository."""
