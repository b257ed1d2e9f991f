"""What is published: generations, their sizes and times, and what changed from one to another."""
