"""The only room that starts programs: where they are looked for, and in what empty place they run."""
