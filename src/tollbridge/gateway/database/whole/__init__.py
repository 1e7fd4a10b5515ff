"""Whole stores: looked at, copied, backed up and restored."""
