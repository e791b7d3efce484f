#!/usr/bin/env bash
# A real TimescaleDB for tests, without Docker: Debian trixie's PostgreSQL 17 and TimescaleDB (Apache edition) in a folder
# of their own, so that the machine's packages stay as they are.
#
#   scripts/timescale_server.sh start   build the root once, start the server, print FACTORY_TEST_DATABASE_URL=…
#   scripts/timescale_server.sh url     print that line again; exit 1 when the server is down
#   scripts/timescale_server.sh stop    stop this server and no other, and forget its databases (the programs stay)
#
# Needs root (debootstrap and chroot do) and a network to a Debian mirror the first time. Everything lives in
# FACTORY_TIMESCALE_DIR (default: $XDG_CACHE_HOME/factory-timescale); FACTORY_DEBIAN_MIRROR names another mirror.
# Durability is off: never keep anything here.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}"

cache="${FACTORY_TIMESCALE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/factory-timescale}"
mirror="${FACTORY_DEBIAN_MIRROR:-http://deb.debian.org/debian}"
root="$cache/root"
home_inside="/var/lib/factory"
data_inside="$home_inside/data"
data="$root$data_inside"
bin_inside="/usr/lib/postgresql/17/bin"
log="$cache/server.log"

say() { printf '%s\n' "timescale: $*" >&2; }
die() { say "$*"; exit 1; }

# The process id of our postmaster, or nothing. A pid file can outlive its process and the number can be reused,
# therefore the process must also be rooted in our folder.
server_pid() {
    local pid
    pid="$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" || return 1
    [[ "$pid" =~ ^[0-9]+$ && "/proc/$pid/root/.complete" -ef "$root/.complete" ]] || return 1
    printf '%s\n' "$pid"
}

print_url() { printf 'FACTORY_TEST_DATABASE_URL=postgresql://postgres:%s@127.0.0.1:%s/postgres\n' "$(<"$cache/password")" "$(<"$cache/port")"; }

# Runs a command in a mount namespace of its own: what it mounts ends with its last process, whatever happens. Where the
# root itself is no mount (a chroot), the kernel cannot make mounts private; they then end with the surroundings.
with_own_mounts() {
    if unshare --mount true 2>/dev/null; then unshare --mount "$@"; else unshare --mount --propagation unchanged "$@"; fi
}

build_root() {
    [[ -f "$root/.complete" ]] && return
    command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
    # What an interrupted build left behind holds mounts of its own: never delete through one.
    if grep -qF " $cache/root.building/" /proc/mounts; then
        awk -v p="$cache/root.building/" 'index($2, p) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
    fi
    rm -rf --one-file-system "$cache/root.building" "$root"
    say "building the server's root from $mirror (once, about two minutes)"
    debootstrap --variant=minbase --include=postgresql-common trixie "$cache/root.building" "$mirror" >"$cache/build.log" 2>&1 \
        || { tail -n 20 "$cache/build.log" >&2; die "debootstrap failed; the whole log: $cache/build.log"; }
    # Only the programs are wanted: no cluster of Debian's, no service started on the host's behalf.
    printf 'create_main_cluster = false\n' >"$cache/root.building/etc/postgresql-common/createcluster.conf"
    printf '#!/bin/sh\nexit 101\n' >"$cache/root.building/usr/sbin/policy-rc.d"
    chmod 755 "$cache/root.building/usr/sbin/policy-rc.d"
    DEBIAN_FRONTEND=noninteractive with_own_mounts bash -euc '
        mount -t proc proc "$1/proc"
        cp /etc/resolv.conf "$1/etc/resolv.conf"
        for setting in /etc/apt/apt.conf.d/*proxy*; do [[ ! -f "$setting" ]] || cp "$setting" "$1/etc/apt/apt.conf.d/"; done
        chroot "$1" apt-get update
        chroot "$1" apt-get install -y --no-install-recommends postgresql-17 postgresql-17-timescaledb
        chroot "$1" apt-get clean' _ "$cache/root.building" >>"$cache/build.log" 2>&1 \
        || { tail -n 20 "$cache/build.log" >&2; die "installing PostgreSQL failed; the whole log: $cache/build.log"; }
    mv "$cache/root.building" "$root"
    touch "$root/.complete"
}

# Run a program inside the root as its postgres user, with /proc and /dev/shm mounted for it and its children alone.
inside() {
    with_own_mounts bash -euc '
        root="$1"; shift
        mount -t proc proc "$root/proc"
        mount --bind /dev/shm "$root/dev/shm"
        exec chroot "$root" su postgres -s /bin/sh -c "$*"' _ "$root" "$@"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

create_cluster() {
    [[ -f "$data/PG_VERSION" ]] && return
    chroot "$root" install -d -o postgres -g postgres -m 700 "$home_inside" "$data_inside"
    (umask 077; head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$cache/password")
    install -m 600 "$cache/password" "$root$home_inside/password"
    chroot "$root" chown postgres: "$home_inside/password"
    inside "$bin_inside/initdb --pgdata=$data_inside --username=postgres --pwfile=$home_inside/password" \
        "--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync" >"$log" 2>&1 || { cat "$log" >&2; rm -rf "$data"; die "initdb failed"; }
    rm -f "$root$home_inside/password"
    # Timescale's schedulers hold a connection to every database that has the extension, and CREATE DATABASE … TEMPLATE
    # refuses a template in use. Tests call jobs by hand, so that no worker is ever wanted.
    cat >>"$data/postgresql.conf" <<'CONF'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = 'timescaledb'
timescaledb.max_background_workers = 0
timescaledb.telemetry_level = off
max_connections = 200
shared_buffers = 128MB
max_locks_per_transaction = 256
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum_naptime = 5min
CONF
}

start() {
    build_root
    create_cluster
    if server_pid >/dev/null; then
        say "already running"
    else
        rm -f "$data/postmaster.pid"
        free_port >"$cache/port"
        inside "$bin_inside/pg_ctl start --pgdata=$data_inside --wait --timeout=60 --silent" \
            "--options='-p $(<"$cache/port")' --log=$home_inside/server.log" </dev/null >"$log" 2>&1 \
            || { cat "$log" >&2; tail -n 20 "$root$home_inside/server.log" >&2; die "the server did not start"; }
    fi
    print_url
}

stop() {
    local pid
    if ! pid="$(server_pid)"; then say "not running"; return; fi
    kill -INT "$pid" # fast shutdown: sessions end first
    for _ in $(seq 300); do
        [[ -d "/proc/$pid" ]] || { rm -rf "$root$home_inside"; say "stopped"; return; }
        sleep 0.1
    done
    die "process $pid did not stop within 30 s"
}

[[ "$(id -u)" == 0 ]] || die "needs root, for debootstrap and chroot"
mkdir -p "$cache"
case "${1:-}" in
    start | stop)
        exec 9>"$cache/lock" # two calls at once wait for each other; the server itself must not inherit the lock
        flock 9
        "$1" 9>&-
        ;;
    url) server_pid >/dev/null || die "not running"; print_url ;;
    *) die "usage: $0 start|stop|url" ;;
esac
