"""From files to proven proposals: partitioned, analyzed, verified, composed, remembered."""
