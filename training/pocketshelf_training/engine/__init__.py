"""What every training needs: where it computes, how its batches are made."""
