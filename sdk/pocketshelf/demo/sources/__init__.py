"""Where a demo's pictures come from: a folder of real photos, the public set, or the drawn samples."""
