"""`fixbot init`: what a repository shows, the two files that are made of it, and what is said of them."""
