"""Which pictures keep their label.

classes     categories as Gaussians
agreement   each picture judged by the others' labels
twins       pictures that are one, by perceptual hashes
faults      photos that show too little
purify      all of it in order: a verdict on each
"""
