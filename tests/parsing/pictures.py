"""Pictures of text, drawn by Pillow."""

import base64
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

LINES = (
    "The quick brown fox jumps over the lazy dog",
    "and runs into the forest, where it sleeps",
    "until the morning of the following day.",
)
# A photo as phones take them, which Pillow alone can neither read nor write.
HEIC = base64.b64decode("""
AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAXZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAA
AAABmgABAAAAAAAAAc4AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA9mlwcnAAAADWaXBjbwAAAHFodmNDAQQIAAAA
n/gAAAAAHvAA/Pz4+AAADwNgAAEAF0ABDAH//wQIAAADAJ/4AAADAAAeugJAYQABACZCAQEECAAAAwCf+AAAAwAAHsBcgQWW6uSmubAgAAADAyAAAAMAIWIAAQAG
RAHBc8GJAAAAE2NvbHJuY2x4AAEADQAGgAAAABRpc3BlAAAAAAAAALgAAABAAAAAKGNsYXAAAAC3AAAAAQAAADkAAAAB/////wAAAAL////5AAAAAgAAAA5waXhp
AAAAAAEIAAAAGGlwbWEAAAAAAAAAAQABBYECAwWEAAAB1m1kYXQAAAHKKAGuCChOjtseDum8dgj/+tgYT3On8W6uCWk6XBhFsRkO6GGwDSj+sjI1PGgjmUIs3/7y
z8B001dtBr7SoewmYajXdRG5BH+HReoF3ANuN+x/WVztuc1gOrdH90yOt3wSctae5QqzziuLTV9TNq8wYgayXLzug/+eG2brZDOpPyZM1pDFroc8avCNs+FvCqew
7iMze1BmWe/dg01x7P0tJ49A6CHwYiFdfBg0tWnG00Dy+x5oOxdV7I8q2G6PwKa1v5dz4hX+TwPL98SouHHMurT8zjgwAKBjOWT/BOtGXcpWVcUhAHdXNbXwG7F7
aBgpmy3HmwyeBqjyPNolSXSqj37badCirHF3RW9TcVnWaA25+bAkkZAVv1FKOjOksTALusuaOj2F03vGNbi0UPCPx23RvrQdRe4TI8HBf7o4T3x7Y4sfGkQSoOaf
TjnvdG1rHWQlImf7N1bHM+08kTf++6xu37KePRU6RcZSZOavRCAX3ytW7a1f/NWCVlhetKAcRp7+qb5RS05g+n3DHhh93Pv8gCL7nvFpYQj6QmmYo/TAPOjB8lDN
ifNi8NJh/lJ7vUzvmy2xbTZQnjs85Bof+KFUQiCFSdYADQg=
""")


def drawn(lines: Sequence[str], size: int = 28, ground: str = "white", ink: str = "black") -> Image.Image:
    """A picture of lines of text; small type is drawn as a scanner would see it."""
    fine = 4
    font = _font(size * fine)
    width = max(int(font.getlength(line)) for line in lines) + 4 * size * fine
    picture = Image.new("RGB", (width, int((2 + 1.6 * len(lines)) * size * fine)), ground)
    pen = ImageDraw.Draw(picture)
    for at, line in enumerate(lines):
        pen.text((2 * size * fine, int((1 + 1.6 * at) * size * fine)), line, font=font, fill=ink)
    return picture.resize((picture.width // fine, picture.height // fine), Image.Resampling.LANCZOS)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)
