"""Judging translations of labelled digits: a classifier of the target's digits, and how often it is right."""
