# A throw-away Postgres and NATS for one run of ./dev test or ./dev bench. Sourced by ./dev.
#
# Both listen on free ports of 127.0.0.1, keep their files in a private folder, and are stopped
# by their process ids when ./dev ends, as are the systems that journeys share.

servers_dir=
postgres_running=
nats_pid=

# as_server COMMAND... : runs it as an unprivileged user when ./dev runs as root, which Postgres refuses.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        unprivileged "$@"
    else
        "$@"
    fi
}

random_port() { echo $((15000 + (RANDOM * 32768 + RANDOM) % 16000)); }

# start_postgres FSYNC : sets postgres_url.
start_postgres() {
    local data=$servers_dir/postgres port try settings
    [ "$(id -u)" != 0 ] || have setpriv || die "setpriv (util-linux) is missing: as root it runs Postgres as another user."
    as_server "$DIVINETIME_POSTGRES_BIN/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync \
        >"$servers_dir/initdb.log" 2>&1 || { cat "$servers_dir/initdb.log" >&2; die "initdb failed."; }
    settings="-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=$1 -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=4GB"
    [ "$1" = on ] || settings="$settings -c full_page_writes=off"
    for try in 1 2 3 4 5; do
        port=$(random_port)
        if as_server "$DIVINETIME_POSTGRES_BIN/pg_ctl" start -w -t 60 -s -D "$data" -l "$servers_dir/postgres.log" -o "$settings -p $port" >/dev/null 2>&1 </dev/null; then
            postgres_running=yes
            postgres_url=postgres://postgres@127.0.0.1:$port/postgres
            return
        fi
    done
    tail -n 20 "$servers_dir/postgres.log" >&2
    die "Postgres did not start; its log is above."
}

# start_nats : sets nats_url.
start_nats() {
    local port try waited
    for try in 1 2 3 4 5; do
        port=$(random_port)
        "$DIVINETIME_NATS_SERVER" --addr 127.0.0.1 --port "$port" --jetstream --store_dir "$servers_dir/nats" \
            --log "$servers_dir/nats.log" </dev/null >/dev/null 2>&1 &
        nats_pid=$!
        for waited in $(seq 100); do
            if grep -q 'Server is ready' "$servers_dir/nats.log" 2>/dev/null; then
                nats_url=nats://127.0.0.1:$port
                return
            fi
            kill -0 "$nats_pid" 2>/dev/null || break
            sleep 0.05
        done
        kill "$nats_pid" 2>/dev/null || true
        rm -f "$servers_dir/nats.log"
    done
    nats_pid=
    die "nats-server did not start."
}

# folder_for FSYNC : where the private folder is made. What need not survive is kept in memory where
# there is room: tests create and drop hundreds of databases, which are files.
folder_for() {
    local memory=/dev/shm free
    if [ "$1" = off ] && [ -z "${TMPDIR:-}" ] && [ -w "$memory" ]; then
        free=$(df --output=avail "$memory" 2>/dev/null | tail -n 1)
        case $(findmnt --noheadings --output OPTIONS "$memory" 2>/dev/null || echo noexec) in
            *noexec*) ;;
            *) [ "${free:-0}" -lt 8000000 ] || { echo "$memory"; return; } ;;
        esac
    fi
    echo "${TMPDIR:-/tmp}"
}

# start_servers FSYNC : both, stopped when ./dev ends, also by a failure or a signal.
start_servers() {
    need_postgres
    need_nats
    servers_dir=$(mktemp -d "$(folder_for "$1")/divinetime-servers.XXXXXX")
    trap stop_servers EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [ "$(id -u)" = 0 ]; then
        chown nobody "$servers_dir"
        chmod 755 "$servers_dir"
    fi
    mkdir "$servers_dir/systems" "$servers_dir/tmp"
    chmod 1777 "$servers_dir/tmp"
    start_postgres "$1"
    start_nats
    say "Postgres $(postgres_major "$DIVINETIME_POSTGRES_BIN") and NATS started for this run in $servers_dir"
}

# stop_systems : what journeys have left running for each other.
stop_systems() {
    local file pid waited
    for file in "$servers_dir"/systems/*/pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        kill -CONT "$pid" 2>/dev/null || continue
        kill -TERM "$pid" 2>/dev/null || continue
        for waited in $(seq 200); do
            kill -0 "$pid" 2>/dev/null || continue 2
            sleep 0.1
        done
        say "the system in ${file%/pid} does not stop: process $pid is left behind"
    done
}

stop_servers() {
    local status=$?
    trap - EXIT INT TERM
    stop_systems
    if [ -n "$nats_pid" ]; then
        kill "$nats_pid" 2>/dev/null || true
        wait "$nats_pid" 2>/dev/null || true
    fi
    if [ -n "$postgres_running" ]; then
        as_server "$DIVINETIME_POSTGRES_BIN/pg_ctl" stop -s -m immediate -D "$servers_dir/postgres" >/dev/null 2>&1 || true
    fi
    if [ -n "$servers_dir" ]; then
        rm -rf "$servers_dir"
    fi
    exit "$status"
}
