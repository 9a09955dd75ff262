"""From proposals to pull requests: GitHub is read, every branch is judged, and what was decided is done."""
