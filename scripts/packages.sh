# Which Debian packages are needed for what, and installing those that are missing. Sourced by the other scripts.
# shellcheck shell=bash disable=SC2034

BUILD_PACKAGES=(gcc cmake ninja-build pkg-config libmicrohttpd-dev libjansson-dev libsqlite3-dev liblz4-dev libcurl4-openssl-dev uuid-dev libpcre2-dev uthash-dev)
TEST_PACKAGES=(libcmocka-dev python3 python3-boto3 python3-pytest awscli clang-format cppcheck shellcheck zsh binutils debootstrap iproute2)

# Packages of commands that others than Debian may have brought (one a line): Debian's are only for who lacks the command, since
# installing them beside the others could remove those.
test_command_packages() {
  command -v node >/dev/null && command -v npm >/dev/null || printf '%s\n' nodejs npm
  command -v dockerd >/dev/null || printf '%s\n' docker.io iptables
  command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || printf '%s\n' docker-compose
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  echo "${missing[*]}"
}

# install_missing WHY PACKAGE…: installs what is not there, saying what and why.
install_missing() {
  local why=$1 missing sudo=()
  shift
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  echo "installing Debian packages $why: $missing"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo: please install them yourself: $missing" >&2; exit 1; }
    sudo=(sudo)
  fi
  local log
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { "${sudo[@]}" apt-get update -qq && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install: $missing" >&2
    exit 1
  fi
  rm -f "$log"
}

# configure_and_build PRESET TARGET [cmake options…]
configure_and_build() {
  local preset=$1 target=$2 generator=() log
  shift 2
  if [ ! -f "build/$preset/CMakeCache.txt" ] && command -v ninja >/dev/null; then
    generator=(-G Ninja)
  fi
  log=$(mktemp)
  cmake --preset "$preset" "${generator[@]}" "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
  cmake --build "build/$preset" --target "$target" -j "$(nproc)"
}
