"""The one door for patterns that strangers write; what they mean, and whether they hold a path or a name."""

from fixbot.text.globs.compile import (
    NOTHING,
    PathGlob,
    compile_path_glob,
    compile_word,
    pattern_below,
    tokenize_path,
    tokenize_starred,
)
from fixbot.text.globs.pattern_row import Wildcard, WordPattern
from fixbot.text.globs.pattern_sets import Globs, NamePatterns, PathPatterns

__all__ = [
    "NOTHING",
    "Globs",
    "NamePatterns",
    "PathGlob",
    "PathPatterns",
    "Wildcard",
    "WordPattern",
    "compile_path_glob",
    "compile_word",
    "pattern_below",
    "tokenize_path",
    "tokenize_starred",
]  # fmt: skip
