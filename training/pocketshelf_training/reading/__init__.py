"""What reading the words on cartons brings, and what it costs: docs/reading.md."""
