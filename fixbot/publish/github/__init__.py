"""The only room that talks to GitHub: one gateway for every request, reads and writes made of it."""
