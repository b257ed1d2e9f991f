"""A studio that draws garments, as a shop's pictures and as street photos, with full supervision.

    drawing/    outlines, colours, sheets
    wardrobe/   forms of garments, as data
    garments/   a collection's garments: cut, cloth, sewing
    scene/      worn, hung, laid, pasted; before real or drawn grounds; photographed
    prepare/    the commands that write folders

Each folder imports only those above it. All of it is synthetic, and every figure of it must say so.
"""
