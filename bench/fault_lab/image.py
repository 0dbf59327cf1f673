# SPDX-License-Identifier: MIT
# The root that the lab boots: Debian with the roles' packages, set up once, kept under build/fault_lab by content.
import hashlib
import pathlib
import shutil
import subprocess

from container import CannotBoot, Container

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
CACHE = REPOSITORY / "build/fault_lab"
PACKAGES = (
    "systemd,systemd-sysv,dbus,rsyslog,logrotate,sqlite3,tzdata,cron,sudo,openssh-server,openssh-client,sshpass,"
    "nginx-light,postgresql,python3-minimal,python3-psycopg2,perl,curl,procps,iproute2,netbase,passwd,openssl,"
    # what alogd links
    "libarchive13,libdate-tz3,libfmt9,libre2-9,libspdlog1.10,libsqlite3-0,libsystemd0,libxxhash0,libyaml-cpp0.7,"
    "libgcrypt20,libcap2")


def apt_sources():
    """Package sources of this machine that Debian signed."""
    found = [pathlib.Path("/etc/apt/sources.list")]
    for kind in ("list", "sources"):
        found += sorted(pathlib.Path("/etc/apt/sources.list.d").glob(f"*.{kind}"))
    return [str(f) for f in found if f.exists() and "debian" in f.read_text()]


def digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def guest_files():
    return sorted((HERE / "guest").iterdir())


def base():
    tar = CACHE / f"base-{digest(PACKAGES)}.tar"
    if not tar.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        print("making a Debian 12 root with the roles' packages (once) ...", flush=True)
        new = tar.with_suffix(".new")
        made = subprocess.run(["mmdebstrap", "--quiet", "--format=tar", "--variant=minbase", f"--include={PACKAGES}",
                               "bookworm", str(new), *apt_sources()], stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise CannotBoot("no Debian 12 root could be made from this machine's package sources")
        new.rename(tar)
    return tar


def root():
    """The directory of the image; made when the packages or the guest's files changed."""
    tar = base()
    key = digest(PACKAGES, *(f.read_text() for f in guest_files()))
    image = CACHE / f"image-{key}"
    if image.exists():
        return image
    for old in CACHE.glob("image-*"):
        shutil.rmtree(old)
    for old in CACHE.glob("scenes-*"):
        old.unlink()
    print("setting up the roles (once) ...", flush=True)
    plain = CACHE / "plain"
    shutil.rmtree(plain, ignore_errors=True)
    plain.mkdir()
    subprocess.run(["tar", "-C", str(plain), "-xf", str(tar)], check=True)
    container = Container(CACHE / "setup", plain)
    try:
        container.mount()
        lab = container.path("/root/lab")
        lab.mkdir()
        for file in guest_files():
            shutil.copy(file, lab)
            (lab / file.name).chmod(0o755)
        container.boot()
        container.run("/root/lab/setup.sh", timeout=120)
        container.run("systemctl stop rsyslog.service syslog.socket nginx postgresql orderd meterd ssh cron || true;"
                      "rm -f /var/log/syslog /var/log/*.log /var/log/nginx/* /var/log/postgresql/*; rm -rf /var/log/journal")
        container.stop()
        subprocess.run(["cp", "-a", f"{container.root}/.", str(image) + ".new"], check=True)
        pathlib.Path(str(image) + ".new").rename(image)
    finally:
        container.remove()
        shutil.rmtree(plain, ignore_errors=True)
    return image
