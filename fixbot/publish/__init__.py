"""From proposals to pull requests: what is on GitHub is read, every branch is judged, and what was decided is done."""
