"""Dashboards in pseudo-terminals: what they write, what they cost, and how they fare over a slow link."""
