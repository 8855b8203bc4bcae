"""Rules of targets and tasks: lights, reminders, progress of a target. Pure."""
