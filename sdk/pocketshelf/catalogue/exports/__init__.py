"""How shop systems export their products: one file a format, each from a table's records to lines."""

from pocketshelf.catalogue.exports.registry import FORMATS, Export, export_named, known_columns, likely_format

__all__ = ["FORMATS", "Export", "export_named", "known_columns", "likely_format"]
