"""DeepFashion's benchmarks on tiny folders in their own formats."""

import logging
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf_training.data import (
    deepfashion_attributes,
    deepfashion_consumer,
    deepfashion_inshop,
    deepfashion_landmarks,
)
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def counted(path: Path, header: str, rows: list[str]) -> None:
    write(path, "\n".join([str(len(rows)), header, *rows]) + "\n")


def picture(path: Path, size: tuple[int, int], colour: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


LANDMARK_HEADER = "image_name clothes_type variation_type landmark_visibility_1 landmark_location_x_1 …"
NAMES = [f"img/WOMEN/Dresses/id_0000000{i}/0{i}_1_front.jpg" for i in (1, 2, 2)]
NAMES[2] = NAMES[2].replace("front", "back")


@pytest.fixture
def inshop(tmp_path: Path) -> Path:
    rows = [
        f"{NAMES[0]} id_00000001 train",
        f"{NAMES[1]} id_00000002 query",
        f"{NAMES[2]} id_00000002 gallery",
    ]
    counted(tmp_path / "Eval/list_eval_partition.txt", "image_name item_id evaluation_status", rows)
    boxes = [f"{name} 2 {pose} 64 32 192 224" for name, pose in zip(NAMES, "113", strict=True)]
    counted(
        tmp_path / "Anno/list_bbox_inshop.txt", "image_name clothes_type pose_type x_1 y_1 x_2 y_2", boxes
    )
    marks = [f"{NAMES[0]} 2 1 0 64 032 1 128 32 2 0 0 0 192 224"]
    counted(tmp_path / "Anno/list_landmarks_inshop.txt", LANDMARK_HEADER, marks)
    write(tmp_path / "Anno/list_attr_cloth.txt", "2\nattribute_name\nlong sleeve\nfloral\n")
    counted(
        tmp_path / "Anno/list_attr_items.txt",
        "item_id attribute_labels",
        ["id_00000001 1 -1", "id_00000002 -1 0"],
    )
    for name in NAMES:
        picture(tmp_path / "Img" / name, (256, 256))
        picture(tmp_path / "Img" / name.replace("img/", "img_highres/"), (750, 1100))
    return tmp_path


def test_inshop_splits_roles_and_attributes(inshop: Path) -> None:
    samples = deepfashion_inshop.load(inshop)
    assert [(s.split, s.attributes["partition"]) for s in samples] == [
        ("train", "train"),
        ("test", "query"),
        ("test", "gallery"),
    ]
    assert [s.identity for s in samples] == ["id_00000001", "id_00000002", "id_00000002"]
    assert {s.category for s in samples} == {"Dresses"}
    assert samples[2].attributes["pose"] == "back"
    assert samples[0].attributes["long sleeve"] == "yes"
    assert "floral" not in samples[0].attributes
    assert samples[1].attributes["floral"] == "unknown"
    assert all(s.image.is_file() for s in samples)


def test_inshop_boxes_belong_to_the_low_resolution_pictures(inshop: Path) -> None:
    low = deepfashion_inshop.load(inshop)[0]
    assert low.boxes == (("lower-body", (64.0, 32.0, 128.0, 192.0)),)
    high = deepfashion_inshop.load(inshop, pictures="img_highres")[0]
    assert high.image.parent.parent.parent.parent.name == "img_highres"
    # 1,100 high: 4.296875 times 256; the original stands centred, 350 of its pixels are white.
    scale = 1100 / 256
    ((group, box),) = high.boxes
    assert group == "lower-body"
    assert box == pytest.approx((64 * scale - 175, 32 * scale, 128 * scale, 192 * scale))
    # A box centred on the square stays centred on the picture.
    assert box[0] + box[2] / 2 == pytest.approx(750 / 2)


def test_inshop_landmarks_are_named_scaled_and_cut_off_ones_left_out(inshop: Path) -> None:
    marks = deepfashion_inshop.load(inshop, pictures="img_highres")[0].landmarks
    assert set(marks) == {"left waistline", "right waistline", "right hem"}
    x, y, visible = marks["right waistline"]
    assert (x, y) == pytest.approx((375.0, 32 * 1100 / 256))
    assert not visible
    assert marks["right hem"][2]


def test_inshop_faults_name_file_and_line(inshop: Path) -> None:
    bad = [f"{NAMES[0]} id_00000001 train", f"{NAMES[1]} id_00000002 validate", f"{NAMES[2]} x gallery"]
    counted(inshop / "Eval/list_eval_partition.txt", "image_name item_id evaluation_status", bad)
    with pytest.raises(DataDamaged, match=r"list_eval_partition\.txt:4: evaluation status is 'validate'"):
        deepfashion_inshop.load(inshop)
    write(inshop / "Eval/list_eval_partition.txt", "3\nimage_name item_id evaluation_status\n" + bad[0])
    with pytest.raises(DataDamaged, match="promises 3 rows, 1 follow"):
        deepfashion_inshop.load(inshop)
    (inshop / "Anno/list_bbox_inshop.txt").unlink()
    with pytest.raises(DataMissing, match="list_bbox_inshop"):
        deepfashion_inshop.load(inshop)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2 1 64 32 x 224", r":3: not a number: 'x'"),
        ("2 1 192 32 64 224", r":3: an empty box"),
        ("7 1 64 32 192 224", r":3: clothes type is '7'"),
        ("2 1 64 32", r":3: 5 fields"),
    ],
)
def test_inshop_damaged_boxes(inshop: Path, row: str, message: str) -> None:
    counted(inshop / "Anno/list_bbox_inshop.txt", "header", [f"{NAMES[0]} {row}"])
    with pytest.raises(DataDamaged, match=message) as caught:
        deepfashion_inshop.load(inshop)
    assert "list_bbox_inshop.txt" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_inshop_landmark_count_must_fit_the_clothes_type(inshop: Path) -> None:
    counted(inshop / "Anno/list_landmarks_inshop.txt", LANDMARK_HEADER, [f"{NAMES[0]} 1 1 0 64 032"])
    with pytest.raises(DataDamaged, match=r":3: 3 landmark values where 18 belong"):
        deepfashion_inshop.load(inshop)


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """Items 1 and 3 are one product: their shop pictures are the same file; item 3 is in test."""
    base = "img/TOPS/T_Shirt/id_0000000"
    pairs = [
        f"{base}1/comsumer_01.jpg {base}1/shop_01.jpg id_00000001 train",
        f"{base}1/comsumer_02.jpg {base}1/shop_01.jpg id_00000001 train",
        f"{base}2/comsumer_01.jpg {base}2/shop_01.jpg id_00000002 train",
        f"{base}3/comsumer_01.jpg {base}3/shop_01.jpg id_00000003 test",
    ]
    counted(tmp_path / "Eval/list_eval_partition.txt", "image_pair_name_1 image_pair_name_2 …", pairs)
    names = sorted({name for pair in pairs for name in pair.split()[:2]})
    boxes = [f"{name} 1 {'1' if 'shop' in name else '2'} 30 40 120 250" for name in names]
    counted(tmp_path / "Anno/list_bbox_consumer2shop.txt", "image_name clothes_type source_type …", boxes)
    write(tmp_path / "Anno/list_attr_cloth.txt", "1\nnames\n长袖 long sleeve 3\n")
    counted(tmp_path / "Anno/list_attr_items.txt", "item_id …", ["id_00000001 1", "id_00000002 -1"])
    for index, name in enumerate(names):
        same = name.endswith(("1/shop_01.jpg", "3/shop_01.jpg"))
        colour = "blue" if same else f"#{index * 25:02x}4010"
        picture(tmp_path / "Img" / name, (200, 300), colour)
    return tmp_path


