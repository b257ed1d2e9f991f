"""``pocketshelf demo``: the main job end to end, on real photos where they are found."""
