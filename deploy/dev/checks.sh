# The single checks of ./dev check. Sourced by ./dev.

failed=()

# check NAME COMMAND... : runs it, shows its output only when it fails, and goes on.
check() {
    local name=$1 log started=$SECONDS
    shift
    log=$(mktemp "${TMPDIR:-/tmp}/divinetime-check.XXXXXX")
    if "$@" >"$log" 2>&1; then
        printf 'ok      %s (%ss)\n' "$name" "$((SECONDS - started))"
        grep '^note: ' "$log" | sed 's/^/        /' || true
    else
        cat "$log"
        printf 'FAILED  %s (%ss)\n' "$name" "$((SECONDS - started))"
        failed+=("$name")
    fi
    rm -f "$log"
}

skip() { printf 'skipped %s: %s\n' "$1" "$2"; }

check_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items; }

# The contract as it was before: what a changed working copy is compared with is
# the last commit; a clean one is compared with the commit before the last change.
earlier_contract() {
    git -C "$root" rev-parse --quiet --verify HEAD >/dev/null 2>&1 || return 1
    if [ -n "$(git -C "$root" status --porcelain -- proto)" ]; then
        git -C "$root" cat-file -e HEAD:proto/buf.yaml 2>/dev/null && echo HEAD
        return
    fi
    local last
    last=$(git -C "$root" log -1 --format=%H -- proto)
    [ -n "$last" ] && git -C "$root" cat-file -e "$last^:proto/buf.yaml" 2>/dev/null && echo "$last^"
}

# A break that is meant is declared in the message of the commit that makes it:
# "Contract-Break: why". Then the findings are shown and the check goes on.
declared_break() {
    [ "$1" != HEAD ] && git -C "$root" log -1 --format='%(trailers:key=Contract-Break,valueonly)' -- proto | grep .
}

check_breaking() {
    local earlier=$1 work status=0 reason
    work=$(mktemp -d "${TMPDIR:-/tmp}/divinetime-contract.XXXXXX")
    git -C "$root" archive "$earlier" proto | tar -x -C "$work" &&
        (cd "$root/proto" && "$buf" breaking --against "$work/proto") || status=$?
    rm -rf "$work"
    if [ "$status" != 0 ] && reason=$(declared_break "$earlier"); then
        echo "note: breaks the earlier contract, as the commit declares: $reason"
        return 0
    fi
    return "$status"
}

check_contract() {
    if ! need_buf; then
        skip "buf lint, buf breaking" "npm is not installed, and buf comes from it"
        return
    fi
    check "buf lint" sh -c "cd '$root/proto' && '$buf' lint"
    local earlier
    if earlier=$(earlier_contract) && [ -n "$earlier" ]; then
        check "buf breaking (against $(git -C "$root" rev-parse --short "$earlier"))" check_breaking "$earlier"
    else
        skip "buf breaking" "this clone has no earlier version of proto/"
    fi
}

check_deploy() {
    if ! need_deploy_linters; then
        skip "hadolint, check-jsonschema" "python3 cannot make a venv here"
        return
    fi
    check "hadolint deploy/Dockerfile" "$linters/hadolint" "$root/deploy/Dockerfile"
    check "docker-compose.yml against its schema" "$linters/check-jsonschema" --builtin-schema vendor.compose-spec "$root/docker-compose.yml"
}

check_dependencies() {
    if cargo deny --version >/dev/null 2>&1; then
        check "cargo deny (bans, licences, sources)" cargo deny --offline check bans licenses sources
    else
        skip "cargo deny" "it is not installed ('cargo install --locked cargo-deny' brings it)"
    fi
}

check_shell() {
    local script
    for script in dev .ci/run deploy/compose-env deploy/dev/*.sh; do
        bash -n "$script" || return 1
    done
}

run_checks() {
    check "shell scripts" check_shell
    check "cargo fmt" cargo fmt --all --check
    check_contract
    check_deploy
    check_dependencies
    check "cargo clippy" cargo clippy --workspace --all-targets --quiet -- -D warnings
    check "cargo doc" check_docs
    if [ "${#failed[@]}" -gt 0 ]; then
        die "${#failed[@]} of the checks failed: $(printf '%s; ' "${failed[@]}")"
    fi
    say "all checks passed"
}
