"""The one door for patterns that strangers write; what they mean, and whether they hold a path or a name."""

from fixbot.globs.many import Globs, Names, Paths
from fixbot.globs.row import Wild, Word
from fixbot.globs.written import NOTHING, PathGlob, below, path_glob, path_tokens, starred, word

__all__ = [
    "NOTHING", "Globs", "Names", "PathGlob", "Paths", "Wild", "Word", "below", "path_glob", "path_tokens",
    "starred", "word",
]  # fmt: skip
