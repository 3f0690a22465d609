"""What `outreach COMMAND` does, a file per subject; thin: read options, call a stage, print rows."""
