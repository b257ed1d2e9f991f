"""The rules that the app's files keep: ``python3 ios_demo/tools/lint.py``. Python's own library only.

Each broken rule is a line ``lint: FILE:LINE: what is wrong``; the exit code is 1 if there is any. Looked at:
Swift files of ``App``, the String Catalogs, the Xcode project and the privacy manifest.
"""

from __future__ import annotations

import json
import plistlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
APP = HERE / "App"
LANGUAGES = ("de", "zh-Hans")
LONGEST_LINE, LONGEST_FILE = 120, 400

# What a line may not have, and why.
FORBIDDEN = {
    r"\btry!": "a failure would end the app: catch it, and say it",
    r"\bfatalError\(": "a failure would end the app: say it on the screen",
    r"\bprint\(": "nobody reads it: say it on the screen, or leave it",
    r"\.system\(size:": "a fixed size ignores Dynamic Type: take a text style",
    r"Color(\.white|\.black|\(red:|\(white:)": "a fixed colour ignores dark mode: take a semantic one",
    r"\bAsyncImage\b": "its host is told what is looked at: take ServerPicture",
    r"\bhttp://": "plain HTTP; the system refuses it as well",
    r"\t": "a tab",
    r"\s+$": "blanks at the end",
    r"\bTODO\b|\bFIXME\b": "unfinished",
}
TYPE = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:private|final|public|indirect)\s+)*"
    r"(struct|class|enum|protocol|actor) (\w+)"
)
# A literal that a person reads: the first argument of these, or the named one.
CALLS = (
    "Text|Label|Button|Section|Toggle|TextField|Picker|LabeledContent|NavigationLink|ProgressView|navigationTitle"
    r"|accessibilityLabel|accessibilityHint|localized:|title:|text:|Text\("
)
READ = re.compile(rf'(?:\b(?:{CALLS})\s*\(?\s*)"((?:[^"\\]|\\.)*)"')
PLACEHOLDER = re.compile(r"%(?:\d+\$)?(?:@|lld|lf)")


def swift_files() -> list[Path]:
    """The app's files."""
    return sorted(APP.rglob("*.swift"))


def swift_rules(path: Path) -> Iterator[tuple[int, str]]:
    """What is wrong in one file: (line, words)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) >= LONGEST_FILE:
        yield len(lines), f"{len(lines)} lines; under {LONGEST_FILE} are easier to read"
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            yield number, f"{len(line)} characters; at most {LONGEST_LINE}"
        code = line.split("//")[0] if "://" not in line else line
        for pattern, why in FORBIDDEN.items():
            if re.search(pattern, line if pattern.startswith((r"\s", r"\t")) else code):
                yield number, why
        if (found := TYPE.match(line)) and not documented(lines, number - 1):
            yield number, f"{found[1]} {found[2]} has no documentation"
        if "Image(systemName:" in line and not spoken("\n".join(lines[number - 1 : number + 8])):
            yield number, "a symbol that VoiceOver reads as its file's name: hide it, or label it"


def documented(lines: list[str], index: int) -> bool:
    """Whether the declaration at ``index`` has a documentation comment above it and its attributes."""
    above = index - 1
    while above >= 0 and lines[above].strip().startswith("@"):
        above -= 1
    return above >= 0 and lines[above].strip().startswith("///")


def spoken(following: str) -> bool:
    """Whether a symbol is hidden from VoiceOver or labelled there."""
    return "accessibilityHidden(true)" in following or "accessibilityLabel(" in following


def words_of(text: str) -> Iterator[tuple[int, str]]:
    """(Line, literal) of everything that a person reads in a Swift file."""
    for found in READ.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1]


def fits(key: str, literal: str) -> bool:
    """Whether a catalogue's key is that of a literal: a placeholder stands for each interpolation."""
    pieces = re.split(r"\\\((?:[^()]|\([^()]*(?:\([^()]*\)[^()]*)*\))*\)", literal)
    return re.fullmatch(PLACEHOLDER.pattern.join(map(re.escape, pieces)), key) is not None


def catalogue_rules() -> Iterator[tuple[Path, int, str]]:
    """What is wrong between the app's words and its String Catalog."""
    path = APP / "Localizable.xcstrings"
    strings: dict[str, dict] = json.loads(path.read_text(encoding="utf-8"))["strings"]
    used: set[str] = set()
    for file in swift_files():
        for line, literal in words_of(file.read_text(encoding="utf-8")):
            keys = [key for key in strings if fits(key, literal)]
            used.update(keys)
            if not keys:
                yield file, line, f"{literal!r} is in no String Catalog"
    for key in sorted(set(strings) - used):
        yield path, 1, f"{key!r} is said nowhere in the app"
    yield from translation_rules(path, strings)


