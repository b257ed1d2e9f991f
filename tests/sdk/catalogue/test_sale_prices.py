"""The price of a product on sale: the one that is in force on the day the file is read."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pocketshelf.catalogue import ReadOptions, read_catalogue
from pocketshelf.catalogue.exports.prices import priced

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SALE, REGULAR = {"price": "15", "regular_price": "20"}, {"price": "20"}


@pytest.mark.parametrize(
    ("starts", "ends", "found"),
    [
        ("", "", SALE),
        ("2026-11-01", "", SALE),
        ("2026-11-30", "2026-11-30", SALE),
        ("2026-11-30T13:00+0100", "2026-11-30T12:00:00Z", SALE),
        ("2026-11-1 0:00:00", "9999-12-31", SALE),
        ("5/16/19", "31.12.2026", SALE),
        ("1/2/26", "", SALE),
        ("2026-12-01", "", REGULAR),
        ("2026-11-30T12:01Z", "", REGULAR),
        ("", "2026-11-28", REGULAR),
        ("", "2026-11-30T12:00+01:00", REGULAR),
        ("", "10/12/26", REGULAR),
        ("soon", "", REGULAR),
        ("", "0000-00-00", REGULAR),
        ("2026-13-01", "", REGULAR),
    ],
)
def test_a_sale_is_in_force_between_its_dates(starts: str, ends: str, found: dict[str, str]) -> None:
    assert priced("20", "15", starts, ends, NOON) == found


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system's zone cannot be changed")
@pytest.mark.parametrize("zone", ["UTC", "EST5", "JST-9"])
@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        ("0001-01-01", "9999-12-31"),
        ("0001-01-01T00:00:00", "9999-12-31T23:59:59"),
        ("0001-01-01T00:00+0200", "9999-12-31T23:59-0500"),
    ],
)
def test_the_calendar_s_ends_mean_always_in_every_zone(
    starts: str, ends: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", zone)
        time.tzset()
        found = priced("20", "15", starts, ends, NOON), priced("20", "15", ends, "", NOON)
    time.tzset()
    assert found == (SALE, REGULAR)


@pytest.mark.parametrize("sale", ["", "0", "0.00 EUR", "20", "25.00", "ask us"])
def test_what_is_no_lower_price_is_no_sale(sale: str) -> None:
    assert priced("20", sale, "", "", NOON) == REGULAR


@pytest.mark.parametrize(
    ("regular", "sale"), [("1.299,00 EUR", "999,50 EUR"), ("$1,299", "$999.5"), ("1 299,00", "1 298,99")]
)
def test_prices_are_compared_as_they_are_written(regular: str, sale: str) -> None:
    assert priced(regular, sale, "", "", NOON) == {"price": sale, "regular_price": regular}
    assert priced(sale, regular, "", "", NOON) == {"price": sale}


def products(folder: Path, text: str, format: str, name: str = "c.csv") -> dict[str, dict[str, str]]:
    (folder / name).write_text(text, encoding="utf-8")
    table = read_catalogue(folder / name, ReadOptions(format))
    assert table.problems == []
    return {product.product_id: _prices(product.attributes) for product in table.products}


def _prices(attributes: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in attributes.items() if "price" in name}


def test_google(tmp_path: Path) -> None:
    text = (
        "id,title,image_link,price,sale_price,sale_price_effective_date\n"
        "a,Tee,a.jpg,20 EUR,15 EUR,2020-01-01T00:00+0100/2999-12-31T23:59+0100\n"
        "b,Cap,b.jpg,20 EUR,15 EUR,2020-01-01T00:00+0100/2020-02-01T00:00+0100\n"
        "c,Bag,c.jpg,20 EUR,15 EUR,\nd,Hat,d.jpg,20 EUR,15 EUR,this week\ne,Belt,e.jpg,20 EUR,,\n"
    )
    sale, regular = {"price": "15 EUR", "regular_price": "20 EUR"}, {"price": "20 EUR"}
    assert products(tmp_path, text, "google") == {
        "a": sale, "b": regular, "c": sale, "d": regular, "e": regular
    }  # fmt: skip
    feed = (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>a</g:id><title>Tee</title>'
        "<g:image_link>a.jpg</g:image_link><g:price>20 EUR</g:price><g:sale_price>15 EUR</g:sale_price>"
        "</item></channel></rss>"
    )
    assert products(tmp_path, feed, "google", "c.xml") == {"a": sale}


WOOCOMMERCE = {
    "en": "Date sale price starts;Date sale price ends;Sale price;Regular price",
    "de": "Datum, an dem Angebotspreis beginnt;Datum, an dem Angebotspreis endet;Angebotspreis;"
    "Regulärer Preis",
    "fr": "Date de début de promo;Date de fin de promo;Tarif promo;Tarif régulier",
    "es": "Día en que empieza el precio rebajado;Día en que termina el precio rebajado;Precio rebajado;"
    "Precio normal",
    "nl": "Startdatum actieprijs;Einddatum actieprijs;Actieprijs;Reguliere prijs",
    "pt": "Data de preço promocional começa em;Data de preço promocional termina em;Preço promocional;Preço",
}


@pytest.mark.parametrize("language", WOOCOMMERCE)
def test_woocommerce(tmp_path: Path, language: str) -> None:
    text = (
        f"ID;Name;Images;{WOOCOMMERCE[language]}\n"
        "1;Tee;a.jpg;2020-01-01 0:00:00;2999-12-31 23:59:59;15;20\n2;Cap;b.jpg;;2020-01-01 0:00:00;15;20\n"
        "3;Bag;c.jpg;;;15;20\n4;Hat;d.jpg;;;;20\n"
    )
    assert products(tmp_path, text, "woocommerce") == {"1": SALE, "2": REGULAR, "3": SALE, "4": REGULAR}


def test_a_variable_product_of_woocommerce_has_its_first_variations_price(tmp_path: Path) -> None:
    """It has none of its own in the file."""
    text = (
        "ID,Type,Name,Images,Parent,Attribute 1 name,Attribute 1 value(s),Sale price,Regular price\n"
        '1,variable,Tee,a.jpg,,Size,"S, M",,\n2,variation,Tee,,id:1,Size,S,15,20\n'
        "3,variation,Tee,,id:1,Size,M,,25\n"
    )
    assert products(tmp_path, text, "woocommerce") == {"1": SALE}


def test_magento(tmp_path: Path) -> None:
    text = (
        "sku,categories,name,base_image,price,special_price,special_price_from_date,special_price_to_date\n"
        'A,Tops,Tee,a.jpg,20,15,5/16/19,"12/31/99, 12:00 AM"\nB,Tops,Cap,b.jpg,20,15,2020-01-01 00:00:00,'
        "2020-02-01 00:00:00\nC,Tops,Bag,c.jpg,20,,,\n"
    )
    assert products(tmp_path, text, "magento") == {"A": SALE, "B": REGULAR, "C": REGULAR}
