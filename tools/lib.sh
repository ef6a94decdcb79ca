# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# lib.sh: what check, quickstart and coverage share.  Sourced by a script in tools/, which has
# put the checkout's folder into $root.

LC_ALL=C.UTF-8
export LC_ALL
unset CFLAGS CPPFLAGS LDFLAGS DESTDIR

# $PFNSIM_BUILD with its full path; empty if the folders of the checkout are to be used.
case ${PFNSIM_BUILD-} in
""|/*)	build_root=${PFNSIM_BUILD-} ;;
*)	build_root=$PWD/$PFNSIM_BUILD ;;
esac

# Debian packages, by what they are needed for.
build_packages="gcc libc6-dev meson ninja-build pkg-config re2c bison"
build_packages="$build_packages libyajl-dev libzstd-dev libstb-dev"
test_packages="libcmocka-dev libunwind-dev zstd"
# libtracecmd.pc requires libtracefs, and its package does not depend on it.
test_packages="$test_packages libtracecmd-dev libtracefs-dev libtraceevent-dev"
clang_packages="clang libclang-rt-dev"
coverage_packages="lcov"
# Without them a test is skipped.
wanted_packages="make spin python3-jsonschema zsh scdoc man-db"

say() {
	printf '%s\n' "$*"
}

# Is what PACKAGE brings there, whoever brought it?
have() {
	case $1 in
	libc6-dev)	echo '#include <stdio.h>' | gcc -E - ;;
	libcmocka-dev)	pkg-config --exists cmocka ;;
	libtracecmd-dev) pkg-config --exists libtracecmd ;;
	libtracefs-dev)	pkg-config --exists libtracefs ;;
	libtraceevent-dev) pkg-config --exists libtraceevent ;;
	libstb-dev)	pkg-config --exists stb ;;
	libunwind-dev)	pkg-config --exists libunwind ;;
	libyajl-dev)	pkg-config --exists yajl ;;
	libzstd-dev)	pkg-config --exists libzstd ;;
	libclang-rt-dev) test -e "$(clang -print-runtime-dir)" ||
			test -e "$(clang -print-resource-dir)/lib/linux" ;;
	man-db)		command -v man ;;
	ninja-build)	command -v ninja ;;
	python3-jsonschema) python3 -c 'import jsonschema' ;;
	*)		command -v "$1" ;;
	esac </dev/null >/dev/null 2>&1
}

missing_of() {
	for package in "$@"; do
		have "$package" || printf '%s ' "$package"
	done
}

# What to put before apt-get so that it may install; fails if nothing helps.
as_root() {
	command -v apt-get >/dev/null || return 1
	test "$(id -u)" -eq 0 && return 0
	sudo -n true 2>/dev/null && echo "sudo -n"
}

# need PACKAGES...: install those that are missing, or say which and exit 2.
need() {
	missing=$(missing_of "$@")
	test -n "$missing" || return 0
	missing=${missing% }

	if sudo=$(as_root); then
		say "installing: $missing"
		# A source that cannot be reached is no reason to stop: the next line decides.
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update \
			</dev/null >/dev/null 2>&1 || true
		# shellcheck disable=SC2086
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			--no-install-recommends install $missing \
			</dev/null >"$log" 2>&1 || tail -n 20 "$log"
		missing=$(missing_of "$@")
		test -n "$missing" || return 0
		missing=${missing% }
	fi

	say "These packages are missing, and could not be installed from here:"
	for package in $missing; do
		say "  $package"
	done
	say "On Debian:  apt-get update && apt-get install $missing"
	exit 2
}

# want PACKAGES...: the same of what can be done without.
want() {
	(need "$@") || say "going on without them"
}

# quietly COMMAND...: run it; show what it printed only if it fails.
quietly() {
	"$@" </dev/null >"$log" 2>&1 && return 0
	cat "$log"
	say "failed: $*"
	return 1
}

# configure FOLDER MESON-OPTIONS...: set the build folder up, anew if it was made otherwise.
configure() {
	folder=$1
	shift
	made="$root $(meson --version) $CC $*"
	if test -e "$folder/build.ninja"; then
		test "$made" = "$(cat "$folder/made-by" 2>/dev/null)" && return 0
		quietly meson setup --wipe "$@" "$folder" "$root" || return 1
	else
		quietly meson setup "$@" "$folder" "$root" || return 1
	fi
	echo "$made" >"$folder/made-by"
}

build() {
	quietly ninja --quiet -k 0 -C "$1"
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
