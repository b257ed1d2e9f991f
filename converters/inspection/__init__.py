"""Reading what is inside model files of every target."""
