"""AWS permissions without a file in sight: what an action knows, what a policy allows, what to limit."""
