"""The pages, one file a subject. Each has ``add(blueprint, desk)``, which adds its routes."""
