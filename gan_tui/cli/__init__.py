"""The gan-tui command: one file per subcommand; heavy imports inside the command."""
