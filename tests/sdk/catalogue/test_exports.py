"""Exports of shop systems, written after their documentation: products, pictures, folded options."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pocketshelf.catalogue import CatalogueTable, ReadOptions, parse_mapping, read_catalogue
from pocketshelf.catalogue.exports.columns import plain_text
from pocketshelf.errors import CatalogueError, UsageError

CASES = Path(__file__).parent / "cases"


def read(folder: Path, text: str, format: str = "plain", name: str = "c.csv", *maps: str) -> CatalogueTable:
    (folder / name).write_text(text, encoding="utf-8")
    return read_catalogue(folder / name, ReadOptions(format, parse_mapping(maps)))


def images(table: CatalogueTable) -> dict[str, list[str]]:
    return {product.product_id: [picture.image for picture in product.pictures] for product in table.products}


SHOPIFY = (CASES / "shopify.csv").read_text(encoding="utf-8")


def test_shopify(tmp_path: Path) -> None:
    table = read(tmp_path, SHOPIFY, "shopify")
    tee, cap = table.products
    assert table.problems == [] and (tee.title, tee.category, len(tee.pictures)) == ("Tee", "Shirts", 2)
    assert tee.attributes == {
        "vendor": "Acme", "tags": "new, summer", "description": "Soft & light.\nCotton", "price": "19.00",
        "sku": "TEE-S", "Size": "S, M, L",
    }  # fmt: skip
    assert cap.category == "Apparel & Accessories > Clothing Accessories > Hats"
    assert "Title" not in cap.attributes


def test_shopify_as_it_exports_since_2025(tmp_path: Path) -> None:
    text = (
        "Title,URL handle,Description,Vendor,Product category,Type,SKU,Option1 name,Option1 value,Price,"
        "Product image URL,Image position,Variant image URL\n"
        "Tee,tee,<b>Soft</b>,Acme,,Shirts,T-R,Color,Red,19,https://x.test/red.jpg,1,https://x.test/red2.jpg\n"
        ",tee,,,,,T-B,,Blue,19,https://x.test/blue.jpg,2,\n"
    )
    (tee,) = read(tmp_path, text, "shopify").products
    assert [p.image.rsplit("/", 1)[1] for p in tee.pictures] == ["red.jpg", "red2.jpg", "blue.jpg"]
    assert tee.attributes["Color"] == "Red, Blue" and tee.attributes["description"] == "Soft"


def test_for_whom_a_product_of_shopify_is(tmp_path: Path) -> None:
    text = (
        "Handle,Title,Type,Image Src,Google Shopping / Gender,Google Shopping / Age Group\n"
        "tee,Tee,Shirts,https://x.test/red.jpg,Unisex,Kids\n"
    )
    (tee,) = read(tmp_path, text, "shopify").products
    assert tee.attributes == {"gender": "Unisex", "age_group": "Kids"}


WOOCOMMERCE = (CASES / "woocommerce.csv").read_text(encoding="utf-8")


def test_woocommerce(tmp_path: Path) -> None:
    table = read(tmp_path, WOOCOMMERCE, "woocommerce")
    assert [product.product_id for product in table.products] == ["vneck", "cap", "vneck-Red"]
    vneck, _, red = table.products
    assert (vneck.category, len(vneck.pictures)) == ("Clothing > Tshirts", 2)
    assert vneck.attributes["description"] == "Nice" and vneck.attributes["Size"] == "L, M"
    assert (red.title, red.category, len(red.pictures)) == ("V-Neck T-Shirt, Red", "Clothing > Tshirts", 1)
    assert [str(problem) for problem in table.problems] == ["line 6: its parent 'gone' is not in the file"]


LANGUAGES = {
    "de": "ID,Typ,Artikelnummer,Name,Veröffentlicht,Kurzbeschreibung,Beschreibung,Regulärer Preis,Kategorien,"
    "Schlagwörter,Bilder,Übergeordnetes Produkt,Attribut # Name,Attribut # Wert(e)",
    "fr": "ID,Type,UGS,Nom,Publié,Description courte,Description,Tarif régulier,Catégories,Étiquettes,Images,"
    "Parent,Nom de l’attribut #,Valeur(s) de l’attribut # ",
    "es": "ID,Tipo,SKU,Nombre,Publicado,Descripción corta,Descripción,Precio normal,Categorías,Etiquetas,"
    "Imágenes,Superior,Nombre del atributo #,Valor(es) del atributo #",
    "it": "ID,Tipo,SKU,Nome,Pubblicato,Breve descrizione,Descrizione,Prezzo di listino,Categorie,Tag,"
    "Immagine,Genitore,Nome dell'attributo #,Valore dell'attributo #",
    "nl": "ID,Type,Artikelnummer,Naam,Gepubliceerd,Korte omschrijving,Beschrijving,Reguliere prijs,"
    "Categorieën,Tags,Afbeeldingen,Hoofd,Naam eigenschap #,Waarde eigenschap #",
    "pt": "ID,Tipo,SKU,Nome,Publicado,Descrição curta,Descrição,Preço,"
    "Categorias,Tags,Imagens,Ascendente,Nome do atributo #,Valores do atributo #",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_woocommerce_in_the_shops_language(tmp_path: Path, language: str, delimiter: str) -> None:
    """The same file under other headers gives the same products."""
    *names, name, value = LANGUAGES[language].split(",")
    attributes = [part.replace("#", str(number)) for number in (1, 2) for part in (name, value)]
    _, rest = WOOCOMMERCE.split("\n", 1)
    if delimiter == ";":
        rest = "\n".join(";".join(f'"{cell}"' for cell in row) for row in csv.reader(rest.splitlines()))
    table = read(tmp_path, delimiter.join([*names, *attributes]) + "\n" + rest, "woocommerce")
    english = read(tmp_path, WOOCOMMERCE, "woocommerce")
    assert table.products == english.products and len(table.products) == 3
    assert table.problems == english.problems
    with pytest.raises(CatalogueError, match="this looks like woocommerce"):
        read(tmp_path, delimiter.join([*names, *attributes]) + "\n" + rest)


GOOGLE = (CASES / "google.tsv").read_text(encoding="utf-8")


def test_google_as_a_table(tmp_path: Path) -> None:
    for name, text in (
        ("c.tsv", GOOGLE),
        ("c.txt", GOOGLE.replace(" link", "_link").replace(" id\t", "_id\t")),
    ):
        table = read(tmp_path, text, "google", name)
        assert table.problems == [] and table.notes == []
        assert {key: len(value) for key, value in images(table).items()} == {"a-Red": 3, "a-Blue": 1, "b": 1}
        red, _, cap = table.products
        assert (red.category, red.attributes["size"]) == ("Home > Shirts", "S, M")
        assert (cap.category, cap.attributes["gtin"]) == ("Apparel & Accessories > Hats", "4006381333931")


@pytest.mark.parametrize("atom", [False, True], ids=["rss", "atom"])
def test_google_as_a_feed(tmp_path: Path, atom: bool) -> None:
    item = """<item><g:id>1</g:id><title>Tee &amp; more</title><g:image_link>https://x/a.jpg</g:image_link>
      <g:additional_image_link>https://x/b.jpg</g:additional_image_link>
      <g:additional_image_link><![CDATA[https://x/c.jpg]]></g:additional_image_link>
      <g:shipping><g:price>1 EUR</g:price></g:shipping><g:product_type>Shirts</g:product_type></item>"""
    text = f'<?xml version="1.0"?>\n<rss xmlns:g="http://base.google.com/ns/1.0"><channel>\n{item}\n'
    text += item.replace("<g:id>1<", "<g:id>2<").replace("g:image_link", "g:nothing") + "</channel></rss>"
    if atom:
        text = text.replace("item>", "entry>").replace("<rss", "<feed").replace("</rss", "</feed")
    table = read(tmp_path, text, "google", "feed.xml")
    (first, second) = table.products
    assert (first.title, first.category, first.line) == ("Tee & more", "Shirts", 3)
    assert len(first.pictures) == 3 and len(second.pictures) == 2 and "price" not in first.attributes


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><rss><item><id>&x;</id></item></rss>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>1</id></item></rss>',
        "<rss><item>",
        "<rss></rss>",
        "",
    ],
)
def test_a_feed_that_is_none_or_hostile_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError, match=r"feed\.xml"):
        read(tmp_path, text, "google", "feed.xml")


MAGENTO = (CASES / "magento.csv").read_text(encoding="utf-8")


def test_magento_writes_attributes_as_html(tmp_path: Path) -> None:
    told = "color=Red,size=S,fabric=Lycra&reg;|<b>Wool</b>,style=&frac14; zip"
    (red, *_) = read(tmp_path, MAGENTO.replace("color=Red,size=S", told, 1), "magento").products
    assert (red.attributes["fabric"], red.attributes["style"]) == ("Lycra®|Wool", "¼ zip")


def test_magento(tmp_path: Path) -> None:
    table = read(tmp_path, MAGENTO, "magento")
    assert images(table) == {
        "S-Red": ["/s/red.jpg", "/s/red2.jpg", "/s/red3.jpg"],
        "S-Blue": ["/s/shirt.jpg"],
        "BAG": ["/b/bag.jpg"],
    }
    red, _, bag = table.products
    assert (red.title, red.category) == ("Shirt, Red", "Men/Tops")
    assert red.attributes == {"material": "Wool, warm", "color": "Red", "size": "S, M"}
    assert bag.category == "Bag", "without a category, its attribute set's name"
    assert [str(problem) for problem in table.problems] == ["line 8: image is empty"]


def test_columns_are_mapped_by_name(tmp_path: Path) -> None:
    text = "SKU;Name;Group, sub;Image Src;Image 2\n1;Tee;Shirts;a.jpg;b.jpg\n2;Cap;Hats;c.jpg;\n"
    maps = ("product_id=sku,title=Name", "image=Image Src,image=Image 2", "category=Group, sub")
    table = read(tmp_path, text, "plain", "c.csv", *maps)
    assert images(table) == {"1": ["a.jpg", "b.jpg"], "2": ["c.jpg"]}
    assert [(p.title, p.category, p.attributes) for p in table.products] == [
        ("Tee", "Shirts", {}),
        ("Cap", "Hats", {}),
    ]
    with pytest.raises(CatalogueError, match=r"no column 'Nme' that --map names \(found: SKU, Name"):
        read(tmp_path, text, "plain", "c.csv", "product_id=SKU,title=Nme")
    for wrong in ("name=Title", "title", "title="):
        with pytest.raises(UsageError, match="OURS=THEIRS"):
            parse_mapping([wrong])


def test_a_map_overrides_what_a_format_takes(tmp_path: Path) -> None:
    table = read(tmp_path, SHOPIFY, "shopify", "c.csv", "category=Vendor")
    assert {product.category for product in table.products} == {"Acme"}


@pytest.mark.parametrize(
    ("text", "format"),
    [(SHOPIFY, "shopify"), (WOOCOMMERCE, "woocommerce"), (GOOGLE, "google"), (MAGENTO, "magento")],
)
def test_an_export_that_is_read_as_a_plain_file_is_recognised(tmp_path: Path, text: str, format: str) -> None:
    with pytest.raises(CatalogueError, match=f"this looks like {format}: --format {format}"):
        read(tmp_path, text)


def test_another_format_than_the_file_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        CatalogueError, match=r"is no export of magento: it has no column 'sku' \(found: Handle"
    ):
        read(tmp_path, SHOPIFY, "magento")
    with pytest.raises(UsageError, match="there are plain, magento, shopify, woocommerce, google"):
        read(tmp_path, SHOPIFY, "prestashop")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p>\n<p>Two&nbsp;&bull; three</p>", "One\nTwo • three"),
        ("a < b & c > d", "a < b & c > d"),
        ("<style>p {}</style>Hi<script>x()</script><br/>there", "Hi\nthere"),
        ("5 &lt; 6 &#8364; &#x20ac;", "5 < 6 € €"),
        ("<unclosed <b>bold", "bold"),
        ("<![x", "<![x"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize("format", ["shopify", "woocommerce", "google"])
def test_a_product_that_the_shop_sorted_nowhere_is_not_lost(tmp_path: Path, format: str) -> None:
    text = {
        "shopify": "Handle,Title,Image Src\ntee,Tee,a.jpg\ntee,,b.jpg\n",
        "woocommerce": 'ID,Name,Images,Categories\n1,Tee,"a.jpg, b.jpg",\n',
        "google": "id,title,image_link,additional_image_link\n1,Tee,a.jpg,b.jpg\n",
    }[format]
    (tee,) = read(tmp_path, text, format).products
    assert (tee.title, tee.category, len(tee.pictures)) == ("Tee", "Other", 2)


def test_colours_are_one_however_they_are_spelled(tmp_path: Path) -> None:
    header = "id,title,image_link,item_group_id,color\n"
    table = read(tmp_path, f"{header}1,T,a.jpg,g,Red\n2,T,b.jpg,g,red\nX,T,c.jpg,,\nx,T,d.jpg,,\n", "google")
    assert images(table) == {"g-Red": ["a.jpg", "b.jpg"], "X": ["c.jpg"], "x": ["d.jpg"]}


def test_magento_1(tmp_path: Path) -> None:
    """Further pictures stand in rows without a sku."""
    text = "sku,_store,_attribute_set,_type,_category,name,image,_media_image\n"
    text += "A,,Default,simple,Men/Shirts,Tee,/a.jpg,/a.jpg\n,,,,,,,/b.jpg\n"
    (tee,) = read(tmp_path, text, "magento").products
    assert (tee.category, [p.image for p in tee.pictures]) == ("Men/Shirts", ["/a.jpg", "/b.jpg"])


def test_what_shopify_does_not_show_is_left_out_and_said(tmp_path: Path) -> None:
    text = (
        "Handle,Title,Type,Image Src,Status\n"
        "tee,Tee,Shirts,tee.jpg,active\ntee,,,tee2.jpg,\n"
        "new,Not yet,Shirts,new.jpg,draft\nnew,,,new2.jpg,\nold,Once,Shirts,old.jpg,Archived\n"
    )
    table = read(tmp_path, text, "shopify")
    assert images(table) == {"tee": ["tee.jpg", "tee2.jpg"]} and table.problems == []
    assert [str(note) for note in table.notes] == [
        "line 4: drafts, and what is archived or disabled in the shop, are left out: lines 4, 5, 6"
    ]


def test_what_woocommerce_does_not_show_is_left_out_and_said(tmp_path: Path) -> None:
    text = (
        "ID,Type,SKU,Name,Published,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s)\n"
        '1,variable,v,Vest,1,Vests,v.jpg,,Color,"Red, Blue"\n'
        "2,variation,v-r,Vest,1,,red.jpg,v,Color,Red\n3,variation,v-b,Vest,0,,blue.jpg,id:1,Color,Blue\n"
        "4,variable,d,Draft,-1,Vests,d.jpg,,Color,Red\n5,variation,d-r,Draft,1,,dr.jpg,d,Color,Red\n"
        "6,simple,p,Private,0,Vests,p.jpg,,,\n"
    )
    table = read(tmp_path, text, "woocommerce")
    assert images(table) == {"v": ["v.jpg"], "v-Red": ["red.jpg"]} and table.problems == []
    assert "left out: lines 4, 5, 6, 7" in str(table.notes[0])


def test_what_magento_does_not_show_is_left_out_and_said(tmp_path: Path) -> None:
    columns = (
        "sku,store_view_code,categories,name,product_online,base_image,additional_attributes,"
        "configurable_variations\n"
    )
    text = columns + (
        "A-R,,Tops,Tee,1,ar.jpg,color=Red,\nA-B,,Tops,Tee,2,ab.jpg,color=Blue,\n"
        'A,,Tops,Tee,1,a.jpg,,"sku=A-R,color=Red|sku=A-B,color=Blue"\n'
        'B-R,,Tops,Off,1,br.jpg,color=Red,\nB,,Tops,Off,2,b.jpg,,"sku=B-R,color=Red"\n'
        "C,,Tops,Bag,1,c.jpg,,\nC,de,,Tasche,2,,,\n"
    )
    table = read(tmp_path, text, "magento")
    assert images(table) == {"A-Red": ["ar.jpg"], "C": ["c.jpg"]} and table.problems == []
    assert "left out: lines 3, 5, 6" in str(table.notes[0])


def test_what_magento_writes_for_empty_is_no_text_and_no_picture(tmp_path: Path) -> None:
    empty = "__EMPTY__VALUE__"
    text = (
        "sku,categories,name,description,price,base_image,additional_images,additional_attributes\n"
        f'A,Tops,Tee,{empty},{empty},a.jpg,{empty},"care={empty},color=Red"\n'
        f"B,Tops,Bag,Nice,5,no_selection,b.jpg,\nC,Tops,Cap,Nice,5,no_selection,{empty},\n"
    )
    table = read(tmp_path, text, "magento")
    assert images(table) == {"A": ["a.jpg"], "B": ["b.jpg"]}
    assert table.products[0].attributes == {"color": "Red"}
    assert [str(problem) for problem in table.problems] == ["line 4: image is empty"]
