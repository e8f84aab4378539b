"""Generators, discriminators and their blocks; state-dict keys equal the reference implementation's."""
