"""Who may sign in to the console, for how long, and what a role may do."""
