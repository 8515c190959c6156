"""Takes the manual's pictures of pages again: ``python tests/screenshots.py``. Look at them before you commit them.

Needs Chromium, Playwright and Pillow, which Matplotlib brings. The page of ``treat`` trains, for some seconds.
"""

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "src" / "mlpdoctor" / "docs"
POINTS = "fixtures/three-points/model.keras fixtures/three-points/data.csv"
PICTURES = {
    "page-three-points": (f"check {POINTS}", "light", 690),
    "page-dead-units": ("check fixtures/four-relu-sine/model.keras fixtures/four-relu-sine/data.csv.gz", "dark", 760),
    "page-two-features": (
        "check fixtures/healthy-activation-layers/model.keras fixtures/healthy-activation-layers/data.csv",
        "light",
        600,
    ),
    "page-treat": (f"treat {POINTS} --budget 2000epochs", "light", 830),
}
"""Name of the picture, the command whose page it shows, the scheme, and how many pixels from the top."""
WIDTH = 1040
COLOURS = 256
"""Enough for flat colours and their edges, and a third of the bytes."""


def taken(browser: Browser, page: Path, scheme: str, height: int) -> Image.Image:
    """The top of a page."""
    view = browser.new_page(viewport={"width": WIDTH, "height": height})
    view.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    view.goto(page.as_uri())
    image = Image.open(io.BytesIO(view.screenshot()))
    view.close()
    return image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def main() -> None:
    """Write all of them."""
    found = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for name, (command, scheme, height) in PICTURES.items():
            page = Path(folder, f"{name}.html")
            words = [word.replace("2000epochs", "2000 epochs") for word in command.split()]
            subprocess.run([sys.executable, "-m", "mlpdoctor", *words, "-q", "-o", str(page)], cwd=ROOT, check=False)
            taken(browser, page, scheme, height).save(FOLDER / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
