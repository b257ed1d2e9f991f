"""WooCommerce writes an export's headers in the shop's language; here they are by their English names.

As German, French, Spanish, Italian, Dutch and Brazilian shops' files have them.
An attribute's columns carry its number.
"""

from __future__ import annotations

import re

__all__ = ["ROOTS", "TRANSLATED", "english_column"]

_NAMES = {
    "Type": ("Typ", "Tipo"),
    "SKU": ("Artikelnummer", "UGS"),
    "GTIN, UPC, EAN, or ISBN": (
        "GTIN, UPC, EAN oder ISBN", "GTIN, UPC, EAN ou ISBN", "GTIN, UPC, EAN o ISBN",
        "GTIN, UPC, EAN, o ISBN",
        "GTIN, UPC, EAN of ISBN", "GTIN, UPC, EAN, ou ISBN",
    ),
    "Name": ("Nom", "Nombre", "Nome", "Naam"),
    "Published": ("Veröffentlicht", "Publié", "Publicado", "Pubblicato", "Gepubliceerd"),
    "Short description": (
        "Kurzbeschreibung", "Description courte", "Descripción corta", "Breve descrizione",
        "Korte omschrijving", "Descrição curta",
    ),
    "Description": ("Beschreibung", "Descripción", "Descrizione", "Beschrijving", "Descrição"),
    "Regular price": (
        "Regulärer Preis", "Tarif régulier", "Prix de base", "Precio normal", "Prezzo di listino",
        "Reguliere prijs", "Preço",
    ),
    # Not in Italian, as it is not known how its dates are headed: a sale would never end.
    "Sale price": ("Angebotspreis", "Tarif promo", "Precio rebajado", "Actieprijs", "Preço promocional"),
    "Date sale price starts": (
        "Datum, an dem Angebotspreis beginnt", "Date de début de promo",
        "Día en que empieza el precio rebajado", "Startdatum actieprijs",
        "Data de preço promocional começa em",
    ),
    "Date sale price ends": (
        "Datum, an dem Angebotspreis endet", "Date de fin de promo",
        "Día en que termina el precio rebajado", "Einddatum actieprijs",
        "Data de preço promocional termina em",
    ),
    "Categories": ("Kategorien", "Catégories", "Categorías", "Categorie", "Categorieën", "Categorias"),
    "Tags": ("Schlagwörter", "Étiquettes", "Etiquetas", "Tag"),
    "Images": ("Bilder", "Imágenes", "Immagine", "Immagini", "Afbeeldingen", "Imagens"),
    "Parent": ("Übergeordnetes Produkt", "Superior", "Genitore", "Hoofd", "Ascendente"),
    "Brands": ("Marken", "Marques", "Marcas", "Marchi", "Merken"),
    "Attribute # name": (
        "Attribut # Name", "Nom de l'attribut #", "Nombre del atributo #", "Nome dell'attributo #",
        "Naam eigenschap #", "Nome do atributo #",
    ),
    "Attribute # value(s)": (
        "Attribut # Wert(e)", "Valeur(s) de l'attribut #", "Valor(es) del atributo #",
        "Valore dell'attributo #", "Waarde eigenschap #", "Valores do atributo #",
    ),
}  # fmt: skip
# The category of what nobody sorted.
ROOTS = (
    "uncategorized", "unkategorisiert", "non classé", "sin categorizar", "senza categoria", "geen categorie",
    "sem categoria",
)  # fmt: skip


def _key(name: str) -> str:
    """Whatever its case, blanks and kind of apostrophe; digits as ``#``."""
    text = re.sub(r"\s+", " ", name.replace("’", "'")).strip().casefold()
    return re.sub(r"\d+", "#", text)


_ENGLISH = {_key(name): english for english, names in _NAMES.items() for name in names}
TRANSLATED = tuple(name.replace("#", "1") for names in _NAMES.values() for name in names)


def english_column(name: str) -> str:
    """The English name of a column; any other is left as it is."""
    english = _ENGLISH.get(_key(name), name)
    number = re.search(r"\d+", name)
    return english.replace("#", number[0]) if number else english
