"""The year's targets and tasks: decomposed, followed, supervised, closed."""
