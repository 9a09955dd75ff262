"""The words that all rooms share: findings, proposals and what they are made of, and errors."""
