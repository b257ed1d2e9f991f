"""The one way to a network: addresses as people type them, and HTTP within a deadline."""
