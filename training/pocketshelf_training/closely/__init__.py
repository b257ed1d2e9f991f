"""What looking closely finds, costs and must not lose: docs/closely.md."""
