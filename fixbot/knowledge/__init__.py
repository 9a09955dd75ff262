"""What is known about the world outside a repository: images, commands, secrets."""
