"""Imports and publications that a page has started: one at a time, each in a process of its own."""
