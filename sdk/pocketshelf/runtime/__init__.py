"""Running model files: one registry by file suffix, each runtime's library imported when first used."""

from pocketshelf.runtime.registry import ModelRunner, open_model, register

__all__ = ["ModelRunner", "open_model", "register"]
