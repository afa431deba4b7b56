"""The wheel in an environment of its own, with the dependencies it asks for and no others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.network
@pytest.mark.timeout(600)
def test_pipx_installs_a_command_that_works(tmp_path: Path) -> None:
    pipx = shutil.which("pipx")
    if pipx is None:
        pytest.skip("pipx is not installed")
    outside = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    places = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}

    def run(*command: str | Path) -> str:
        told = subprocess.run(
            command, cwd=tmp_path, env=outside | places, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist")
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    run(pipx, "install", "--python", sys.executable, wheel)
    command = tmp_path / "bin" / "hedgewatch"
    assert run(command, "--version").startswith("hedgewatch ")
    run(command, "init", "--yes", "--untested", "--rpc", "http://127.0.0.1:9", "--nft", "1")
    assert "alvh" in run(command, "rules", "check")
    assert "deepest drawdown" in run(
        command, "timetravel", "--from", "2025-04-01", "--to", "2025-04-08", "--rules", "alvh"
    )
