"""The dashboard's screens, each with its stylesheet."""
