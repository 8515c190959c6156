"""What users install: a source archive and a wheel that build, hold everything, and answer in an empty environment."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from paths import FIXTURES, ROOT, SOURCE

import mlpdoctor

pytestmark = pytest.mark.slow  # builds and installs

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FIRST_COMMAND = re.compile(r"^\$ .*\.venv/bin/mlpdoctor (.*)$", re.MULTILINE)
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
NOT_SHIPPED = ("README.md",)
"""The map of the rooms is for readers of the source."""


@dataclass(frozen=True)
class Package:
    """What was built, and the environment into which it was installed."""

    sdist: Path
    wheel: Path
    environment: Path

    def names(self) -> set[str]:
        """What the wheel holds."""
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def metadata(self) -> Message:
        """What an installer reads."""
        with zipfile.ZipFile(self.wheel) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return message_from_string(archive.read(name).decode())

    def run(self, program: str, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Start a program of the environment, with nothing of the checkout on its path."""
        command = [str(self.environment / "bin" / program), *words]
        return subprocess.run(command, cwd=folder, env=bare(), capture_output=True, text=True, check=False)


def bare() -> dict[str, str]:
    """The process's variables without those that lead Python elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def called(*words: str | Path, folder: Path, path: Path | None = None) -> str:
    """What a command prints; it must succeed."""
    variables = bare() if path is None else {**bare(), "PYTHONPATH": str(path)}
    done = subprocess.run([*map(str, words)], cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Build as installers do: the backend that pyproject names, the archive first, the wheel from the archive alone."""
    folder = tmp_path_factory.mktemp("package")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    checkout, backend, dist = folder / "checkout", folder / "backend", folder / "dist"
    checkout.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    called(*pip, "install", "--target", backend, *PROJECT["build-system"]["requires"], folder=folder)
    called(sys.executable, "-c", BUILD, "build_sdist", dist, folder=checkout, path=backend)
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    called(sys.executable, "-c", BUILD, "build_wheel", dist, folder=unpacked, path=backend)
    (wheel,) = dist.glob("*.whl")

    environment = folder / "environment"
    called(sys.executable, "-m", "venv", "--without-pip", environment, folder=folder)
    called(*pip, "--python", environment / "bin" / "python", "install", "--no-deps", wheel, folder=folder)
    # The dependencies come from the tests' own environment: a plain path, so that what is editable there stays out.
    (place,) = environment.glob("lib/python*/site-packages")
    (place / "dependencies.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")
    return Package(sdist, wheel, environment)


def test_the_wheel_holds_every_file_of_the_package(package: Package) -> None:
    files = {path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    wanted = {f"mlpdoctor/{file.as_posix()}" for file in files} - {f"mlpdoctor/{name}" for name in NOT_SHIPPED}
    assert {"mlpdoctor/py.typed", "mlpdoctor/report/json/schema.json"} <= wanted
    assert {name for name in package.names() if ".dist-info/" not in name} == wanted


def test_the_archive_holds_what_a_build_needs(package: Package) -> None:
    with tarfile.open(package.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "src/mlpdoctor/__init__.py"} <= names


def test_the_first_command_of_the_readme_answers_from_there(package: Package, tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "three-points", tmp_path / "fixtures" / "three-points")
    found = FIRST_COMMAND.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    done = package.run("mlpdoctor", *found[1].split(), folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "stuck at 0.005676" in done.stdout
    where = package.run("python", "-c", "import mlpdoctor; print(mlpdoctor.__file__)", folder=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(package.environment)


def test_package_data_is_read_from_there(package: Package, tmp_path: Path) -> None:
    done = package.run("mlpdoctor", "schema", folder=tmp_path)
    assert done.stdout.encode() == (SOURCE / "report" / "json" / "schema.json").read_bytes()


def test_the_version_is_that_of_the_package(package: Package, tmp_path: Path) -> None:
    assert package.metadata()["Version"] == mlpdoctor.__version__
    assert package.run("mlpdoctor", "--version", folder=tmp_path).stdout.split()[-1] == mlpdoctor.__version__


def test_the_wheel_asks_for_what_pyproject_names(package: Package) -> None:
    asked = [one for one in package.metadata().get_all("Requires-Dist", []) if "extra ==" not in one]
    assert sorted(asked) == sorted(PROJECT["project"]["dependencies"])


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["project"]["dynamic"]
    places = [path for path in SOURCE.rglob("*.py") if f'"{mlpdoctor.__version__}"' in path.read_text(encoding="utf-8")]
    assert places == [SOURCE / "__init__.py"]
    assert mlpdoctor.__version__ not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_help_does_not_look_the_version_up() -> None:
    """Reading it from the installed metadata would cost a third of the time that ``--help`` takes."""
    script = (
        "import sys; sys.argv = ['mlpdoctor', '--help']\n"
        "from mlpdoctor.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: sys.exit('importlib.metadata' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: mlpdoctor" in done.stdout
