"""A studio for training: drawn garments, as a shop's pictures and as street photos, with full supervision.

It sews with `pocketshelf.demo.studio` and adds what training needs: closures, lengths, real fabric,
landmarks, poses, folded and hanging garments, whole outfits, real backgrounds. All of it is synthetic, and
every figure of it must say so.
"""
