"""The command line: commands, configuration, what is printed."""
