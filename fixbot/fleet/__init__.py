"""Many repositories: who does which, what one run leaves for the next, and all of it on one page."""