def test_consumer_pictures_come_once_and_keep_their_domain(consumer: Path) -> None:
    samples = deepfashion_consumer.load(consumer, merge_duplicates=False)
    assert len(samples) == 7
    assert [s.domain for s in samples if s.identity == "id_00000001"] == ["street", "shop", "street"]
    assert samples[0].boxes == (("upper-body", (30.0, 40.0, 90.0, 210.0)),)
    assert samples[0].category == "T_Shirt"
    assert samples[0].attributes == {"long sleeve": "yes"}


def test_consumer_duplicate_products_become_one_and_do_not_leak(
    consumer: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "pocketshelf.training"):
        samples = deepfashion_consumer.load(consumer)
    merged = [s for s in samples if s.identity == "id_00000001"]
    # Item 3 got item 1's number; item 1's own training pictures are gone, as its twin is tested.
    assert {s.split for s in merged} == {"test"}
    assert {s.image.parent.name for s in merged} == {"id_00000003"}
    assert {s.identity for s in samples if s.split == "train"} == {"id_00000002"}
    assert "1 of 3 identities were doubles" in caplog.text
    assert "3 pictures left out" in caplog.text


def test_consumer_box_is_scaled_to_the_picture_at_hand(consumer: Path) -> None:
    for path in list((consumer / "Img/img").rglob("*.jpg")):
        picture(consumer / "Img/large" / path.relative_to(consumer / "Img/img"), (800, 1200))
    sample = deepfashion_consumer.load(consumer, pictures="large", merge_duplicates=False)[0]
    assert sample.boxes[0][1] == pytest.approx((120.0, 160.0, 360.0, 840.0))
    sample.image.write_bytes(b"no image")
    with pytest.raises(DataDamaged, match="unreadable, so boxes cannot be scaled"):
        deepfashion_consumer.load(consumer, pictures="large", merge_duplicates=False)


