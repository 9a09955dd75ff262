"""What texts of strangers may be and do where they stand, and commands and steps for people to copy."""
