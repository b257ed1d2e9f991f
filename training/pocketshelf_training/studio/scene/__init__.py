"""Pictures of garments and of things cut out: bodies, places, light, camera."""