FINE = ["img/A_Blouse/img_1.jpg", "img/B_Dress/img_2.jpg"]


@pytest.fixture
def attributes(tmp_path: Path) -> Path:
    counted(tmp_path / "Eval/list_eval_partition.txt", "image_name evaluation_status", [f"{FINE[0]} train"])
    for folder in ("Anno_coarse", "Anno_fine"):
        counted(
            tmp_path / folder / "list_category_cloth.txt",
            "category_name category_type",
            ["Blouse 1", "Dress 3"],
        )
    coarse = tmp_path / "Anno_coarse"
    counted(coarse / "list_category_img.txt", "image_name category_label", [f"{FINE[0]} 1"])
    counted(coarse / "list_bbox.txt", "image_name x_1 y_1 x_2 y_2", [f"{FINE[0]} 10 20 110 220"])
    counted(
        coarse / "list_attr_cloth.txt",
        "attribute_name attribute_type",
        ["a-line dress 3", "floral 1", "red 1"],
    )
    counted(coarse / "list_attr_img.txt", "image_name attribute_labels", [f"{FINE[0]} 1 -1 0"])
    # This benchmark's list has no column variation_type.
    header = "image_name clothes_type landmark_visibility_1 landmark_location_x_1 …"
    values = " ".join(f"0 {10 * i} {20 * i}" for i in range(1, 7))
    counted(coarse / "list_landmarks.txt", header, [f"{FINE[0]} 1 {values}"])
    fine = tmp_path / "Anno_fine"
    counted(
        fine / "list_attr_cloth.txt",
        "attribute_name attribute_type",
        ["floral 1", "solid 1", "long_sleeve 2"],
    )
    for split in ("train", "val", "test"):
        names = FINE if split == "train" else []
        write(fine / f"{split}.txt", "\n".join(names))
        write(fine / f"{split}_attr.txt", "1 1 1\n0 1 0\n" if names else "")
        write(fine / f"{split}_cate.txt", "1\n2\n" if names else "")
        write(fine / f"{split}_bbox.txt", "1 2 11 22\n5 6 15 26\n" if names else "")
        write(fine / f"{split}_landmarks.txt", f"7 8{' 0' * 14}\n{'3 ' * 16}\n" if names else "")
    (tmp_path / "img").mkdir()
    return tmp_path


