"""Where a secret's value goes when it leaves a file: the store, the reference, the permission, the steps."""