def translation_rules(path: Path, strings: dict[str, dict]) -> Iterator[tuple[Path, int, str]]:
    """What is missing in the languages."""
    for key, entry in strings.items():
        if entry.get("shouldTranslate") is False:
            continue
        for language in LANGUAGES:
            forms = list(translated(entry.get("localizations", {}).get(language, {})))
            if not forms:
                yield path, 1, f"{key!r} has no {language}"
            for form in forms:
                if sorted(PLACEHOLDER.findall(form)) != sorted(PLACEHOLDER.findall(key)):
                    yield path, 1, f"{key!r}: {language} has other placeholders: {form!r}"


def translated(part: dict) -> Iterator[str]:
    """Every form of one language's entry; plurals have several."""
    unit = part.get("stringUnit", {"state": "new"})
    if unit["state"] == "translated" and unit["value"].strip():
        yield unit["value"]
    for plural in part.get("variations", {}).get("plural", {}).values():
        yield from translated(plural)


def project_rules() -> Iterator[tuple[Path, int, str]]:
    """What is wrong with the Xcode project: its syntax, and ids that nothing defines."""
    path = HERE / "Pocketshelf.xcodeproj" / "project.pbxproj"
    try:
        project = OpenStep(path.read_text(encoding="utf-8")).whole()
    except ValueError as error:
        yield path, 1, str(error)
        return
    objects: dict[str, dict] = project["objects"]
    for name, entry in [("rootObject", {"rootObject": project["rootObject"]}), *objects.items()]:
        for key, value in entry.items():
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and re.fullmatch("[0-9A-F]{24}", each) and each not in objects:
                    yield path, 1, f"{name}: {key} names {each}, which nothing defines"
    for name, entry in objects.items():
        folder = entry.get("relativePath") or (
            entry["isa"] == "PBXFileSystemSynchronizedRootGroup" and entry["path"]
        )
        if folder and not (HERE / folder).is_dir():
            yield path, 1, f"{name}: there is no folder {folder}"
        settings = entry.get("buildSettings", {})
        if (
            "PRODUCT_BUNDLE_IDENTIFIER" in settings
            and "INFOPLIST_KEY_NSCameraUsageDescription" not in settings
        ):
            yield path, 1, f"{name}: does not say what the camera is for; the system would end the app"


class OpenStep:
    """A property list in the old ASCII form, as Xcode writes its projects."""

    TOKEN = re.compile(
        r'\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*([{}()=;,]|"(?:[^"\\]|\\.)*"|[\w./$-]+)', re.DOTALL
    )

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def whole(self) -> dict:
        """The one dictionary in it.

        Raises:
            ValueError: it is not well formed; says where.
        """
        found = self._value(self._next())
        if not isinstance(found, dict) or self.TOKEN.match(self._text, self._at):
            raise self._error("more than one value, or no dictionary")
        return found

    def _next(self) -> str:
        found = self.TOKEN.match(self._text, self._at)
        if not found:
            raise self._error("cannot be read")
        self._at = found.end()
        return found[1]

    def _value(self, token: str) -> dict | list | str:
        if token == "{":
            return dict(iter(self._pair, None))
        if token == "(":
            return list(iter(self._item, None))
        if token in "}()=;,":
            raise self._error(f"{token!r} where a value is due")
        return token[1:-1] if token.startswith('"') else token

    def _pair(self) -> tuple[str, dict | list | str] | None:
        if (key := self._next()) == "}":
            return None
        if self._next() != "=":
            raise self._error("no '=' after a key")
        value = self._value(self._next())
        if self._next() != ";":
            raise self._error("no ';' after a value")
        return key.strip('"'), value

    def _item(self) -> dict | list | str | None:
        if (token := self._next()) == ")":
            return None
        value = self._value(token)
        if self._next() != ",":
            raise self._error("no ',' after an item")
        return value

    def _error(self, why: str) -> ValueError:
        return ValueError(f"line {self._text.count(chr(10), 0, self._at) + 1}: {why}")


def privacy_rules() -> Iterator[tuple[Path, int, str]]:
    """What is wrong with the privacy manifest: the app tracks nobody, and says so."""
    path = APP / "PrivacyInfo.xcprivacy"
    manifest = plistlib.loads(path.read_bytes())
    if manifest.get("NSPrivacyTracking") is not False or manifest.get("NSPrivacyCollectedDataTypes") != []:
        yield path, 1, "says that data is collected, or does not say that none is"


def main() -> int:
    """Print what is wrong; the exit code."""
    found = [(path, line, why) for path in swift_files() for line, why in swift_rules(path)]
    found += [*catalogue_rules(), *project_rules(), *privacy_rules()]
    for path in sorted(APP.rglob("InfoPlist.xcstrings")):
        found += translation_rules(path, json.loads(path.read_text(encoding="utf-8"))["strings"])
    for path, line, why in found:
        print(f"lint: {path.relative_to(HERE)}:{line}: {why}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
