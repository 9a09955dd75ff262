"""Files that were read: which of them matter, what they are, and what they know of each other."""