def test_attributes_coarse(attributes: Path) -> None:
    (sample,) = deepfashion_attributes.load(attributes)
    assert (sample.category, sample.split, sample.identity) == ("Blouse", "train", None)
    assert sample.attributes == {"a-line dress": "yes", "red": "unknown"}
    assert sample.boxes == (("upper-body", (10.0, 20.0, 100.0, 200.0)),)
    assert sample.landmarks["right hem"] == (60.0, 120.0, True)


def test_attributes_fine_lists_go_line_by_line(attributes: Path) -> None:
    first, second = deepfashion_attributes.load(attributes, fine=True)
    assert first.attributes == {"texture": "floral+solid", "sleeve": "long_sleeve"}
    assert (second.category, second.attributes) == ("Dress", {"texture": "solid"})
    assert first.landmarks == {"left collar": (7.0, 8.0, True)}
    assert second.boxes == (("full-body", (5.0, 6.0, 10.0, 20.0)),)
    write(attributes / "Anno_fine/train_cate.txt", "1\n")
    with pytest.raises(DataDamaged, match=r"train_cate\.txt:1: 1 lines, but train\.txt has 2"):
        deepfashion_attributes.load(attributes, fine=True)


def test_attributes_faults(attributes: Path) -> None:
    counted(attributes / "Anno_coarse/list_attr_img.txt", "h", [f"{FINE[0]} 1 -1"])
    with pytest.raises(DataDamaged, match=r"list_attr_img\.txt:3: 2 labels where 3 attributes"):
        deepfashion_attributes.load(attributes)
    counted(attributes / "Anno_coarse/list_attr_img.txt", "h", [f"{FINE[0]} 1 -1 5"])
    with pytest.raises(DataDamaged, match="label '5' is none of"):
        deepfashion_attributes.load(attributes)
    counted(attributes / "Anno_coarse/list_attr_img.txt", "h", [f"{FINE[0]} 1 -1 0"])
    counted(attributes / "Anno_coarse/list_category_img.txt", "h", [f"{FINE[0]} 51"])
    with pytest.raises(DataDamaged, match=r"list_category_img\.txt:3: category 51 is not in 1 to 2"):
        deepfashion_attributes.load(attributes)


def test_landmarks_benchmark_is_annotated_at_512(tmp_path: Path) -> None:
    name = "img/img_00000001.jpg"
    counted(tmp_path / "Eval/list_eval_partition.txt", "image_name evaluation_status", [f"{name} val"])
    counted(tmp_path / "Anno/list_bbox.txt", "image_name x_1 y_1 x_2 y_2", [f"{name} 100 100 200 300"])
    counted(tmp_path / "Anno/list_landmarks.txt", LANDMARK_HEADER, [f"{name} 2 4 0 64 32 1 8 8 2 0 0 2 0 0"])
    picture(tmp_path / "Img" / name, (384, 512))
    picture(tmp_path / "Img/half/img_00000001.jpg", (192, 256))
    (sample,) = deepfashion_landmarks.load(tmp_path, pictures="half")
    assert sample.boxes == (("lower-body", (50.0, 50.0, 50.0, 100.0)),)
    assert sample.landmarks == {"left waistline": (32.0, 16.0, True), "right waistline": (4.0, 4.0, False)}
    assert (sample.split, sample.attributes) == ("val", {"variation": "medium zoom-in"})
    counted(tmp_path / "Anno/list_bbox.txt", "h", ["img/other.jpg 1 1 2 2"])
    with pytest.raises(DataDamaged, match=r"list_eval_partition\.txt:3: .* is not in list_bbox\.txt"):
        deepfashion_landmarks.load(tmp_path)
