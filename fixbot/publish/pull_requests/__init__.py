"""The life of a pull request, as pure functions of what is offered and what is on GitHub."""
