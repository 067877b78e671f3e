#!/usr/bin/env bash
# Plays the quickstart's story on a new machine: a Debian 12 made by debootstrap that holds a Swift toolchain, git and
# nothing else. Needs root, debootstrap and 15 GB of disk; takes about 15 minutes.
#
#   bash Tests/chroot.sh            the demo from a fresh clone of HEAD, in a root made for it
#
# HEADGATE_CHROOT        where the root is made (default: a temporary folder, removed at the end)
# HEADGATE_CHROOT_BRING  further files and folders brought in at their own paths: package mirrors, pip's and git's configuration
#
# A root of a mount namespace of its own rather than chroot(2): the sandbox of the build steps needs to pivot.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
# It is brought in whole.
[ "$toolchain" != / ] || { echo "swift lies in /usr/bin: install the toolchain in a folder of its own" >&2; exit 1; }

if [ -z "${HEADGATE_CHROOT:-}" ]; then
  HEADGATE_CHROOT=$(mktemp -d "${TMPDIR:-/tmp}/headgate-chroot.XXXXXX")
  trap 'rm -rf "$HEADGATE_CHROOT" "$HEADGATE_CHROOT.log"' EXIT
else
  trap 'rm -f "$HEADGATE_CHROOT.log"' EXIT
fi
chroot=$HEADGATE_CHROOT
if [ ! -e "$chroot/etc/debian_version" ]; then
  # What the toolchain's own installation page asks for on Debian 12, and git.
  debootstrap --variant=minbase --include=ca-certificates,git,binutils,gcc,libc6-dev,libstdc++-12-dev,libcurl4-openssl-dev,\
libedit2,libncurses6,libxml2-dev,libz3-4,pkg-config,tzdata,zlib1g-dev,unzip bookworm "$chroot" >"$chroot.log" ||
    { tail -n 20 "$chroot.log" >&2; exit 1; }
fi
bring=("$toolchain")
read -r -a more <<<"${HEADGATE_CHROOT_BRING:-}"
for path in "${more[@]}"; do bring+=("$path"); done
rm -rf "$chroot/root/headgate"
git clone -q "$source" "$chroot/root/headgate"

# Everything below happens in namespaces of its own and goes with them.
unshare --mount --pid --fork --kill-child bash -s -- "$chroot" "$toolchain" "${bring[@]}" <<'INSIDE'
set -euo pipefail
chroot=$1 toolchain=$2
shift 2
mount --make-rprivate /
mount --bind "$chroot" "$chroot"
mount -t proc proc "$chroot/proc"
mount --rbind /dev "$chroot/dev"
mount --rbind /sys "$chroot/sys"
cp -L /etc/resolv.conf "$chroot/etc/resolv.conf"
cp -L /etc/hosts "$chroot/etc/hosts"
for path in "$@"; do
  if [ -d "$path" ]; then mkdir -p "$chroot$path"; else mkdir -p "$(dirname "$chroot$path")" && touch "$chroot$path"; fi
  mount --bind -o ro "$path" "$chroot$path"
done
cd "$chroot"
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
env -i HOME=/root LANG=C.UTF-8 PATH="$toolchain/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  bash /root/headgate/examples/quickstart.sh --demo
INSIDE
