"""Outlines, colours and sheets: what a picture is drawn with."""
