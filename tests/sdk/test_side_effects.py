"""A guest in somebody's process: nothing of it changes, nothing is written, no line of its log is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.catalogue import build_store

# What belongs to everybody in a process, as one comparable value.
STATE = """
import decimal, gc, locale, logging, os, random, signal, socket, sys, threading, warnings

def state():
    from PIL import Image, ImageFile
    import numpy
    root = logging.getLogger()
    loggers = {name: (logger.level, len(logger.handlers), logger.propagate, logger.disabled)
        for name, logger in logging.Logger.manager.loggerDict.items()
        if isinstance(logger, logging.Logger) and not name.startswith("pocketshelf")}
    return {
        "pillow": (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, ImageFile.MAXBLOCK),
        "formats": (sorted(set(Image.OPEN) - NATIVE), Image.WARN_POSSIBLE_FORMATS),
        "extensions": sorted(set(Image.EXTENSION) & {".heic", ".heif"}),
        "logging": (root.level, list(root.handlers), root.disabled, root.manager.disable,
            logging.raiseExceptions, logging.getLoggerClass(), logging.getLogRecordFactory(),
            list(logging._levelToName.items())),
        "loggers": {name: value for name, value in loggers.items() if value != (0, 0, True, False)},
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        "environment": dict(os.environ), "folder": os.getcwd(), "path": list(sys.path), "umask": umask(),
        "hooks": (sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook,
            sys.gettrace(), sys.getprofile()),
        "streams": [(s.encoding, s.errors, s.line_buffering) for s in (sys.stdin, sys.stdout, sys.stderr)],
        "limits": (sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.getswitchinterval(),
            gc.get_threshold(), gc.isenabled()),
        "numpy": (numpy.geterr(), numpy.get_printoptions(), numpy.random.get_state()[1].tolist()),
        "random": random.getstate(),
        "locale": locale.setlocale(locale.LC_ALL), "timeout": socket.getdefaulttimeout(),
        "threads": [thread.name for thread in threading.enumerate()], "decimal": repr(decimal.getcontext()),
        "descriptors": [os.fstat(number)[:3] for number in range(3)],
    }

def umask():
    mask = os.umask(0o22); os.umask(mask); return mask

from PIL import Image
Image.init()
NATIVE = set(Image.OPEN)
import numpy
numpy.random.rand(3)

def compare(before, after, what):
    changed = {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert not changed, f"{what} changed {changed}"
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Path:
    """A store of two products, photos of several kinds, and the trained bundle's path in ``bundle.txt``."""
    folder = tmp_path_factory.mktemp("shop")
    for name, colour in (("red", (200, 30, 40)), ("blue", (20, 30, 200))):
        Image.new("RGB", (96, 64), colour).save(folder / f"{name}.png")
    (folder / "catalogue.csv").write_text("product_id,title,category,image\n1,R,c,red.png\n2,B,c,blue.png\n")
    build_store(folder / "catalogue.csv", folder / "store", bundle=trained_bundle)
    Image.new("RGB", (96, 64), (200, 30, 40)).save(folder / "photo.jpg")
    shutil.copy(Path(__file__).parent / "stages/preprocess/pictures/iphone.heic", folder)
    return folder


def run(shop: Path, code: str, *before: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-c", code, str(shop)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


def test_importing_us_changes_nothing_of_the_process(shop: Path) -> None:
    code = """
before = state()
import importlib, pkgutil, pocketshelf
for module in pkgutil.walk_packages(pocketshelf.__path__, "pocketshelf."):
    if module.name.rpartition(".")[2] != "__main__" and ".kiosk" not in module.name:
        importlib.import_module(module.name)
compare(before, state(), "importing")
"""
    done = run(shop, STATE + code)
    assert done.returncode == 0 and done.stdout == done.stderr == "", done.stderr


def test_searching_changes_nothing_of_the_process(shop: Path) -> None:
    code = """
before = state()
from pathlib import Path
from pocketshelf import Retriever
shop = Path(sys.argv[1])
with Retriever.open(shop / "store") as retriever:
    for name in ("photo.jpg", "red.png", "iphone.heic"):
        assert retriever.search(shop / name).regions[0].hits
    try:
        retriever.search(b"GIF89a")
    except Exception as error:
        assert "photo" in str(error)
compare(before, state(), "searching")
"""
    done = run(shop, STATE + code)
    assert done.returncode == 0, done.stderr


def test_a_host_that_makes_errors_of_warnings_gets_its_photos(shop: Path) -> None:
    code = """
import sys
from pathlib import Path
from pocketshelf import decode_photo
for name in ("photo.jpg", "red.png", "iphone.heic"):
    decode_photo(Path(sys.argv[1]) / name)
"""
    done = run(shop, "import warnings; warnings.simplefilter('error')" + code)
    assert done.returncode == 0 and done.stderr == "", done.stderr


def test_no_line_of_a_hosts_log_is_lost_while_models_load(shop: Path) -> None:
    code = """
import sys, threading, time
from pathlib import Path
from pocketshelf import Retriever
stop = threading.Event()
said = 0

def talk():
    global said
    while not stop.is_set():
        sys.stderr.write(f"INFO: line {said} of the host\\n")
        sys.stderr.flush()
        said += 1
        time.sleep(0.0005)

host = threading.Thread(target=talk)
host.start()
opened = 0
while opened < 4 or said < 100:
    Retriever.open(Path(sys.argv[1]) / "store").close()
    opened += 1
stop.set()
host.join()
print(said)
"""
    done = run(shop, code)
    lines = [line for line in done.stderr.splitlines() if "of the host" in line]
    assert int(done.stdout) >= 100
    assert lines == [f"INFO: line {number} of the host" for number in range(int(done.stdout))]


SEARCH = """
import os, sys, tempfile
from pathlib import Path
from pocketshelf import Retriever
shop = Path(sys.argv[1])
try:
    tempfile.gettempdir()
    raise SystemExit("there is a folder for temporary files")
except FileNotFoundError:
    pass
with Retriever.open(shop / "store") as retriever:
    for name in ("photo.jpg", "iphone.heic"):
        assert retriever.search(shop / name).regions[0].hits[0].product_id in "12"
"""
# Every mount becomes read-only, those of the kernel's own aside.
READ_ONLY = """
cut -d' ' -f2 /proc/mounts | while read -r place; do mount -o remount,bind,ro "$place" 2>/dev/null; done
exec "$@"
"""


def test_searching_needs_no_place_to_write(shop: Path) -> None:
    """A read-only root, no folder for temporary files, and so a full disk."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("needs 'unshare' to make everything read-only for one process")
    done = run(shop, SEARCH, *alone, "sh", "-c", READ_ONLY, "sh", cwd="/")
    assert done.returncode == 0, done.stderr


def test_searching_opens_nothing_for_writing(shop: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from pocketshelf import Retriever
written = []

def hook(event, args):
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(args[0])
    if event in ("os.mkdir", "os.rename", "os.remove", "tempfile.mkstemp", "tempfile.mkdtemp"):
        written.append((event, args))

sys.dont_write_bytecode = True
sys.addaudithook(hook)
shop = Path(sys.argv[1])
with Retriever.open(shop / "store") as retriever:
    retriever.search(shop / "photo.jpg")
assert not written, written
"""
    done = run(shop, code)
    assert done.returncode == 0, done.stderr
